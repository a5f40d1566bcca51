"""Outlet: one stream; bounded, ordered, closed when too slow.

What every stream shares stands here; how bytes leave is a subclass's: `transport.TransportOutlet`
writes to the connection itself, `fallback.QueueOutlet` to a queue that a response drains.

Promises: chunks leave in the order of `write`, each once; what waits is bounded in bytes, and an
outlet that would pass the bound closes as `slow` instead; after the close nothing is written.

What may wait for one stream, with B = LUMEN_MAX_BACKLOG_BYTES:

| where | at most |
|---|---|
| the outlet and its transport together | the larger of B and 16 KiB and one write |
| one write | the events of one fan-out (64 KiB, or a single larger one), or a replay (B / 2) |
| the kernel's socket buffers, outside this process | net.ipv4.tcp_wmem, on Linux |

So N clients that never read cost at most N * max(B, 16 KiB + B / 2, 80 KiB). Bytes are shared by all
streams that wait for them with the same count, so it is mostly far less.

As long as nothing waits, chunks go to the kernel by the connection's own file number, past its
transport: a fan-out to 10,000 streams takes a fifth less time so.

Who wins which race:

| first | then | effect |
|---|---|---|
| `close` | the peer goes | the reason given counts |
| the peer goes | `close` | `gone` counts, nothing is written |
| `close` | `write` | the chunks are dropped; the client has its cursor |
| `close` | `close` | the first reason counts |
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Protocol
from uuid import UUID

from lumen_notify.deliver.frames import control
from lumen_notify.model import CloseReason, new_id

OnClose = Callable[["Outlet", CloseReason], None]


NO_SOCKET = -1
"""In place of a file number: chunks may not go past the outlet now."""


class SocketWatcher(Protocol):
    """Who writes past an outlet, and needs to know what its `socket` is."""

    def socket_changed(self) -> None:
        """Look at it again."""


def send(socket: int, chunks: bytes) -> bytes:
    """Give chunks to the kernel at once; return what it did not take, empty if it took all.

    An error is no news here: what is left goes to the transport, which meets it too, and tells.
    """
    try:
        return chunks[os.write(socket, chunks) :]
    except OSError:
        return chunks


class Outlet:
    """One open stream of one user.

    device: as the client said, None if it did not. address: the peer's. connected_at, expires_at: in
    ms, the latter when its token ends. on_close: called once, when the stream has ended. socket: the file
    number that takes chunks at this moment, NO_SOCKET if `hold` does; watcher: who is told when it changes.
    slot: where it stands in the wheel.
    """

    __slots__ = (
        "_id",
        "_on_close",
        "address",
        "close_reason",
        "connected_at",
        "device",
        "expires_at",
        "is_warned",
        "slot",
        "socket",
        "user_id",
        "watcher",
    )

    def __init__(
        self,
        *,
        user_id: str,
        device: str | None,
        address: str,
        connected_at: int,
        expires_at: int,
        on_close: OnClose,
    ) -> None:
        self._id = UUID(new_id()).int  # a third of what the text takes
        self.user_id = user_id
        self.device = device
        self.address = address
        self.connected_at = connected_at
        self.expires_at = expires_at
        self.is_warned = False
        self.slot = 0
        self.socket = NO_SOCKET
        self.watcher: SocketWatcher | None = None
        self.close_reason: CloseReason | None = None
        self._on_close = on_close

    @property
    def id(self) -> str:
        """The connection's id, a UUIDv7."""
        return str(UUID(int=self._id))

    @property
    def backlog_bytes(self) -> int:
        """How much waits here for the peer."""
        raise NotImplementedError

    def watch(self, watcher: SocketWatcher) -> None:
        """Let chunks go to the socket from now on, and tell `watcher` whenever it changes."""
        self.watcher = watcher

    def write(self, chunks: bytes) -> None:
        """Send whole chunks, in order. Never waits; nothing happens after the end."""
        left = chunks if self.socket == NO_SOCKET else send(self.socket, chunks)
        if left:
            self.hold(left)

    def hold(self, chunks: bytes) -> None:
        """Take what the socket does not: the rest of a write, or whole chunks while there is no socket.
        Closes as `slow` instead of holding too much, but never within a chunk."""
        raise NotImplementedError

    def _flow(self, socket: int) -> None:
        """Set what takes chunks from now on."""
        self.socket = socket
        if self.watcher is not None:
            self.watcher.socket_changed()

    def close(self, reason: CloseReason, retry_ms: int = 0) -> None:
        """Say `closing` and end. retry_ms: when the client is to come back, 0 to leave it to him."""
        if self.close_reason is None:
            self.close_reason = reason
            self._end(control.closing(reason, retry_ms))
            self._on_close(self, reason)

    def lost(self) -> None:
        """Note that the peer is gone."""
        if self.close_reason is None:
            self.close_reason = CloseReason.GONE
            self._on_close(self, CloseReason.GONE)

    def abort(self) -> None:
        """Drop what an ended stream's peer has still not taken."""

    def _end(self, last: bytes) -> None:
        """Send the last chunk and end. What waits is sent before it, unless the peer is too slow."""
        raise NotImplementedError
