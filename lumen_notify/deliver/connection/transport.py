"""Transport: the outlet that is a connection itself, handed over by whoever served HTTP on it.

Of that server it knows its set of connections, in which it takes the place of the protocol that it follows,
and that `shutdown` is called on each of them. Not here: how a connection is handed over (`handover`).
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Callable
from typing import Any

from lumen_notify.deliver.connection.connection import NO_SOCKET, Outlet, SocketWatcher
from lumen_notify.deliver.frames.chunks import LAST_CHUNK
from lumen_notify.model import CloseReason

EXTENSION = "lumen.handover"
"""In `scope["extensions"]`, where a connection can be handed over: called with a TransportOutlet, after
`http.response.start`, it says whether it has been."""

WRITE_BUFFER_BYTES = 16 * 1024
"""What the transport may hold before it says `pause_writing`; the rest waits in the outlet's backlog. Once
chunks go past the transport, it says so as soon as it holds anything."""


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
