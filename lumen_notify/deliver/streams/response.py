"""Response: answers a request with a stream: the connection is handed over, or frames come from a queue.

Not here: who may open which stream (`endpoint`, `deliver/admin/endpoint`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from lumen_notify.deliver.connection import fallback
from lumen_notify.deliver.connection.connection import Connection
from lumen_notify.deliver.connection.transport import EXTENSION, TransportConnection
from lumen_notify.deliver.frames import control
from lumen_notify.deliver.frames.chunks import unchunk
from lumen_notify.model import CloseReason

HEADERS = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store, no-transform"),
    (b"x-accel-buffering", b"no"),
)
"""No cache may store the stream, and no proxy may buffer it (the last header is for nginx), or compress it,
which holds frames back (RFC 9111, section 5.2.2.6)."""

_SECRETS = re.compile(rb"((?:^|&)(?:token|ticket)=)[^&]*")


class Opens(Protocol):
    """A stream that a response opens."""

    @property
    def drain_seconds(self) -> float:
        """How long the stream may take to end at shutdown."""

    @property
    def on_shutdown(self) -> Callable[[], None]:
        """What to call when the server is told to stop."""

    def transport_connection(self, *, is_chunked: bool) -> TransportConnection:
        """Make the connection of a transport that is handed over."""

    def queue_connection(self) -> fallback.QueueConnection:
        """Make the connection of an ordinary response."""

    async def begin(self, connection: Connection) -> None:
        """Make the stream live, or close it."""


def redact(request: Request) -> None:
    """Take the token out of the query. From here on access logs cannot show it, as they read this scope."""
    request.scope["query_string"] = _SECRETS.sub(rb"\1redacted", request.scope["query_string"])


class ClosedStream(Response):
    """A stream that ends at once."""

    def __init__(self, reason: CloseReason) -> None:
        super().__init__(unchunk(control.closing(reason, control.retry_ms_after(reason))))

    def init_headers(self, headers: Mapping[str, str] | None = None) -> None:  # noqa: ARG002 - it has none
        """Set the headers: Starlette calls this."""
        self.raw_headers = [*HEADERS, (b"content-length", b"%d" % len(self.body))]


class StreamResponse(Response):
    """Starts a response, then hands its connection over, or else sends frames from a queue."""

    media_type = "text/event-stream"

    def __init__(self, opening: Opens) -> None:
        super().__init__()
        self._opening = opening

    def init_headers(self, headers: Mapping[str, str] | None = None) -> None:
        """Set the headers of a stream, which has no length: Starlette calls this."""
        self.raw_headers = [*HEADERS, *((k.encode(), v.encode()) for k, v in (headers or {}).items())]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request (ASGI 3)."""
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        if scope["method"] == "HEAD":
            await send({"type": "http.response.body", "body": b""})
            return
        opening = self._opening
        hand_over = scope.get("extensions", {}).get(EXTENSION)
        if hand_over is not None:
            connection = opening.transport_connection(is_chunked=scope["http_version"] != "1.0")
            if hand_over(connection):
                await opening.begin(connection)
                return

        async def send_body(message: Message) -> None:
            if message["type"] != "http.response.start":  # which has been sent
                await send(message)

        await fallback.respond(
            opening.queue_connection(),
            opening.begin,
            scope,
            receive,
            send_body,
            on_shutdown=opening.on_shutdown,
            grace_seconds=opening.drain_seconds,
        )
