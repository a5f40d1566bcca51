"""Revocations: reads those of all instances from the database, whatever delivery does.

A revocation is an event of the log, too, which ends the user's streams (`sessions`). An instance whose
delivery is far behind the log would learn from it too late that a token no longer counts.

Promise: tokens that another instance has revoked are refused READ_SECONDS later, as long as this instance can
read the database.
"""

from __future__ import annotations

import asyncio

from lumen_notify.auth import Revocations
from lumen_notify.commit.database import Database
from lumen_notify.errors import Unavailable

READ_SECONDS = 1.0
"""The pause between two reads: a short query by an index."""

OVERLAP_MS = 10_000
"""The revocations of so long before the newest one are read again: the clocks of instances differ, and a
later commit may have an earlier time."""


class RevocationReader:
    """Reads revocations. revocations: those of this instance, known when it started."""

    def __init__(self, database: Database, revocations: Revocations) -> None:
        self._database = database
        self._revocations = revocations
        self._newest = revocations.newest
        self._must_read_all = False

    def forget(self) -> None:
        """Read all of them again, soon: the database has become another one."""
        self._must_read_all = True

    async def run(self) -> None:
        """Read until cancelled."""
        while True:
            await asyncio.sleep(READ_SECONDS)
            await self.read()

    async def read(self) -> None:
        """Read once, unless the database does not answer."""
        before = self._revocations.copy() if self._must_read_all else {}
        try:
            if self._must_read_all:
                rows = await self._database.fetch("revocations")
            else:
                rows = await self._database.fetch("revocations_since", since=self._newest - OVERLAP_MS)
        except Unavailable:
            return  # whoever needs the database says so
        if self._must_read_all:
            self._must_read_all = False
            self._revocations.replace(before, {str(user_id): int(not_before) for user_id, not_before in rows})
            self._newest = 0
        for user_id, not_before in rows:
            self._revocations.revoke(user_id, not_before)
            self._newest = max(self._newest, not_before)
