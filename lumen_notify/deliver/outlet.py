"""Outlet: one stream; bounded, ordered, closed when too slow.

What every stream shares stands in `Outlet`; how bytes leave is a subclass's: here `QueueOutlet`, a
queue that a response drains.

Promises: chunks leave in the order of `write`, each once; what waits is bounded in bytes, and an
outlet that would pass the bound closes as `slow` instead; after the close nothing is written.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

from lumen_notify.deliver import frames
from lumen_notify.model import CloseReason, now_ms, new_id

OnClose = Callable[["Outlet", CloseReason], None]


class Outlet:
    """One open stream of one user.

    address: the peer's. expires_at: when its token ends, in ms; written_at: when bytes last left,
    in the wheel's seconds. events: how many chunks it got.
    """

    __slots__ = (
        "address",
        "close_reason",
        "connected_at",
        "device",
        "events",
        "expires_at",
        "id",
        "is_warned",
        "on_close",
        "user_id",
        "written_at",
    )

    def __init__(
        self, *, user_id: str, device: str | None, address: str, expires_at: int, on_close: OnClose
    ) -> None:
        self.id = new_id()
        self.user_id = user_id
        self.device = device
        self.address = address
        self.connected_at = now_ms()
        self.expires_at = expires_at
        self.is_warned = False
        self.written_at = 0
        self.events = 0
        self.close_reason: CloseReason | None = None
        self.on_close = on_close

    @property
    def is_closed(self) -> bool:
        return self.close_reason is not None

    def write(self, chunks: Sequence[bytes]) -> None:
        """Send chunks, in order. Never waits; closes as `slow` instead of holding too much."""
        raise NotImplementedError

    def close(self, reason: CloseReason, retry_ms: int = 0) -> None:
        """Say `closing` and end. The first reason counts; a second close does nothing."""
        if self.close_reason is None:
            self.close_reason = reason
            self._end(frames.closing(reason, retry_ms))
            self.on_close(self, reason)

    def lost(self) -> None:
        """Note that the peer is gone."""
        if self.close_reason is None:
            self.close_reason = CloseReason.GONE
            self.on_close(self, CloseReason.GONE)

    def _end(self, last: bytes) -> None:
        """Send the last chunk and end, without waiting for what is held."""
        raise NotImplementedError


class QueueOutlet(Outlet):
    """A queue that a response drains. max_backlog_bytes: what may wait in it, 0 for no bound."""

    __slots__ = ("_backlog_bytes", "_max_backlog_bytes", "_queue")

    def __init__(
        self,
        *,
        user_id: str,
        device: str | None,
        address: str,
        expires_at: int,
        on_close: OnClose,
        max_backlog_bytes: int,
    ) -> None:
        super().__init__(
            user_id=user_id,
            device=device,
            address=address,
            expires_at=expires_at,
            on_close=on_close,
        )
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._backlog_bytes = 0
        self._max_backlog_bytes = max_backlog_bytes

    def write(self, chunks: Sequence[bytes]) -> None:
        if self.close_reason is not None:
            return
        self._backlog_bytes += frames.total_bytes(chunks)
        if 0 < self._max_backlog_bytes < self._backlog_bytes:
            self.close(CloseReason.SLOW)
            return
        for one in chunks:
            self._queue.put_nowait(one)

    def _end(self, last: bytes) -> None:
        if self.close_reason is CloseReason.SLOW:
            while not self._queue.empty():
                self._queue.get_nowait()
        self._queue.put_nowait(last)
        self._queue.put_nowait(None)

    async def payloads(self) -> AsyncIterator[bytes]:
        """Yield payloads, without chunk framing, until the outlet has closed."""
        while (one := await self._queue.get()) is not None:
            self._backlog_bytes -= len(one)
            yield frames.unchunk(one)
