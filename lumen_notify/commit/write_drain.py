"""Write drain: the end of the writes when a server stops, within its drain time."""

from __future__ import annotations

import asyncio

from lumen_notify.commit.committer import Committer
from lumen_notify.supervisor import Supervisor

SHARE = 0.8
"""The share of the drain time after which writes that wait get an error."""

MIN_SECONDS = 1.0


class WriteDrain:
    """Ends the committer's task `committer`, so that its callers have an answer before the server closes
    their connections."""

    def __init__(self, committer: Committer, supervisor: Supervisor, *, drain_seconds: float) -> None:
        self._committer = committer
        self._supervisor = supervisor
        self._seconds = max(MIN_SECONDS, drain_seconds * SHARE)
        self._ending: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start to count: writes that have not ended in time get an error."""
        if self._ending is None:
            self._ending = asyncio.get_running_loop().create_task(self._end(), name="end-writes")

    async def finish(self) -> None:
        """Take no more writes, and wait for the end of those that wait."""
        self._committer.close()
        if self._ending is not None:
            await self._ending

    async def _end(self) -> None:
        if not await self._supervisor.wait("committer", seconds=self._seconds):
            self._committer.abandon()
            await self._supervisor.stop("committer")
