"""Fallback: a stream as an ordinary ASGI response, for servers that cannot hand over a connection.

The same frames and the same bounds as `handover`, at the price of a queue and some tasks a stream.
Here is the only use of sse_starlette. Deliberate oddities:

1. Its own ping is off: ours carries an id, and one wheel serves all streams.
2. It calls `set` on its `shutdown_event` when the server is told to end. It gets an object of ours
   that begins the drain; the drain closes the outlet, and the response ends by itself.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, cast

from sse_starlette import EventSourceResponse
from starlette.responses import Response

from lumen_notify.deliver.connection.connection import Outlet
from lumen_notify.deliver.frames.chunks import unchunk
from lumen_notify.model import CloseReason


class QueueOutlet(Outlet):
    """A queue that a response drains. max_backlog_bytes: what may wait in it, 0 for no bound."""

    __slots__ = ("_backlog", "_backlog_bytes", "_max_backlog_bytes", "_news")

    def __init__(self, *, max_backlog_bytes: int, **common: Any) -> None:
        super().__init__(**common)
        self._backlog: deque[bytes] = deque()
        self._backlog_bytes = 0
        self._max_backlog_bytes = max_backlog_bytes
        self._news = asyncio.Event()

    @property
    def backlog_bytes(self) -> int:
        """How much waits in the queue."""
        return self._backlog_bytes

    def hold(self, chunks: bytes) -> None:
        """Queue chunks for the response."""
        if self.close_reason is not None:
            return
        if 0 < self._max_backlog_bytes < self._backlog_bytes + len(chunks):
            self.close(CloseReason.SLOW)
            return
        self._backlog.append(chunks)
        self._backlog_bytes += len(chunks)
        self._news.set()

    def _end(self, last: bytes) -> None:
        if self.close_reason is CloseReason.SLOW:
            self._backlog.clear()
        self._backlog.append(last)
        self._backlog_bytes = sum(map(len, self._backlog))
        self._news.set()

    async def payloads(self) -> AsyncIterator[bytes]:
        """Yield payloads, without chunk framing, until the outlet has closed."""
        while self._backlog or self.close_reason is None:
            if not self._backlog:
                self._news.clear()
                await self._news.wait()
            elif self.close_reason is not CloseReason.GONE:
                one = self._backlog.popleft()
                self._backlog_bytes -= len(one)
                yield unchunk(one)
            else:
                return


def respond(
    outlet: QueueOutlet,
    begin: Callable[[Outlet], Awaitable[None]],
    *,
    on_shutdown: Callable[[], None],
    grace_seconds: float,
) -> Response:
    """Make the response that drains an outlet.

    begin: brings it up to date, beside the draining. on_shutdown: called when the server is told to
    end; grace_seconds: what the response then has to end by itself.
    """
    return EventSourceResponse(
        _drained(outlet, begin),
        ping=0,
        shutdown_event=cast("Any", _Farewell(on_shutdown)),
        shutdown_grace_period=grace_seconds,
    )


async def _drained(outlet: QueueOutlet, begin: Callable[[Outlet], Awaitable[None]]) -> AsyncIterator[bytes]:
    beginning = asyncio.ensure_future(begin(outlet))
    try:
        async for payload in outlet.payloads():
            yield payload
    finally:
        outlet.lost()
        beginning.cancel()
        await asyncio.gather(beginning, return_exceptions=True)


class _Farewell:
    """Stands in for the event that sse_starlette sets at shutdown (oddity 2)."""

    def __init__(self, on_shutdown: Callable[[], None]) -> None:
        self._on_shutdown = on_shutdown

    def set(self) -> None:
        self._on_shutdown()
