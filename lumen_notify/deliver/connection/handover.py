"""Handover: gives the TCP connection of a request to a stream, which then needs no response object.

`HandoverProtocol` is uvicorn's own HTTP protocol, given to uvicorn as its `http` class. It offers an ASGI
extension: `scope["extensions"]["lumen.handover"]`. The endpoint sends `http.response.start` as usual, then
calls the extension with a `TransportConnection`. The transport's protocol is then that connection; the
request's task, scope, parser and headers are released. 1,000 streams held this way need a tenth of the memory
of 1,000 responses, and get six times as many deliveries a second.

The protocol also ends the requests of slow or hostile clients: a request that has not arrived completely
within REQUEST_SECONDS, a head or trailer of more than MAX_HEAD_BYTES, more than MAX_PIPELINED requests at
once.

Only this module touches uvicorn's internals. UVICORN_METHODS, PROTOCOL_ATTRIBUTES and CYCLE_ATTRIBUTES list
what it relies on, and a test pins them. Not here: what happens to a connection after the hand-over
(`transport`).
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from lumen_notify.deliver.connection.transport import EXTENSION, TransportConnection

REQUEST_SECONDS = 20.0
"""How long a request may take to arrive: from its first byte (for the first request: from the connection) to
its last."""

MAX_HEAD_BYTES = 32 * 1024
"""The limit for the request line and headers, and for later bytes that are not body: trailers, extensions."""

MAX_PIPELINED = 32
"""How many requests may wait for earlier responses. A request of 20 bytes takes 2 KiB of memory here."""

UVICORN_METHODS = {
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
"""The methods of uvicorn that are called or overridden here."""

PROTOCOL_ATTRIBUTES = (
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
"""The attributes of uvicorn's protocol that are read or released here."""

CYCLE_ATTRIBUTES = ("disconnected", "message_event", "response_complete", "response_started")
"""The attributes of uvicorn's request cycle that are read or set here."""


class HandoverProtocol(HttpToolsProtocol):
    """uvicorn's protocol with the extension, the deadlines and the limits."""

    def connection_made(self, transport: Any) -> None:
        """Start the time-out of the first request."""
        super().connection_made(transport)
        self._current_cycle: Any = None  # the request that is being answered, or was answered last
        self._head_bytes = 0
        self._is_receiving = True
        self._is_shutting_down = False
        self._timeout: asyncio.TimerHandle | None = None
        self._start_timeout()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the time-out; mark the request that is being answered as disconnected."""
        self._stop_timeout()
        if self._current_cycle is not None and not self._current_cycle.response_complete:
            self._current_cycle.disconnected = True  # uvicorn marks only the newest request
            self._current_cycle.message_event.set()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """Remember the shutdown: a stream that starts from now on ends at once."""
        self._is_shutting_down = True
        super().shutdown()

    def data_received(self, data: bytes) -> None:
        """Feed the parser; then check whether the request is complete, or too large."""
        self._head_bytes += len(data)
        super().data_received(data)
        is_idle = self._current_cycle is None or self._current_cycle.response_complete
        if not (self._is_receiving or is_idle):
            self._stop_timeout()
        elif self._timeout is None:
            # When idle, too: an empty line stops uvicorn's keep-alive timer, and starts no request.
            self._start_timeout()
        if self._is_receiving and self._head_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
            self._refuse(b"431 Request Header Fields Too Large")

    def _unsupported_upgrade_warning(self) -> None:
        """Log nothing: a server may ignore an offer of another protocol (RFC 9110, section 7.8), and
        uvicorn's advice to install a WebSocket library does not concern us."""

    def on_message_begin(self) -> None:
        """Offer the extension to the new request."""
        if len(self.pipeline) >= MAX_PIPELINED:
            raise ValueError("too many pipelined requests")  # the parser turns it into a 400
        super().on_message_begin()
        self._is_receiving = True
        extension: Any = self._hand_over  # ASGI types an extension as a dictionary of options
        self.scope["extensions"] = {EXTENSION: extension}

    def on_headers_complete(self) -> None:
        """Start to answer. Trailers are ignored (RFC 9110, section 6.5.1)."""
        if self._head_bytes > MAX_HEAD_BYTES:
            size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
            if size > MAX_HEAD_BYTES:
                raise ValueError("the head is too large")  # the parser turns it into a 400
        super().on_headers_complete()
        self.headers = []  # for trailers: the request keeps the list that it has

    def on_body(self, body: bytes) -> None:
        """Reset the count of bytes: the application limits the body."""
        self._head_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Record that the request has arrived."""
        self._is_receiving = False
        self._head_bytes = 0
        super().on_message_complete()

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        self._current_cycle = cycle
        super()._start_asgi_task(cycle, app)

    def _start_timeout(self) -> None:
        self._timeout = self.loop.call_later(REQUEST_SECONDS, self._on_timeout)

    def _stop_timeout(self) -> None:
        if self._timeout is not None:
            self._timeout.cancel()
            self._timeout = None

    def _on_timeout(self) -> None:
        if not self.transport.is_closing():
            self._refuse(b"408 Request Timeout")

    def _refuse(self, status: bytes) -> None:
        self.transport.write(b"HTTP/1.1 %b\r\nconnection: close\r\ncontent-length: 0\r\n\r\n" % status)
        self.transport.close()

    def _hand_over(self, connection: TransportConnection) -> bool:
        """Hand the transport over to a stream's connection.

        Returns False, without touching the connection, if that is impossible: the response has not started
        (a middleware holds it back), or the client has disconnected.
        """
        cycle = self._current_cycle  # not `self.cycle`: that is the newest, which may wait behind this one
        if not cycle.response_started or cycle.disconnected or self.transport.is_closing():
            return False
        self._stop_timeout()
        self._unset_keepalive_if_required()
        self.flow.resume_reading()
        cycle.response_complete = True  # uvicorn has nothing left to do for it
        self.pipeline.clear()
        server_connections: set[Any] = self.server_state.connections
        server_connections.discard(self)
        server_connections.add(connection)
        connection.take_over(self.transport, server_connections, is_paused=self.flow.write_paused)
        nothing: Any = None
        self.transport = self.flow = self.parser = self.scope = self.headers = nothing
        self.cycle = self._current_cycle = nothing
        if self._is_shutting_down:
            connection.shutdown()
        return True
