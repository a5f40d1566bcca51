"""Scheduler: starts work that is due, whichever instance scheduled it.

Promises: work starts within half a second of its time, or once another instance has taken over (`job_lock`);
a failure does not stop the next round; a kind of work that takes long does not delay the others.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from lumen_notify.commit.database import Database
from lumen_notify.commit.notifications.digests import PublishDigests, ahead_of
from lumen_notify.commit.notifications.grouping import FlushGroups, announced_before
from lumen_notify.commit.notifications.schedule import PublishDue
from lumen_notify.commit.publications.removal import Expire
from lumen_notify.commit.users.purge import PurgeUser
from lumen_notify.errors import Unavailable
from lumen_notify.outages import Outage
from lumen_notify.supervisor import end_tasks

LOOK_SECONDS = 0.25
"""The pause between two rounds: one query by indexes, which nearly always finds nothing."""

STEPS: Mapping[str, Any] = {
    "scheduled": PublishDue(),
    "expired": Expire(query="expired_before"),
    "groups": FlushGroups(),
    "digests": PublishDigests(),
    "deletions": PurgeUser(),
}
"""The command that does one step of the work, by its name in the query `due`. A falsy result means that
nothing is left."""

Submit = Callable[[Any], Awaitable[Any]]


class Scheduler:
    """Looks for due work, and runs a task for each kind of it. submit: the committer's. may_run: whether this
    instance does the jobs. outage: of both."""

    def __init__(
        self,
        database: Database,
        submit: Submit,
        clock: Callable[[], int],
        *,
        may_run: Callable[[], bool] = lambda: True,
        outage: Outage | None = None,
    ) -> None:
        self._database = database
        self._submit = submit
        self._clock = clock
        self._may_run = may_run
        self._outage = outage or Outage("scheduler")
        self._running: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Look for work, round after round, until it is cancelled, also in the middle of a step."""
        try:
            while True:
                if self._may_run():
                    await self._note_errors(self._look())
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            await end_tasks(self._running.values())

    async def _due(self) -> set[str]:
        """Return the names of the work that is due."""
        now = self._clock()
        rows = await self._database.fetch(
            "due", now=now, announced_before=announced_before(now), ahead=ahead_of(now)
        )
        return {name for (name,) in rows}

    async def _look(self) -> None:
        for name in await self._due():
            if name not in self._running:
                self._running[name] = asyncio.get_running_loop().create_task(self._run_steps(name), name=name)

    async def _run_steps(self, name: str) -> None:
        try:
            await self._note_errors(self._run_due_steps(name))
        finally:
            del self._running[name]

    async def _run_due_steps(self, name: str) -> None:
        """Run steps until nothing is left. A query finds that out, not one more transaction: writes that wait
        are not kept waiting."""
        while await self._submit(STEPS[name]) and name in await self._due():
            pass

    async def _note_errors(self, work: Awaitable[None]) -> None:
        try:
            await work
        except Unavailable as error:
            self._outage.begin(error)
        except Exception as error:  # noqa: BLE001 - a defect in one round must not prevent the next
            self._outage.begin(error, has_trace=True)
        else:
            self._outage.end()
