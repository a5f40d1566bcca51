"""Revocations: reads those of all instances from the database, whatever delivery does.

A revocation is an event of the log, too, which ends the user's streams (`sessions`). An instance whose
delivery is far behind the log would learn from it too late that a token no longer counts.

Promise: tokens that another instance has revoked are refused READ_SECONDS later, as long as this instance can
read the database.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from lumen_notify.commit.database import Database
from lumen_notify.errors import Unavailable

READ_SECONDS = 1.0
"""The pause between two reads: a short query by an index."""

OVERLAP_MS = 10_000
"""The revocations of so long before the newest one are read again: the clocks of instances differ, and a
later commit may have an earlier time."""


class RevocationReader:
    """Reads revocations. revoke: called with (user, time in milliseconds) for each, also again. newest: the
    time of the newest one that is known; 0 for none."""

    def __init__(self, database: Database, revoke: Callable[[str, int], None], *, newest: int) -> None:
        self._database = database
        self._revoke = revoke
        self._newest = newest

    async def run(self) -> None:
        """Read until cancelled."""
        while True:
            await asyncio.sleep(READ_SECONDS)
            await self.read()

    async def read(self) -> None:
        """Read once, unless the database does not answer."""
        try:
            rows = await self._database.fetch("revocations_since", since=self._newest - OVERLAP_MS)
        except Unavailable:
            return  # whoever needs the database says so
        for user_id, not_before in rows:
            self._revoke(user_id, not_before)
            self._newest = max(self._newest, not_before)
