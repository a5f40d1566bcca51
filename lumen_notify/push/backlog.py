"""Backlog: how much waits to be pushed, and for how long, as the database says; for the metrics."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from lumen_notify.commit.database import Database
from lumen_notify.errors import Unavailable

LOOK_SECONDS = 5.0

MOST = 100_000
"""Rows beyond these are not counted."""


class Backlog:
    """The backlog at the last look.

    due: rows of the outbox that are not done. waiting: pushes that wait for one user. oldest_seconds: for how
    long the oldest row of the outbox has been due; 0 if none is. may_run: whether this instance pushes; the
    others report zeros. clock: milliseconds.
    """

    def __init__(self, database: Database, clock: Callable[[], int], *, may_run: Callable[[], bool]) -> None:
        self.due = 0
        self.waiting = 0
        self.oldest_seconds = 0.0
        self._database = database
        self._clock = clock
        self._may_run = may_run

    async def run(self) -> None:
        """Look, until it is cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Look once. While the database cannot be read, the numbers stay."""
        if not self._may_run():
            self.due, self.waiting, self.oldest_seconds = 0, 0, 0.0
            return
        try:
            ((self.due, due_at, self.waiting),) = await self._database.fetch("push_backlog", most=MOST)
        except Unavailable:
            return  # those who push say so
        self.oldest_seconds = 0.0 if due_at is None else max(0, self._clock() - due_at) / 1000
