"""Fallback: a stream as an ordinary ASGI response, for servers that cannot hand over a connection.

It sends the same frames within the same bounds as a connection that was handed over, at the price of a queue
and some tasks per stream. This is the only module that uses sse_starlette. Deliberate oddities:

1. The ping of sse_starlette is off: our ping carries an id, and one timer wheel serves all streams.
2. sse_starlette calls `set` on its `shutdown_event` when the server is told to stop. It gets an object of
   ours that starts the drain; the drain closes the connection, and the response ends by itself.
3. A response whose client does not read waits in `send`, and ASGI has no way to give it up. uvicorn keeps
   such a connection even after the response was cancelled, and waits for it at its end, for ever. So its
   transport is aborted: uvicorn's `receive` is a method of an object that has it. With other servers, or
   behind a middleware that wraps `receive`, the response is cancelled instead.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, cast

from sse_starlette import EventSourceResponse
from starlette.types import Receive, Scope, Send

from lumen_notify.deliver.connection.connection import Connection
from lumen_notify.deliver.frames.chunks import unchunk
from lumen_notify.model import CloseReason


class QueueConnection(Connection):
    """A queue that a response drains. max_backlog_bytes: the most that may wait in it, unless it is a single
    write; 0 means no bound."""

    __slots__ = ("_backlog", "_backlog_bytes", "_max_backlog_bytes", "_wakeup", "on_abort")

    def __init__(self, *, max_backlog_bytes: int, **common: Any) -> None:
        super().__init__(**common)
        self._backlog: deque[bytes] = deque()
        self._backlog_bytes = 0
        self._max_backlog_bytes = max_backlog_bytes
        self._wakeup = asyncio.Event()
        self.on_abort: Callable[[], object] | None = None  # while a response drains it

    @property
    def backlog_bytes(self) -> int:
        """How many bytes wait in the queue."""
        return self._backlog_bytes

    @property
    def is_drained(self) -> bool:
        """Whether the response has taken all chunks."""
        return not self._backlog

    def enqueue(self, chunks: bytes) -> None:
        """Queue chunks for the response."""
        if self.close_reason is not None:
            return
        if self._backlog and 0 < self._max_backlog_bytes < self._backlog_bytes + len(chunks):
            self.close(CloseReason.SLOW)
            return
        self._backlog.append(chunks)
        self._backlog_bytes += len(chunks)
        self._wakeup.set()

    def abort(self) -> None:
        """Give up the response, if it has not ended: the client does not take the last bytes."""
        if self.on_abort is not None:
            self.on_abort()

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
                if self.is_drained:
                    self._drained()
                yield unchunk(chunks)
            else:
                return


async def respond(
    connection: QueueConnection,
    begin: Callable[[Connection], Awaitable[None]],
    scope: Scope,
    receive: Receive,
    send: Send,
    *,
    on_shutdown: Callable[[], None],
    grace_seconds: float,
) -> None:
    """Drain a connection into a response, until it has closed, or is aborted.

    begin: brings the connection up to date while the response already drains it. on_shutdown: called when the
    server is told to stop. grace_seconds: how long the response may then take to end by itself.
    """
    response = EventSourceResponse(
        _drain(connection, begin),
        ping=0,
        shutdown_event=cast("Any", _ShutdownEvent(on_shutdown)),
        shutdown_grace_period=grace_seconds,
    )
    transport = getattr(getattr(receive, "__self__", None), "transport", None)
    task = cast("asyncio.Task[Any]", asyncio.current_task())
    is_aborted = False

    def abort() -> None:
        nonlocal is_aborted
        is_aborted = True
        if transport is None:
            task.cancel()
        else:
            transport.abort()  # uvicorn then ends the response as that of a client that has gone

    connection.on_abort = abort
    try:
        await response(scope, receive, send)
    except asyncio.CancelledError:
        if not is_aborted or transport is not None:
            raise
        task.uncancel()
    finally:
        connection.on_abort = None


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
