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
    """The backlog at the last look. due: rows of the outbox that are not done. waiting: pushes that wait for
    one user. may_run: whether this instance pushes; the others report zeros. clock: milliseconds."""

    def __init__(self, database: Database, clock: Callable[[], int], *, may_run: Callable[[], bool]) -> None:
        self.due = 0
        self.waiting = 0
        self._oldest_due_at: int | None = None
        self._database = database
        self._clock = clock
        self._may_run = may_run

    @property
    def oldest_seconds(self) -> float:
        """For how long the oldest row of the outbox has been due; 0 if none is."""
        return 0.0 if self._oldest_due_at is None else max(0, self._clock() - self._oldest_due_at) / 1000

    async def run(self) -> None:
        """Look, until it is cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Look once. While the database cannot be read, the numbers stay."""
        if not self._may_run():
            self.due, self._oldest_due_at, self.waiting = 0, None, 0
            return
        try:
            ((self.due, self._oldest_due_at, self.waiting),) = await self._database.fetch(
                "push_backlog", most=MOST
            )
        except Unavailable:
            return  # those who push say so
