"""Problems: the schema of problem documents, and the responses of each operation that are such documents."""

from __future__ import annotations

from lumen_notify.api.openapi.schema import TEXT, JsonSchema, described, object_schema, ref
from lumen_notify.http.problem_types import PROBLEM_TYPES

MEDIA_TYPE = "application/problem+json"

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
        "A problem with one field.",
        field=described(TEXT, "A dotted path, such as `to.users.3`, or the name of a parameter or header."),
        message=TEXT,
    ),
    "ProblemCode": {
        "type": "string",
        "enum": list(PROBLEM_TYPES),
        "description": "The kind of the problem.",
        "x-enumDescriptions": {code: f"{one.status}: {one.meaning}" for code, one in PROBLEM_TYPES.items()},
    },
    "Problem": object_schema(
        "Why a request was refused (RFC 9457). Branch on `code`; the other fields are for humans.",
        ("errors", "limit", "parts", "request_id"),
        type={"type": "string", "format": "uri", "description": "`urn:lumen-notify:` and the code."},
        title=TEXT,
        status={"type": "integer", "minimum": 400, "maximum": 599},
        code={
            "anyOf": [ref("ProblemCode"), TEXT],
            "description": "What is wrong. Later versions may add codes.",
        },
        detail=TEXT,
        errors={"type": "array", "items": ref("Fault"), "description": "Only with the code `invalid`."},
        limit=described(TEXT, "The name of the limit. Only with the code `rate_limited`."),
        parts=ref("ReadinessParts"),
        request_id=described(TEXT, "The `X-Request-ID` of the response, which is in the log lines too."),
    ),
}


def responses(codes: tuple[str, ...]) -> dict[str, JsonSchema]:
    """Describe the problems of one operation, by status."""
    by_status: dict[int, list[str]] = {}
    for code in (*codes, *ALWAYS):
        by_status.setdefault(PROBLEM_TYPES[code].status, []).append(code)
    return {str(status): _response(status, by_status[status]) for status in sorted(by_status)}


def _response(status: int, codes: list[str]) -> JsonSchema:
    response: dict[str, object] = {
        "description": "\n".join(f"`{code}`: {PROBLEM_TYPES[code].meaning}" for code in codes),
        "content": {MEDIA_TYPE: {"schema": ref("Problem")}},
    }
    if status in HEADERS:
        name, description = HEADERS[status]
        response["headers"] = {name: {"description": description, "schema": {"type": "string"}}}
    return response
