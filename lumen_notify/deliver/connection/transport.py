"""Transport: the connection that owns its TCP connection, handed over by the server that spoke HTTP on it.

It knows two things about that server: its set of connections, in which it replaces the HTTP protocol, and
that the server calls `shutdown` on each of them. Not here: how a connection is handed over (`handover`).
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Callable
from typing import Any

from lumen_notify.deliver.connection.connection import NO_FD, Connection, DirectWriter
from lumen_notify.deliver.frames.chunks import LAST_CHUNK, unchunk
from lumen_notify.model import CloseReason

EXTENSION = "lumen.handover"
"""The key in `scope["extensions"]` where the server offers the hand-over: a function that is called with a
TransportConnection after `http.response.start`, and returns whether the connection was handed over."""

WRITE_BUFFER_BYTES = 16 * 1024
"""How much the transport may hold before it calls `pause_writing`; the rest waits in the connection's
backlog. Once chunks are written directly, the limit is 0: the transport calls it as soon as it holds
anything."""


class TransportConnection(Connection, asyncio.Protocol):
    """A connection that was handed over.

    max_backlog_bytes: the most that may wait, here and in the transport, while the transport is full; 0 means
    no bound. on_shutdown: called when uvicorn is told to stop.
    """

    __slots__ = (
        "_backlog",
        "_backlog_bytes",
        "_max_backlog_bytes",
        "_on_shutdown",
        "_server_connections",
        "_transport",
    )

    def __init__(self, *, max_backlog_bytes: int, on_shutdown: Callable[[], None], **common: Any) -> None:
        super().__init__(**common)
        self._max_backlog_bytes = max_backlog_bytes
        self._on_shutdown = on_shutdown
        # None while the transport takes bytes. A deque takes 600 bytes, hence the empty tuple.
        self._backlog: deque[bytes] | tuple[()] | None = None
        self._backlog_bytes = 0
        self._transport: Any = None
        self._server_connections: set[Any] | None = None

    @property
    def backlog_bytes(self) -> int:
        """How many bytes wait here, besides those that the transport holds."""
        return self._backlog_bytes

    @property
    def is_drained(self) -> bool:
        """Whether the transport takes bytes."""
        return self._backlog is None

    @property
    def waiting_bytes(self) -> int:
        """How many bytes wait for the peer, here and in the transport."""
        return self._backlog_bytes + (self._transport.get_write_buffer_size() if self._transport else 0)

    def take_over(self, transport: Any, server_connections: set[Any], *, is_paused: bool) -> None:
        """Become the protocol of a transport. server_connections: the set to leave when it is closed."""
        self._transport = transport
        self._server_connections = server_connections
        if is_paused:
            self.pause_writing()
        transport.set_protocol(self)
        # After set_protocol: earlier responses may have left more in the transport than the new limit, and
        # the transport calls pause_writing only once, on the protocol of that moment.
        transport.set_write_buffer_limits(high=WRITE_BUFFER_BYTES)

    def allow_direct_writes(self, writer: DirectWriter) -> None:
        """Let chunks go directly to the file descriptor, as soon as the transport holds no earlier ones."""
        super().allow_direct_writes(writer)
        if self._fd() != NO_FD:
            self._transport.set_write_buffer_limits(high=0)  # may call pause_writing
            if self._backlog is None:
                self._set_direct_fd(self._fd())

    def enqueue(self, chunks: bytes) -> None:
        """Give chunks to the transport; keep them while it is full."""
        if self.close_reason is not None:
            return
        if self._backlog is None:
            self._transport.write(self._framed(chunks))
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
        """Drop the bytes of an ended stream that the peer has not accepted yet."""
        if self._transport is not None:
            self._transport.abort()

    def _fd(self) -> int:
        """Return the socket's file descriptor; NO_FD if plain bytes must not be written to it (TLS)."""
        if os.name != "posix" or self._transport.get_extra_info("sslcontext") is not None:
            return NO_FD
        socket = self._transport.get_extra_info("socket")
        return NO_FD if socket is None else int(socket.fileno())

    def _end(self, last: bytes) -> None:
        backlog = b"" if self.close_reason is CloseReason.SLOW else b"".join(self._backlog or ())
        self._set_direct_fd(NO_FD)
        self._backlog = None
        self._backlog_bytes = 0
        self._transport.write(self._framed(backlog + last + LAST_CHUNK))
        self._transport.close()

    def _framed(self, chunks: bytes) -> bytes:
        """Return chunks as the client reads them."""
        return chunks

    # Called by the transport (asyncio.Protocol).

    def pause_writing(self) -> None:
        """Keep chunks in the backlog from now on."""
        if self.close_reason is None:
            self._backlog = ()
            self._set_direct_fd(NO_FD)

    def resume_writing(self) -> None:
        """Write the backlog, as far as the transport takes it."""
        if self.close_reason is not None:
            return
        backlog, self._backlog = self._backlog or (), None
        if self.direct_writer is not None:
            self._set_direct_fd(self._fd())
        for chunks in backlog:
            self._backlog_bytes -= len(chunks)
            self.write(chunks)  # may call pause_writing, which makes a new backlog for the chunks that follow
        if self.is_drained:
            self._drained()

    def data_received(self, _data: bytes) -> None:
        """Ignore bytes that a client sends after its request: they are never answered."""

    def connection_lost(self, _exc: Exception | None) -> None:
        """Release everything."""
        if self._server_connections is not None:
            self._server_connections.discard(self)
        self._set_direct_fd(NO_FD)
        self._server_connections = self._transport = self._backlog = None
        self._backlog_bytes = 0
        self.on_disconnect()

    # Called by uvicorn's server.

    def shutdown(self) -> None:
        """Start the drain of all streams: uvicorn calls this for each connection when it shuts down."""
        self._on_shutdown()


class UnchunkedConnection(TransportConnection):
    """A connection to a client of HTTP/1.0, which has no chunks: the stream ends with the connection."""

    __slots__ = ()

    def allow_direct_writes(self, writer: DirectWriter) -> None:
        """Write nothing directly: each write takes the chunks apart."""

    def _framed(self, chunks: bytes) -> bytes:
        return unchunk(chunks)
