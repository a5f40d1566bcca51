"""Outlet: one stream; bounded, ordered, closed when too slow.

What every stream shares stands here; how bytes leave is a subclass's: `handover.TransportOutlet`
writes to the transport itself, `fallback.QueueOutlet` to a queue that a response drains.

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

Who wins which race:

| first | then | effect |
|---|---|---|
| `close` | the peer goes | the reason given counts |
| the peer goes | `close` | `gone` counts, nothing is written |
| `close` | `write` | the chunks are dropped; the client has its cursor |
| `close` | `close` | the first reason counts |
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol
from uuid import UUID

from lumen_notify.deliver import frames
from lumen_notify.model import CloseReason, new_id

OnClose = Callable[["Outlet", CloseReason], None]


class Flowing(Protocol):
    """What takes chunks without being asked: a transport that is not full."""

    def write(self, data: bytes, /) -> None:
        """Send bytes. Never waits."""


class FlowWatcher(Protocol):
    """Who needs to know what an outlet's `flowing` is."""

    def flow_changed(self) -> None:
        """Look at it again."""


class Outlet:
    """One open stream of one user.

    device: as the client said, None if it did not. address: the peer's. connected_at, expires_at: in
    ms, the latter when its token ends. on_close: called once, when the stream has ended. flowing: what
    takes chunks at this moment, None if `hold` does; watcher: who is told when it changes.
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
        "flowing",
        "is_warned",
        "slot",
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
        self._id = UUID(new_id()).bytes  # a third of what the text takes
        self.user_id = user_id
        self.device = device
        self.address = address
        self.connected_at = connected_at
        self.expires_at = expires_at
        self.is_warned = False
        self.slot = 0
        self.flowing: Flowing | None = None
        self.watcher: FlowWatcher | None = None
        self.close_reason: CloseReason | None = None
        self._on_close = on_close

    @property
    def id(self) -> str:
        """The connection's id, a UUIDv7."""
        return str(UUID(bytes=self._id))

    @property
    def backlog_bytes(self) -> int:
        """How much waits here for the peer."""
        raise NotImplementedError

    def write(self, chunks: bytes) -> None:
        """Send whole chunks, in order. Never waits; nothing happens after the end."""
        if self.flowing is not None:
            self.flowing.write(chunks)
        else:
            self.hold(chunks)

    def _flow(self, flowing: Flowing | None) -> None:
        """Set what takes chunks from now on."""
        self.flowing = flowing
        if self.watcher is not None:
            self.watcher.flow_changed()

    def hold(self, chunks: bytes) -> None:
        """Take chunks while nothing flows; closes as `slow` instead of holding too much."""
        raise NotImplementedError

    def close(self, reason: CloseReason, retry_ms: int = 0) -> None:
        """Say `closing` and end. retry_ms: when the client is to come back, 0 to leave it to him."""
        if self.close_reason is None:
            self.close_reason = reason
            self._end(frames.closing(reason, retry_ms))
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
