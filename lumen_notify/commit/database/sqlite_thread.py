"""SQLite thread: one SQLite connection, and the daemon thread on which all its calls run.

Promise: a connection that nobody closed keeps neither the event loop nor the process alive. What was
committed is in the file; the rest is rolled back.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, Self, TypeVar

CLOSE_SECONDS = 1.0
"""How long `close` waits for a call that still runs, such as one that waits for another process's lock. The
thread then closes the connection as soon as that call has returned."""

# sqlite3 looks for an adapter of each None that it writes: to find none takes a quarter of the time of a row.
sqlite3.register_adapter(type(None), {None: None}.__getitem__)

Result = TypeVar("Result")

_Call = tuple[Callable[[sqlite3.Connection], Any], "asyncio.Future[Any]"]


class SqliteThread:
    """A connection to a file, in autocommit mode. path: of the file, which is created if it is missing."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._loop = asyncio.get_running_loop()
        self._calls: SimpleQueue[_Call | None] = SimpleQueue()
        self._closed = self._loop.create_future()
        self._connection: sqlite3.Connection | None = None
        threading.Thread(target=self._work, name="lumen-sqlite", daemon=True).start()

    @classmethod
    async def connect(cls, path: str) -> Self:
        """Connect. Raises sqlite3.Error."""
        thread = cls(path)
        try:
            await thread.call(lambda _connection: None)
        except BaseException:
            await thread.close()
            raise
        return thread

    async def call(self, function: Callable[[sqlite3.Connection], Result]) -> Result:
        """Run a function with the connection on the thread; return its result, or raise what it raises.

        A caller that is cancelled does not stop the function.
        """
        answer: asyncio.Future[Result] = self._loop.create_future()
        self._calls.put((function, answer))
        return await answer

    async def close(self) -> None:
        """Interrupt the statement that runs, if any, roll back, and close."""
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):  # it has just been closed
                self._connection.interrupt()
        self._calls.put(None)
        await asyncio.wait([self._closed], timeout=CLOSE_SECONDS)

    def _work(self) -> None:
        try:
            while (call := self._calls.get()) is not None:
                function, answer = call
                try:
                    if self._connection is None:
                        self._connection = _open(self._path)
                    self._tell(answer, answer.set_result, function(self._connection))
                except Exception as error:  # noqa: BLE001 - the caller waits for it, whatever it is
                    self._tell(answer, answer.set_exception, error)
        except RuntimeError:
            pass  # the loop has ended, without a close
        connection, self._connection = self._connection, None
        if connection is not None:
            _close(connection)
        with contextlib.suppress(RuntimeError):
            self._tell(self._closed, self._closed.set_result, None)

    def _tell(self, answer: asyncio.Future[Any], tell: Callable[[Any], None], result: object) -> None:
        """Answer a caller, unless they were cancelled. Raises RuntimeError if the loop has ended."""

        def tell_caller() -> None:
            if not answer.done():
                tell(result)

        self._loop.call_soon_threadsafe(tell_caller)


def _open(path: str) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False)


def _close(connection: sqlite3.Connection) -> None:
    with contextlib.suppress(sqlite3.Error):
        connection.execute("SELECT 1")  # or an interrupt would still hold, and stop the last checkpoint
    connection.close()
