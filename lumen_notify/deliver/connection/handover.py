"""Handover: a stream without a response; the connection itself becomes the outlet.

`HandoverProtocol` is uvicorn's own HTTP protocol, given to uvicorn as its `http` class. It offers an
ASGI extension: `scope["extensions"]["lumen.handover"]`. The endpoint sends `http.response.start` as
usual, then calls the extension with an outlet; the transport's protocol is from then on the outlet,
and the request's task, scope, parser and headers are let go. 1,000 streams held so took a tenth of
the memory that a response each takes, and six times the deliveries a second.

It also ends what a slow or hostile client begins: a request that has not come in whole within
REQUEST_SECONDS, a head or trailer of more than MAX_HEAD_BYTES, more than MAX_PIPELINED requests at once.

This is the only door to uvicorn's insides; `INSIDES` names what it leans on, and a test pins it. Not here:
what becomes of a connection once it is handed over (`transport`).
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from lumen_notify.deliver.connection.transport import EXTENSION, TransportOutlet

REQUEST_SECONDS = 20.0
"""From the first byte (or from the connection, for the first request) to the last of a request."""

MAX_HEAD_BYTES = 32 * 1024
"""Request line and headers; or what comes, later in a request, without a byte of its body."""

MAX_PIPELINED = 32
"""Requests that wait for the answers before them. Each takes 2 KiB, of 20 bytes that a client sends."""

INSIDES = {
    HttpToolsProtocol: (
        "connection_made",
        "connection_lost",
        "data_received",
        "on_message_begin",
        "on_headers_complete",
        "on_body",
        "on_message_complete",
        "shutdown",
        "_start_asgi_task",
        "_unset_keepalive_if_required",
        "_unsupported_upgrade_warning",
    ),
    RequestResponseCycle: ("run_asgi", "send"),
}
"""What of uvicorn is called or overridden here."""

INSIDE_ATTRIBUTES = (
    "cycle",
    "flow",
    "headers",
    "loop",
    "parser",
    "pipeline",
    "scope",
    "server_state",
    "transport",
)
"""What of uvicorn's protocol is read or let go here."""

CYCLE_ATTRIBUTES = ("disconnected", "message_event", "response_complete", "response_started")
"""What of a request and its response is read or set here."""


class HandoverProtocol(HttpToolsProtocol):
    """uvicorn's protocol with the extension, the deadlines and the limits."""

    def connection_made(self, transport: Any) -> None:
        """Start the clock for the first request."""
        super().connection_made(transport)
        self._answered: Any = None  # the request whose answer is under way, or was the last
        self._head_bytes = 0
        self._is_in_request = True
        self._is_ending = False
        self._deadline: asyncio.TimerHandle | None = None
        self._arm()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock; tell the request that is being answered."""
        self._disarm()
        if self._answered is not None and not self._answered.response_complete:
            self._answered.disconnected = True  # uvicorn tells the newest, which may wait behind it
            self._answered.message_event.set()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """Note it: a stream that begins now is to end at once."""
        self._is_ending = True
        super().shutdown()

    def data_received(self, data: bytes) -> None:
        """Feed the parser; then see whether the request is complete, or has become too large."""
        self._head_bytes += len(data)
        super().data_received(data)
        is_idle = self._answered is None or self._answered.response_complete
        if not (self._is_in_request or is_idle):
            self._disarm()
        elif self._deadline is None:
            self._arm()  # when idle, too: an empty line stops uvicorn's clock, and is no request
        if self._is_in_request and self._head_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
            self._refuse(b"431 Request Header Fields Too Large")

    def _unsupported_upgrade_warning(self) -> None:
        """Log nothing: a server may ignore an offer of another protocol (RFC 9110, section 7.8), and
        uvicorn's advice to install a WebSocket library does not concern us."""

    def on_message_begin(self) -> None:
        """Offer the extension to the request that begins."""
        if len(self.pipeline) >= MAX_PIPELINED:
            raise ValueError("too many requests wait")  # the parser turns it into a 400
        super().on_message_begin()
        self._is_in_request = True
        extension: Any = self._hand_over  # ASGI types an extension as a dictionary of options
        self.scope["extensions"] = {EXTENSION: extension}

    def on_headers_complete(self) -> None:
        """Begin to answer. A header behind the body is left out (RFC 9110, section 6.5.1)."""
        if self._head_bytes > MAX_HEAD_BYTES:
            size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
            if size > MAX_HEAD_BYTES:
                raise ValueError("the head is too large")  # the parser turns it into a 400
        super().on_headers_complete()
        self.headers = []  # the request has those that it came with

    def on_body(self, body: bytes) -> None:
        """Begin to count anew: the body's own limit is the application's."""
        self._head_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Note that the request is in."""
        self._is_in_request = False
        self._head_bytes = 0
        super().on_message_complete()

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        self._answered = cycle
        super()._start_asgi_task(cycle, app)

    def _arm(self) -> None:
        self._deadline = self.loop.call_later(REQUEST_SECONDS, self._overdue)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _overdue(self) -> None:
        if not self.transport.is_closing():
            self._refuse(b"408 Request Timeout")

    def _refuse(self, status: bytes) -> None:
        self.transport.write(b"HTTP/1.1 %b\r\nconnection: close\r\ncontent-length: 0\r\n\r\n" % status)
        self.transport.close()

    def _hand_over(self, outlet: TransportOutlet) -> bool:
        """Give the connection to an outlet. False if it cannot be: the response has not started (a
        middleware holds it back), or the client has gone; then the outlet has not been touched."""
        cycle = self._answered  # not `self.cycle`: that is the newest, and may wait behind this one
        if not cycle.response_started or cycle.disconnected or self.transport.is_closing():
            return False
        self._disarm()
        self._unset_keepalive_if_required()
        self.flow.resume_reading()
        cycle.response_complete = True  # what uvicorn is still to do for it is nothing
        self.pipeline.clear()
        connections: set[Any] = self.server_state.connections
        connections.discard(self)
        connections.add(outlet)
        outlet.take(self.transport, connections, is_paused=self.flow.write_paused)
        nothing: Any = None
        self.transport = self.flow = self.parser = self.scope = self.headers = nothing
        self.cycle = self._answered = nothing
        if self._is_ending:
            outlet.shutdown()
        return True
