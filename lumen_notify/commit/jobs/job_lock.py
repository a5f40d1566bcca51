"""Job lock: one of the instances on a database does the jobs, the scheduler's and retention's. Another lock
says which one takes in from a queue.

It is an advisory lock of a PostgreSQL session of its own
(postgresql.org/docs/current/explicit-locking.html, section 13.3.5), so that nothing is written. With SQLite,
every process does them.

| the instance that does the jobs | another one goes on after |
|---|---|
| stops or is killed: its session ends | LOOK_SECONDS |
| is paused, or its machine is gone: the server ends its session | SILENT_SECONDS and LOOK_SECONDS |
| has writes that wait for STUCK_SECONDS: it lets go of the lock | STUCK_SECONDS and twice LOOK_SECONDS |

The lock saves work, and nothing else depends on it. Each job looks in its transaction at what is left to do:
instances that do the same job at the same moment, as after a pause, do each thing once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from lumen_notify.commit.database.connection import Connection
from lumen_notify.errors import DatabaseUnavailable
from lumen_notify.model import value

LOOK_SECONDS = 1.0
"""The pause between two statements on the session: one query, by which the instance that has the lock shows
that it is alive, and the others ask for it."""

SILENT_SECONDS = 5
"""How long a session may be silent before the server ends it."""

STUCK_SECONDS = 5.0
"""How long the writes of the instance that has the lock may wait."""

_log = logging.getLogger("lumen_notify.jobs")


@value
class Work:
    """What one instance does. number: of the advisory lock. words: for the log, after `This instance`."""

    number: int
    words: str


JOBS = Work(number=1819635055, words="does the jobs")
INTAKE = Work(number=1819635056, words="takes in from the queue")


class JobLock:
    """Whether this instance does the work.

    session: a connection that nothing else uses; None if no other instance is possible. is_stuck: whether
    this instance cannot write at the moment. is_held: whether it does the work.
    """

    def __init__(
        self, session: Connection | None, *, is_stuck: Callable[[], bool], work: Work = JOBS
    ) -> None:
        self._session = session
        self._is_stuck = is_stuck
        self._work = work
        self.is_held = session is None

    async def run(self) -> None:
        """Take the lock whenever it is free, and keep it, until cancelled. Returns if there is no session."""
        if self._session is None:
            return
        try:
            while True:
                self.is_held = await self._look(self._session)
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            self.is_held = False
            await self._session.close()

    async def _look(self, session: Connection) -> bool:
        """Return whether this instance has the lock from now on."""
        if self._is_stuck():
            if self.is_held:
                _log.warning("This instance cannot write: another one %s.", self._work.words)
                await session.close()
            return False
        had_lock = self.is_held and session.is_open
        try:
            if not session.is_open:
                # Not as a start-up parameter: see `Postgresql`.
                session.add_sql(f"SET idle_session_timeout = '{SILENT_SECONDS}s'")
            if had_lock:
                ((has_lock,),) = await session.run("keep_job_lock")
            else:
                ((has_lock,),) = await session.run("try_job_lock", number=self._work.number)
        except DatabaseUnavailable:
            return False  # whoever needs the database says so
        if has_lock and not had_lock:
            _log.info("This instance %s.", self._work.words)
        return bool(has_lock)
