"""Queue lengths: how much waits for its time, and how large the database is; for the metrics."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable

from lumen_notify.commit.database import Database
from lumen_notify.errors import Unavailable
from lumen_notify.outages import Outage

LOOK_SECONDS = 5.0

SIZE_SECONDS = 60.0
"""How often the database is asked for its size: PostgreSQL looks at all of its files."""

MOST = 100_000
"""Rows beyond these are not counted."""


class QueueLengths:
    """What waits, at the last look.

    scheduled: notifications with a `deliver_at`. overdue_seconds: for how long the oldest of them has been
    due; 0 if none is. digest_items: notifications that wait for a digest. pending_groups: merged
    notifications that wait to be announced. dead_letters: pushes that were given up. database_bytes: the size
    of the database. may_run: whether this instance does the jobs; the others report zeros. wall_clock:
    milliseconds; clock: monotonic seconds.
    """

    def __init__(
        self,
        database: Database,
        wall_clock: Callable[[], int],
        *,
        may_run: Callable[[], bool],
        outage: Outage,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._wall_clock = wall_clock
        self._may_run = may_run
        self._outage = outage
        self._clock = clock
        self._clear()

    def _clear(self) -> None:
        self.scheduled = self.digest_items = self.pending_groups = self.dead_letters = 0
        self.overdue_seconds = 0.0
        self.database_bytes = 0
        self._size_at = -math.inf

    async def run(self) -> None:
        """Look, until it is cancelled."""
        while True:
            try:
                await self.look()
            except Unavailable:
                pass  # those who write say so
            except Exception as error:  # noqa: BLE001 - no metric is worth an end of the server
                self._outage.begin(error, has_trace=True)
            else:
                self._outage.end()
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Look once. Raises Unavailable; the numbers then stay."""
        if not self._may_run():
            self._clear()
            return
        (row,) = await self._database.fetch("queue_lengths", most=MOST)
        self.scheduled, next_at, self.digest_items, self.pending_groups, self.dead_letters = row
        self.overdue_seconds = 0.0 if next_at is None else max(0, self._wall_clock() - next_at) / 1000
        if self._clock() >= self._size_at:
            ((self.database_bytes,),) = await self._database.fetch("database_bytes")
            self._size_at = self._clock() + SIZE_SECONDS
