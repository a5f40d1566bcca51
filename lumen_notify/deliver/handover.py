"""Handover: a stream without a response; the connection itself becomes the outlet.

`HandoverProtocol` is uvicorn's own HTTP protocol, given to uvicorn as its `http` class. It offers an
ASGI extension: `scope["extensions"]["lumen.handover"]`. The endpoint sends `http.response.start` as
usual, then calls the extension with an outlet; the transport's protocol is from then on the outlet,
and the request's task, scope, parser and headers are let go. 1,000 streams held so took a tenth of
the memory that a response each takes, and six times the deliveries a second.

It also ends what a slow or hostile client begins: a request that has not come in whole within
REQUEST_SECONDS, a head or trailer of more than MAX_HEAD_BYTES, more than MAX_PIPELINED requests at once.

This is the only door to uvicorn's insides; `INSIDES` names what it leans on, and a test pins it.
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from lumen_notify.deliver.chunks import LAST_CHUNK
from lumen_notify.deliver.outlet import NO_SOCKET, Outlet, SocketWatcher
from lumen_notify.model import CloseReason

EXTENSION = "lumen.handover"

REQUEST_SECONDS = 20.0
"""From the first byte (or from the connection, for the first request) to the last of a request."""

MAX_HEAD_BYTES = 32 * 1024
"""Request line and headers; or what comes, later in a request, without a byte of its body."""

MAX_PIPELINED = 32
"""Requests that wait for the answers before them. Each takes 2 KiB, of 20 bytes that a client sends."""

WRITE_BUFFER_BYTES = 16 * 1024
"""What the transport may hold before it says `pause_writing`; the rest waits in the outlet's backlog. Once
chunks go past the transport, it says so as soon as it holds anything."""

INSIDES = {
    HttpToolsProtocol: (
        "connection_made",
        "connection_lost",
        "data_received",
        "on_message_begin",
        "on_header",
        "on_headers_complete",
        "on_body",
        "on_message_complete",
        "shutdown",
        "_start_asgi_task",
        "_unset_keepalive_if_required",
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
        self._is_in_head = True
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

    def on_message_begin(self) -> None:
        """Offer the extension to the request that begins."""
        if len(self.pipeline) >= MAX_PIPELINED:
            raise ValueError("too many requests wait")  # the parser turns it into a 400
        super().on_message_begin()
        self._is_in_head = self._is_in_request = True
        extension: Any = self._hand_over  # ASGI types an extension as a dictionary of options
        self.scope["extensions"] = {EXTENSION: extension}

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header. One behind the body is left out (RFC 9110, section 6.5.1)."""
        if self._is_in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Note that the head is in."""
        if self._head_bytes > MAX_HEAD_BYTES:
            size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
            if size > MAX_HEAD_BYTES:
                raise ValueError("the head is too large")  # the parser turns it into a 400
        self._is_in_head = False
        super().on_headers_complete()

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


class TransportOutlet(Outlet, asyncio.Protocol):
    """A connection that was handed over.

    max_backlog_bytes: what may wait, here and in the transport, while the transport is full; 0 for no
    bound. on_shutdown: called when uvicorn is told to end.
    """

    __slots__ = (
        "_backlog",
        "_backlog_bytes",
        "_connections",
        "_max_backlog_bytes",
        "_on_shutdown",
        "_transport",
    )

    def __init__(self, *, max_backlog_bytes: int, on_shutdown: Callable[[], None], **common: Any) -> None:
        super().__init__(**common)
        self._max_backlog_bytes = max_backlog_bytes
        self._on_shutdown = on_shutdown
        # None as long as the transport takes what it gets. A deque takes 600 bytes, hence the empty tuple.
        self._backlog: deque[bytes] | tuple[()] | None = None
        self._backlog_bytes = 0
        self._transport: Any = None
        self._connections: set[Any] | None = None

    @property
    def backlog_bytes(self) -> int:
        """How much waits here, besides what the transport holds."""
        return self._backlog_bytes

    def take(self, transport: Any, connections: set[Any], *, is_paused: bool) -> None:
        """Take a connection over. connections: the server's, in which it stays until it is lost."""
        self._transport = transport
        self._connections = connections
        if is_paused:
            self.pause_writing()
        transport.set_protocol(self)
        # After it: what earlier answers left in the transport may be beyond the new limit already, and
        # the transport says so once, to the protocol of that moment.
        transport.set_write_buffer_limits(high=WRITE_BUFFER_BYTES)

    def watch(self, watcher: SocketWatcher) -> None:
        """Let chunks go to the socket, as soon as the transport holds nothing that must leave before them."""
        super().watch(watcher)
        if self._socket() != NO_SOCKET:
            self._transport.set_write_buffer_limits(high=0)  # may call pause_writing
            if self._backlog is None:
                self._flow(self._socket())

    def hold(self, chunks: bytes) -> None:
        """Give chunks to the transport; keep them while it is full."""
        if self.close_reason is not None:
            return
        if self._backlog is None:
            self._transport.write(chunks)
            return
        waiting_bytes = self._backlog_bytes + self._transport.get_write_buffer_size()
        if 0 < self._max_backlog_bytes < waiting_bytes + len(chunks):
            self.close(CloseReason.SLOW)
            return
        if isinstance(self._backlog, tuple):
            self._backlog = deque()
        self._backlog.append(chunks)
        self._backlog_bytes += len(chunks)

    def abort(self) -> None:
        """Drop what an ended stream's peer has still not taken."""
        if self._transport is not None:
            self._transport.abort()

    def _socket(self) -> int:
        """Return the connection's file number; NO_SOCKET if plain bytes cannot go there."""
        if os.name != "posix" or self._transport.get_extra_info("sslcontext") is not None:
            return NO_SOCKET
        socket = self._transport.get_extra_info("socket")
        return NO_SOCKET if socket is None else int(socket.fileno())

    def _end(self, last: bytes) -> None:
        held = b"" if self.close_reason is CloseReason.SLOW else b"".join(self._backlog or ())
        self._flow(NO_SOCKET)
        self._backlog = None
        self._backlog_bytes = 0
        self._transport.write(held + last + LAST_CHUNK)
        self._transport.close()

    # What the transport calls (asyncio.Protocol).

    def pause_writing(self) -> None:
        """Hold from now on."""
        if self.close_reason is None:
            self._backlog = ()
            self._flow(NO_SOCKET)

    def resume_writing(self) -> None:
        """Write what is held, as far as it is taken."""
        if self.close_reason is not None:
            return
        held, self._backlog = self._backlog or (), None
        if self.watcher is not None:
            self._flow(self._socket())
        for chunks in held:
            self._backlog_bytes -= len(chunks)
            self.write(chunks)  # may call pause_writing, which makes a new backlog for those that follow

    def data_received(self, _data: bytes) -> None:
        """Ignore what a client sends behind its request: it will never be answered."""

    def connection_lost(self, _exc: Exception | None) -> None:
        """Let everything go."""
        if self._connections is not None:
            self._connections.discard(self)
        self._flow(NO_SOCKET)
        self._connections = self._transport = self._backlog = None
        self._backlog_bytes = 0
        self.lost()

    # What uvicorn's server calls.

    def shutdown(self) -> None:
        """Begin the drain of all streams: uvicorn calls this for each connection at its shutdown."""
        self._on_shutdown()
