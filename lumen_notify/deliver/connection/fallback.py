"""Fallback: a stream as an ordinary ASGI response, for servers that cannot hand over a connection.

It sends the same frames within the same bounds as a connection that was handed over, at the price of a queue
and some tasks per stream. This is the only module that uses sse_starlette. Deliberate oddities:

1. The ping of sse_starlette is off: our ping carries an id, and one timer wheel serves all streams.
2. sse_starlette calls `set` on its `shutdown_event` when the server is told to stop. It gets an object of
   ours that starts the drain; the drain closes the connection, and the response ends by itself.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, cast

from sse_starlette import EventSourceResponse
from starlette.responses import Response

from lumen_notify.deliver.connection.connection import Connection
from lumen_notify.deliver.frames.chunks import unchunk
from lumen_notify.model import CloseReason


class QueueConnection(Connection):
    """A queue that a response drains. max_backlog_bytes: the most that may wait in it; 0 means no bound."""

    __slots__ = ("_backlog", "_backlog_bytes", "_max_backlog_bytes", "_wakeup")

    def __init__(self, *, max_backlog_bytes: int, **common: Any) -> None:
        super().__init__(**common)
        self._backlog: deque[bytes] = deque()
        self._backlog_bytes = 0
        self._max_backlog_bytes = max_backlog_bytes
        self._wakeup = asyncio.Event()

    @property
    def backlog_bytes(self) -> int:
        """How many bytes wait in the queue."""
        return self._backlog_bytes

    def enqueue(self, chunks: bytes) -> None:
        """Queue chunks for the response."""
        if self.close_reason is not None:
            return
        if 0 < self._max_backlog_bytes < self._backlog_bytes + len(chunks):
            self.close(CloseReason.SLOW)
            return
        self._backlog.append(chunks)
        self._backlog_bytes += len(chunks)
        self._wakeup.set()

    def _end(self, last: bytes) -> None:
        if self.close_reason is CloseReason.SLOW:
            self._backlog.clear()
        self._backlog.append(last)
        self._backlog_bytes = sum(map(len, self._backlog))
        self._wakeup.set()

    async def payloads(self) -> AsyncIterator[bytes]:
        """Yield payloads, without chunk framing, until the connection has closed."""
        while self._backlog or self.close_reason is None:
            if not self._backlog:
                self._wakeup.clear()
                await self._wakeup.wait()
            elif self.close_reason is not CloseReason.GONE:
                chunks = self._backlog.popleft()
                self._backlog_bytes -= len(chunks)
                yield unchunk(chunks)
            else:
                return


def respond(
    connection: QueueConnection,
    begin: Callable[[Connection], Awaitable[None]],
    *,
    on_shutdown: Callable[[], None],
    grace_seconds: float,
) -> Response:
    """Return the response that drains a connection.

    begin: brings the connection up to date while the response already drains it. on_shutdown: called when the
    server is told to stop. grace_seconds: how long the response may then take to end by itself.
    """
    return EventSourceResponse(
        _drain(connection, begin),
        ping=0,
        shutdown_event=cast("Any", _ShutdownEvent(on_shutdown)),
        shutdown_grace_period=grace_seconds,
    )


async def _drain(
    connection: QueueConnection, begin: Callable[[Connection], Awaitable[None]]
) -> AsyncIterator[bytes]:
    beginning = asyncio.ensure_future(begin(connection))
    try:
        async for payload in connection.payloads():
            yield payload
    finally:
        connection.on_disconnect()
        beginning.cancel()
        await asyncio.gather(beginning, return_exceptions=True)


class _ShutdownEvent:
    """Stands in for the event that sse_starlette sets at shutdown (oddity 2)."""

    def __init__(self, on_shutdown: Callable[[], None]) -> None:
        self._on_shutdown = on_shutdown

    def set(self) -> None:
        self._on_shutdown()
