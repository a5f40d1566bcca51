"""Problems: the code of each problem, its status, and its meaning."""

from __future__ import annotations

from lumen_notify.api.openapi.schema import TEXT, JsonSchema, described, object_schema, ref

MEDIA_TYPE = "application/problem+json"

PROBLEMS: dict[str, tuple[int, str]] = {
    "token_missing": (401, "The request has no token, ticket or cookie."),
    "token_invalid": (401, "The credentials are malformed, forged, or meant for another audience."),
    "token_expired": (401, "The credentials have expired: get new ones."),
    "wrong_credentials": (401, "The name or the password is wrong."),
    "session_ended": (401, "The refresh token is invalid or no longer valid: log in again."),
    "forbidden": (403, "The token lacks the scope that `detail` names."),
    "not_a_member": (403, "Only members of the room may do this: join it first."),
    "role_too_low": (403, "The caller's role in the room does not allow this."),
    "muted": (403, "The caller may read in this room, but not write."),
    "banned": (403, "The user is banned from the room."),
    "blocked": (403, "The other user has blocked the caller."),
    "not_found": (404, "It does not exist, or the caller may not see it."),
    "method_not_allowed": (405, "The path does not support this method: `Allow` lists those it does."),
    "name_taken": (409, "Another account has this name."),
    "idempotency_key_reused": (409, "The `Idempotency-Key` was used with another body."),
    "room_taken": (409, "A room with this id exists."),
    "too_many_rooms": (409, "A user is in `LUMEN_MAX_ROOMS_PER_USER` rooms already."),
    "room_is_direct": (409, "The members of a direct room cannot be changed."),
    "last_owner": (409, "A room needs an owner: assign the role to another member first."),
    "too_large": (413, "The body is longer than `LUMEN_MAX_BODY_BYTES`."),
    "invalid": (422, "Fields are invalid: `errors` lists each of them."),
    "rate_limited": (429, "Too many requests: `Retry-After` says when to try again."),
    "internal": (500, "An internal error, which has been logged."),
    "database_unavailable": (503, "The database does not respond; nothing was written."),
    "commit_unknown": (
        503,
        (
            "The connection to the database was lost during the commit: repeat the request with the same "
            "`Idempotency-Key`."
        ),
    ),
    "keys_unavailable": (503, "The server that has the keys of tokens does not respond."),
    "overloaded": (503, "Too many writes or password checks are waiting."),
    "draining": (503, "The server is shutting down."),
}

ALWAYS = ("internal",)
"""Codes of the problems of every operation."""

HEADERS: dict[int, tuple[str, str]] = {
    401: ("WWW-Authenticate", "`Bearer`."),
    429: ("Retry-After", "Seconds."),
    503: ("Retry-After", "Seconds."),
}

SCHEMAS: dict[str, JsonSchema] = {
    "Fault": object_schema(
        "A fault of one field.",
        field=described(TEXT, "A dotted path, such as `to.users.3`, or the name of a parameter or header."),
        message=TEXT,
    ),
    "Problem": object_schema(
        "Why a request was refused (RFC 9457). Branch on `code`; the other fields are for humans.",
        ("errors",),
        type={"type": "string", "format": "uri", "pattern": "^urn:lumen-notify:"},
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
    ),
}


def responses(codes: tuple[str, ...]) -> dict[str, JsonSchema]:
    """Describe the problems of one operation, by status."""
    by_status: dict[int, list[str]] = {}
    for code in (*codes, *ALWAYS):
        by_status.setdefault(PROBLEMS[code][0], []).append(code)
    return {str(status): _response(status, by_status[status]) for status in sorted(by_status)}


def _response(status: int, codes: list[str]) -> JsonSchema:
    narrowed = {"properties": {"status": {"const": status}, "code": {"enum": codes}}}
    response: dict[str, object] = {
        "description": "\n".join(f"`{code}`: {PROBLEMS[code][1]}" for code in codes),
        "content": {MEDIA_TYPE: {"schema": {"allOf": [ref("Problem"), narrowed]}}},
    }
    if status in HEADERS:
        name, description = HEADERS[status]
        response["headers"] = {name: {"description": description, "schema": {"type": "string"}}}
    return response
