"""Responses: JSON that must not be cached, and the types of its fields.

A response model is a `TypedDict` beside its endpoint. Endpoints return plain dictionaries, which mypy checks
against the model; pydantic generates the model's schema for `/openapi.json`. Nothing validates responses at
run time.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field
from starlette.responses import Response

from lumen_notify.model import escape_line_separators
from lumen_notify.model.encoding import json_line

_HEADERS = ((b"content-type", b"application/json"), (b"cache-control", b"no-store"))


class JsonText(Response):
    """A response whose body is already JSON. Its headers are constant, which takes a third of the time."""

    media_type = "application/json"

    def __init__(self, body: bytes, status: int) -> None:
        # Not Starlette's own, which encodes the body and makes the headers in three more calls.
        self.status_code = status
        self.background = None
        self.body = body
        self.raw_headers = [(b"content-length", b"%d" % len(body)), *_HEADERS]


def answer(value: object, status: int = 200) -> Response:
    """Answer with a value, as JSON."""
    return JsonText(json_line(value), status)


def answer_text(text: str, status: int = 200) -> Response:
    """Answer with text that is JSON already."""
    return JsonText((text if text.isascii() else escape_line_separators(text)).encode(), status)


def no_content(status: int = 204) -> Response:
    """Answer without a body: 204, as every `DELETE` that succeeds."""
    return Response(status_code=status, headers={"cache-control": "no-store"})


PositiveInt = Annotated[int, Field(ge=1)]
Time = Annotated[
    str,
    Field(
        description="RFC 3339, UTC, with milliseconds.",
        json_schema_extra={"format": "date-time", "examples": ["2026-01-31T08:00:00.000Z"]},
    ),
]
PlainContent = Annotated[str, Field(description="Plain text: show it as it is, never as HTML.")]
AnyData = Annotated[dict[str, Any], Field(json_schema_extra={"x-model": "JsonObject"})]
NextCursor = Annotated[str | None, Field(description="The `cursor` of the next page; null on the last page.")]
