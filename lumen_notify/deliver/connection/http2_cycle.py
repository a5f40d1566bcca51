"""HTTP/2 cycle: one request of an HTTP/2 connection and its response (ASGI).

A response waits for two things: the transport, and the client's flow-control windows. If a client takes less
than MIN_SENT_BYTES within SEND_SECONDS while a response waits, this one response is reset. So a stream of
events is bounded as any other that is an ordinary response: by the backlog of `fallback.QueueConnection`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import quote

from h2.errors import ErrorCodes
from starlette.types import ASGIApp, Message, Scope

from lumen_notify.deliver.connection.send_timeout import MIN_SENT_BYTES, SEND_SECONDS

if TYPE_CHECKING:
    from lumen_notify.deliver.connection.http2_protocol import Http2Protocol

REQUEST_SECONDS = 20.0
"""How long the body of a request may take to arrive."""

FORBIDDEN = frozenset({b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade"})
"""Headers of HTTP/1.1 that HTTP/2 forbids (RFC 9113, section 8.2.2)."""

WITHOUT_BODY = (204, 304)

_log = logging.getLogger("lumen_notify.http2")
_access = logging.getLogger("uvicorn.access")


class Http2Cycle:
    """One request. has_body: whether a body follows the head."""

    __slots__ = (
        "_arrived",
        "_body",
        "_connection",
        "_has_given_all",
        "_is_bodyless",
        "_loop",
        "_more_body",
        "_room",
        "_timeout",
        "_unacknowledged_bytes",
        "is_disconnected",
        "response_complete",
        "response_started",
        "scope",
        "stream_id",
    )

    def __init__(
        self,
        connection: Http2Protocol,
        stream_id: int,
        scope: Scope,
        loop: asyncio.AbstractEventLoop,
        *,
        has_body: bool,
    ) -> None:
        self._connection = connection
        self._loop = loop
        self.stream_id = stream_id
        self.scope = scope
        self._body = bytearray()
        self._unacknowledged_bytes = 0
        self._more_body = has_body
        self._has_given_all = False  # the application has all of the request
        self._is_bodyless = False
        self._arrived = asyncio.Event()  # a part of the request, or its end
        self._room = asyncio.Event()
        self._timeout = loop.call_later(REQUEST_SECONDS, self.abort) if has_body else None
        self.is_disconnected = False
        self.response_started = False
        self.response_complete = False

    @property
    def transport(self) -> Http2Cycle:
        """What `fallback` aborts if a client does not take its stream: this request alone."""
        return self

    def abort(self) -> None:
        """Reset the request, as a lost connection would end it."""
        if not self.is_disconnected:
            self.on_disconnect()
            self._connection.reset(self.stream_id, ErrorCodes.CANCEL)

    async def run(self, app: ASGIApp) -> None:
        """Let the application answer."""
        try:
            await app(self.scope, self.receive, self.send)
            if not (self.response_complete or self.is_disconnected):
                _log.error("The application returned without a complete response.")
                await self._fail()
        except Exception:  # noqa: BLE001 - the application's, which ends this request alone
            _log.exception("Exception in ASGI application")
            await self._fail()
        finally:
            self._end()

    async def _fail(self) -> None:
        if self.response_started:
            self.abort()
            return
        await self.send({"type": "http.response.start", "status": 500, "headers": ()})
        await self.send({"type": "http.response.body"})

    def _end(self) -> None:
        self._stop_timeout()
        self._connection.acknowledge(self.stream_id, self._unacknowledged_bytes)
        if not self.is_disconnected:
            if not self.response_complete:
                self.abort()  # the task was cancelled
            elif self._more_body:
                self._connection.reset(self.stream_id, ErrorCodes.NO_ERROR)  # RFC 9113, section 8.1
        self._connection.forget(self)

    # Called by the connection.

    def on_body(self, data: bytes, size: int) -> None:
        """Take a part of the body. size: in bytes, with padding."""
        self._body += data
        self._unacknowledged_bytes += size
        self._arrived.set()

    def on_body_end(self) -> None:
        """Record that the request has arrived."""
        self._more_body = False
        self._stop_timeout()
        self._arrived.set()

    def on_room(self) -> None:
        """Go on with a response that waits."""
        self._room.set()

    def on_disconnect(self) -> None:
        """Record that the client has reset the request, or gone."""
        self.is_disconnected = True
        self._stop_timeout()
        self._arrived.set()
        self._room.set()

    def _stop_timeout(self) -> None:
        if self._timeout is not None:
            self._timeout.cancel()
            self._timeout = None

    # Called by the application (ASGI).

    async def receive(self) -> Message:
        """Receive a part of the request, or that the client has disconnected."""
        while not (self.is_disconnected or self.response_complete):
            if self._body or not (self._more_body or self._has_given_all):
                body = bytes(self._body)
                self._body.clear()
                size, self._unacknowledged_bytes = self._unacknowledged_bytes, 0
                self._connection.acknowledge(self.stream_id, size)
                self._has_given_all = not self._more_body
                return {"type": "http.request", "body": body, "more_body": self._more_body}
            self._arrived.clear()
            await self._arrived.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Send a part of the response. Waits until the client takes it."""
        if self.is_disconnected:
            return
        expected = "http.response.body" if self.response_started else "http.response.start"
        if message["type"] != expected or self.response_complete:
            raise RuntimeError(f"Unexpected ASGI message {message['type']!r}.")
        if not self.response_started:
            await self._send_head(message["status"], message.get("headers", ()))
        else:
            body = b"" if self._is_bodyless else message.get("body", b"")
            await self._send_body(body, is_last=not message.get("more_body", False))

    async def _send_head(self, status: int, headers: Iterable[tuple[bytes, bytes]]) -> None:
        self.response_started = True
        self._is_bodyless = self.scope["method"] == "HEAD" or status in WITHOUT_BODY
        named = [(bytes(name).lower(), bytes(value)) for name, value in headers]
        sent = [(b":status", b"%d" % status), *self._connection.default_headers]
        sent += [header for header in named if header[0] not in FORBIDDEN]
        while self._connection.is_full and not self.is_disconnected:
            await self._wait_for_room(self._loop.time() + SEND_SECONDS)
        if not self.is_disconnected:
            self._log_access(status)
            self._connection.send_headers(self.stream_id, sent)

    def _log_access(self, status: int) -> None:
        """Log the request as uvicorn logs those of HTTP/1.1, without its query."""
        if _access.isEnabledFor(logging.INFO) and "path" in self.scope:
            (host, port), path = self.scope["client"], quote(self.scope["path"])
            line = '%s - "%s %s HTTP/%s" %d'  # `logs.AccessFilter` knows its shape
            _access.info(line, f"{host}:{port}", self.scope["method"], path, "2", status)

    async def _send_body(self, body: bytes, *, is_last: bool) -> None:
        rest = memoryview(body)
        deadline, sent_bytes = self._loop.time() + SEND_SECONDS, 0
        while rest and not self.is_disconnected:
            size = min(self._connection.sendable_bytes(self.stream_id), len(rest))
            if size == 0:
                await self._wait_for_room(deadline)
                continue
            part, rest = rest[:size], rest[size:]
            self._connection.send_data(self.stream_id, bytes(part), is_last=is_last and not rest)
            sent_bytes += size
            if sent_bytes >= MIN_SENT_BYTES:
                deadline, sent_bytes = self._loop.time() + SEND_SECONDS, 0
        if is_last and not self.is_disconnected:
            if not body:
                self._connection.send_data(self.stream_id, b"", is_last=True)
            self.response_complete = True
            self._arrived.set()

    async def _wait_for_room(self, deadline: float) -> None:
        self._room.clear()
        try:
            async with asyncio.timeout_at(deadline):
                await self._room.wait()
        except TimeoutError:
            self.abort()
