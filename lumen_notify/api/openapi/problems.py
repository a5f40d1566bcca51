"""Problems: the code of each problem, its status and its meaning, as in `docs/api/service.md`."""

from __future__ import annotations

from lumen_notify.api.openapi.schema import TEXT, JsonSchema, described, object_schema, ref

MEDIA_TYPE = "application/problem+json"

PROBLEMS: dict[str, tuple[int, str]] = {
    "bad_request": (
        400,
        "The request is not valid HTTP, or can be read in two ways. The connection ends after the response.",
    ),
    "token_missing": (401, "The request has no token, ticket or cookie."),
    "token_invalid": (
        401,
        "The token, ticket or cookie is malformed, forged, or issued for another service.",
    ),
    "token_expired": (401, "The token, ticket or cookie has expired. Get a new one."),
    "token_revoked": (
        401,
        "The token, ticket or cookie is from before a log-out everywhere or a new password. Log in again.",
    ),
    "wrong_credentials": (401, "The username or the password is wrong."),
    "session_ended": (401, "The refresh token is invalid, or its session has ended. Log in again."),
    "forbidden": (403, "The token lacks the scope that `detail` names."),
    "origin_not_allowed": (
        403,
        "A page of an origin that `LUMEN_CORS_ORIGINS` does not list has sent a request without a token.",
    ),
    "not_a_member": (403, "The request is only for members of the room. Join it first."),
    "role_too_low": (403, "The caller's role in the room does not allow the request."),
    "muted": (403, "The caller can read in this room, but not post."),
    "banned": (403, "The user is banned from the room."),
    "blocked": (403, "The other user has blocked the caller."),
    "not_found": (404, "The resource does not exist or the caller cannot see it, or the path is unknown."),
    "method_not_allowed": (
        405,
        "The path does not support this method. `Allow` lists the methods that it supports.",
    ),
    "request_timeout": (408, "The request did not arrive completely within 20 seconds."),
    "username_taken": (409, "Another account has this username."),
    "idempotency_key_reused": (409, "The same `Idempotency-Key` was used with a different body."),
    "room_taken": (409, "A room with this id already exists."),
    "too_many_categories": (
        409,
        "Without the scope `notify:publish`, notifications to one user or room have at most 100 categories.",
    ),
    "too_many_rooms": (409, "A user is in `LUMEN_MAX_ROOMS_PER_USER` rooms already."),
    "room_is_direct": (409, "The members of a direct room cannot be changed."),
    "last_owner": (409, "A room needs an owner. Make another member owner first."),
    "too_large": (413, "The body is longer than `LUMEN_MAX_BODY_BYTES`."),
    "encoding_unsupported": (415, "The body has a `Content-Encoding`. Send it without one."),
    "invalid": (422, "The request is invalid. `errors` lists each field and its problem."),
    "rate_limited": (
        429,
        "More than a limit allows; `limit` names it. `Retry-After` gives the time to wait.",
    ),
    "head_too_large": (431, "The request line and the headers have more than 32 KiB."),
    "internal": (500, "An internal error. The server has logged the details."),
    "not_implemented": (
        501,
        "The server does not support `CONNECT`, or a `Transfer-Encoding` other than `chunked`.",
    ),
    "database_unavailable": (503, "The database does not respond. Nothing was written."),
    "database_busy": (503, "Another process has locked the database for 10 seconds. Nothing was written."),
    "commit_unknown": (
        503,
        (
            "The database connection failed during the commit, so the outcome is unknown. Retry with the "
            "same `Idempotency-Key`."
        ),
    ),
    "not_ready": (503, "The process cannot serve requests at the moment. `detail` says why."),
    "keys_unavailable": (503, "The server with the token keys does not respond."),
    "overloaded": (503, "Too many writes or password checks are waiting already."),
    "draining": (
        503,
        "The server is shutting down. Nothing was written; another instance can serve the request.",
    ),
    "version_not_supported": (505, "The request is not HTTP/1.0 or HTTP/1.1."),
}

ALWAYS = ("bad_request", "internal")
"""Problem codes of every operation."""

HEADERS: dict[int, tuple[str, str]] = {
    401: ("WWW-Authenticate", "`Bearer`."),
    415: ("Accept-Encoding", "`identity`."),
    429: ("Retry-After", "Seconds to wait before the next attempt."),
    503: ("Retry-After", "Seconds to wait before the next attempt."),
}

SCHEMAS: dict[str, JsonSchema] = {
    "Fault": object_schema(
        "What is wrong with one field.",
        field=described(TEXT, "A dotted path, such as `to.users.3`, or the name of a parameter or header."),
        message=TEXT,
    ),
    "Problem": object_schema(
        "Why a request was refused (RFC 9457). Branch on `code`; the other fields are for humans.",
        ("errors", "limit"),
        type={"type": "string", "format": "uri", "description": "`urn:lumen-notify:` and the code."},
        title=TEXT,
        status={"type": "integer", "minimum": 400, "maximum": 599},
        code={
            "type": "string",
            "oneOf": [
                {"const": code, "description": f"{status}: {text}"}
                for code, (status, text) in PROBLEMS.items()
            ],
        },
        detail=TEXT,
        errors={"type": "array", "items": ref("Fault"), "description": "Only with the code `invalid`."},
        limit=described(TEXT, "The name of the limit. Only with the code `rate_limited`."),
    ),
}


def responses(codes: tuple[str, ...]) -> dict[str, JsonSchema]:
    """Describe the problems of one operation, by status."""
    by_status: dict[int, list[str]] = {}
    for code in (*codes, *ALWAYS):
        by_status.setdefault(PROBLEMS[code][0], []).append(code)
    return {str(status): _response(status, by_status[status]) for status in sorted(by_status)}


def _response(status: int, codes: list[str]) -> JsonSchema:
    response: dict[str, object] = {
        "description": "\n".join(f"`{code}`: {PROBLEMS[code][1]}" for code in codes),
        "content": {MEDIA_TYPE: {"schema": ref("Problem")}},
    }
    if status in HEADERS:
        name, description = HEADERS[status]
        response["headers"] = {name: {"description": description, "schema": {"type": "string"}}}
    return response
