"""Readers: connections for reading, each of which serves one query at a time.

A database has two groups of them, so that slow lists do not delay the streams (`database`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol

from lumen_notify.commit.database.connection import Connection, Rows
from lumen_notify.errors import DatabaseUnavailable


class Reads(Protocol):
    """What reads need: a group of connections, or the database."""

    def fetch(self, name: str, /, **values: Any) -> Awaitable[Rows]:
        """Run a named query on a snapshot of its own; return its rows. Raises DatabaseUnavailable."""


class Readers:
    """A group of connections. Further queries wait, in their order.

    busy: connections that run a query. waiting: queries that wait for one. observe_seconds: gets how long
    each query took, with its wait.
    """

    def __init__(self, connections: Sequence[Connection]) -> None:
        self.busy = 0
        self.waiting = 0
        self.observe_seconds: Callable[[float], None] = lambda _: None
        self._connections = connections
        self._idle: asyncio.Queue[Connection] = asyncio.Queue()
        self._may_begin = asyncio.Event()
        self._may_begin.set()

    def __len__(self) -> int:
        return len(self._connections)

    def open(self) -> None:
        """Take queries. Each connection opens with its first one."""
        for connection in self._connections:
            self._idle.put_nowait(connection)

    async def close(self) -> None:
        """Close all connections."""
        for connection in self._connections:
            await connection.close()

    async def fetch(self, name: str, /, **values: Any) -> Rows:
        """Run a named query. Each call sees one snapshot.

        After an outage it tries once more on a new connection. Raises DatabaseUnavailable.
        """
        began_at = time.monotonic()
        self.waiting += 1
        try:
            await self._may_begin.wait()
            reader = await self._idle.get()
        finally:
            self.waiting -= 1
        self.busy += 1
        try:
            try:
                return await reader.run(name, **values)
            except DatabaseUnavailable:
                return await reader.run(name, **values)
        finally:
            self.busy -= 1
            self._idle.put_nowait(reader)
            self.observe_seconds(time.monotonic() - began_at)

    @asynccontextmanager
    async def paused(self) -> AsyncIterator[None]:
        """Wait until all queries have ended, and let no other begin until the end of the block."""
        self._may_begin.clear()
        held: list[Connection] = []
        try:
            while len(held) < len(self._connections):
                held.append(await self._idle.get())
            yield
        finally:
            for connection in held:
                self._idle.put_nowait(connection)
            self._may_begin.set()
