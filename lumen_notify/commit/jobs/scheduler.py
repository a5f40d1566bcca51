"""Scheduler: starts work that is due, whichever instance scheduled it.

Promises: work starts within half a second of its time; a failure does not stop the next round; a kind of work
that takes long does not delay the others.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from lumen_notify.commit.database import Database
from lumen_notify.commit.notifications.digests import PublishDigests
from lumen_notify.commit.notifications.grouping import FlushGroups, announced_before
from lumen_notify.commit.notifications.removal import Expire
from lumen_notify.commit.notifications.schedule import PublishDue
from lumen_notify.errors import Unavailable

LOOK_SECONDS = 0.25
"""The pause between two rounds: one query by indexes, which nearly always finds nothing."""

STEPS: Mapping[str, Any] = {
    "scheduled": PublishDue(),
    "expired": Expire(query="expired_before"),
    "groups": FlushGroups(),
    "digests": PublishDigests(),
}
"""The command that does one step of the work, by its name in the query `due`. A falsy result means that
nothing is left."""

Submit = Callable[[Any], Awaitable[Any]]

_log = logging.getLogger("lumen_notify.scheduler")


class Scheduler:
    """Runs one task that looks for due work, and one for each kind of it. submit: the committer's."""

    def __init__(self, database: Database, submit: Submit, clock: Callable[[], int]) -> None:
        self._database = database
        self._submit = submit
        self._clock = clock
        self._looking: asyncio.Task[None] | None = None
        self._running: dict[str, asyncio.Task[None]] = {}

    def start(self) -> None:
        """Start the first round."""
        self._looking = asyncio.get_running_loop().create_task(self._run(), name="scheduler")

    async def close(self) -> None:
        """Stop, also in the middle of a step."""
        if self._looking is not None:
            tasks = [self._looking, *self._running.values()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            await _log_errors("Looking for due work", self._look())
            await asyncio.sleep(LOOK_SECONDS)

    async def _look(self) -> None:
        now = self._clock()
        for (name,) in await self._database.fetch("due", now=now, announced_before=announced_before(now)):
            if name not in self._running:
                self._running[name] = asyncio.get_running_loop().create_task(self._run_steps(name), name=name)

    async def _run_steps(self, name: str) -> None:
        try:
            await _log_errors(name, run_until_done(self._submit, STEPS[name]))
        finally:
            del self._running[name]


async def run_until_done(submit: Submit, command: Any) -> None:
    """Submit a command until its result is falsy: nothing was left to do. Raises Unavailable."""
    while await submit(command):
        pass


async def _log_errors(what: str, work: Awaitable[None]) -> None:
    try:
        await work
    except Unavailable as error:
        _log.warning("%s ended early: %s", what, error.message)
    except Exception:  # noqa: BLE001 - a defect in one round must not prevent the next
        _log.exception("%s failed.", what)
