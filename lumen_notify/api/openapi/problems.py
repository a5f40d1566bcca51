"""Problems: each refusal's code, its status, and what it means."""

from __future__ import annotations

from lumen_notify.api.openapi.schema import TEXT, JsonSchema, fields, ref, told

MEDIA_TYPE = "application/problem+json"

PROBLEMS: dict[str, tuple[int, str]] = {
    "token_missing": (401, "No token, ticket or cookie."),
    "token_invalid": (401, "Malformed, forged, or meant for somebody else."),
    "token_expired": (401, "Get a fresh one."),
    "wrong_credentials": (401, "There is no such name, or its password is another."),
    "session_ended": (401, "The refresh token is not good, or not any more: log in again."),
    "forbidden": (403, "The token lacks the scope that the text names."),
    "not_a_member": (403, "This is for members of the room: join it first."),
    "role_too_low": (403, "The caller's role in the room does not allow this."),
    "muted": (403, "The caller may read in this room, not write."),
    "banned": (403, "The user is banned from the room."),
    "blocked": (403, "The other user has blocked the caller."),
    "not_found": (404, "No such thing for this caller, or no such path."),
    "method_not_allowed": (405, "The path takes other methods: `Allow` names them."),
    "name_taken": (409, "Another account has this name."),
    "idempotency_key_reused": (409, "The same `Idempotency-Key` with another body."),
    "room_taken": (409, "There is a room with this id already."),
    "too_many_rooms": (409, "Somebody is in `LUMEN_MAX_ROOMS_PER_USER` rooms already."),
    "room_is_direct": (409, "A direct room is of its two, for good."),
    "last_owner": (409, "A room needs an owner: make another one first."),
    "too_large": (413, "The body is longer than `LUMEN_MAX_BODY_BYTES`."),
    "invalid": (422, "`errors` lists each field and what is wrong with it."),
    "rate_limited": (429, "Too many in too short a time: `Retry-After` says when the next may pass."),
    "internal": (500, "A defect of ours; the log has the rest."),
    "database_unavailable": (503, "The database does not answer; nothing was written."),
    "commit_unknown": (
        503,
        "The database went away during the commit: repeat with the same `Idempotency-Key`.",
    ),
    "keys_unavailable": (503, "The server with the tokens' keys does not answer."),
    "overloaded": (503, "Too many writes, or passwords to be verified, wait already."),
    "draining": (503, "The process is about to end."),
}

ALWAYS = ("internal",)
"""What any operation may answer."""

HEADERS: dict[int, tuple[str, str]] = {
    401: ("WWW-Authenticate", "`Bearer`."),
    429: ("Retry-After", "Seconds."),
    503: ("Retry-After", "Seconds."),
}

SCHEMAS: dict[str, JsonSchema] = {
    "Fault": fields(
        "One thing wrong with one field.",
        field=told(TEXT, "A dotted path, such as `to.users.3`, or a parameter's name."),
        message=TEXT,
    ),
    "Problem": fields(
        "Why a request was refused (RFC 9457). Branch on `code`; the rest is for people.",
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
        errors={"type": "array", "items": ref("Fault"), "description": "Of `invalid` alone."},
    ),
}


def responses(codes: tuple[str, ...]) -> dict[str, JsonSchema]:
    """Describe the refusals of one operation, by status."""
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
