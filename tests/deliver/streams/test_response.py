"""Response: what a stream's response does before its connection is handed over, and without one."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.types import Message

from lumen_notify.deliver.streams.response import HEADERS, ClosedStream, StreamResponse, redact
from lumen_notify.model import CloseReason


async def sent_by(response: Any, method: str = "GET") -> list[Message]:
    messages: list[Message] = []

    async def send(message: Message) -> None:
        messages.append(dict(message))

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    await response({"type": "http", "method": method, "http_version": "1.1"}, receive, send)
    return messages


async def test_head_ends_without_a_stream() -> None:
    start, body = await sent_by(StreamResponse(None), "HEAD")  # type: ignore[arg-type]  # nothing is opened
    assert (start["status"], tuple(start["headers"])) == (200, HEADERS)
    assert body["body"] == b""


async def test_closed_stream_says_why_and_has_a_length() -> None:
    start, body = await sent_by(ClosedStream(CloseReason.OVERLOADED))
    assert (b"content-length", b"%d" % len(body["body"])) in start["headers"]
    assert b'"reason":"overloaded"' in body["body"]


def test_token_and_ticket_are_taken_out_of_the_query() -> None:
    scope: dict[str, Any] = {"type": "http", "query_string": b"a=1&token=secret&ticket=secret&b=token"}
    redact(Request(scope))
    assert scope["query_string"] == b"a=1&token=redacted&ticket=redacted&b=token"
