"""Write drain: writes that wait at a shutdown are committed, or get an error in time."""

from __future__ import annotations

import asyncio

from lumen_notify.commit.write_drain import WriteDrain
from lumen_notify.supervisor import Supervisor


class RecordingCommitter:
    """Ends when it is closed, unless it is stuck."""

    def __init__(self, *, is_stuck: bool = False) -> None:
        self.is_abandoned = False
        self._is_stuck = is_stuck
        self._closed = asyncio.Event()

    async def run(self) -> None:
        await (asyncio.Event() if self._is_stuck else self._closed).wait()

    def close(self) -> None:
        self._closed.set()

    def abandon(self) -> None:
        self.is_abandoned = True


async def drained(committer: RecordingCommitter, drain_seconds: float) -> None:
    supervisor = Supervisor()
    supervisor.start("committer", committer.run)
    drain = WriteDrain(committer, supervisor, drain_seconds=drain_seconds)  # type: ignore[arg-type]
    drain.start()
    drain.start()
    await drain.finish()
    assert await supervisor.wait("committer", seconds=0)


async def test_writes_that_end_in_time_are_not_abandoned() -> None:
    committer = RecordingCommitter()
    await drained(committer, drain_seconds=600)
    assert not committer.is_abandoned


async def test_writes_that_do_not_end_in_time_are_abandoned() -> None:
    committer = RecordingCommitter(is_stuck=True)
    await drained(committer, drain_seconds=0)
    assert committer.is_abandoned
