"""Scheduler: starts work that is due, whichever instance scheduled it.

Promises: what is due begins within half a second; whatever fails, the next round comes; what takes long in
one kind keeps back none of the others.
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
"""Between two rounds: one query by indexes, which nearly always finds nothing."""

STEPS: Mapping[str, Any] = {
    "scheduled": PublishDue(),
    "expired": Expire(query="expired_before"),
    "groups": FlushGroups(),
    "digests": PublishDigests(),
}
"""By what the query `due` calls it: the command that takes one step, and answers how much that was."""

Submit = Callable[[Any], Awaitable[Any]]

_log = logging.getLogger("lumen_notify.rounds")


class Scheduler:
    """One task that looks, and one for each kind that has something due. submit: the committer's."""

    def __init__(self, database: Database, submit: Submit, clock: Callable[[], int]) -> None:
        self._database = database
        self._submit = submit
        self._clock = clock
        self._looking: asyncio.Task[None] | None = None
        self._under_way: dict[str, asyncio.Task[None]] = {}

    def start(self) -> None:
        """Begin with the first round."""
        self._looking = asyncio.get_running_loop().create_task(self._run(), name="rounds")

    async def close(self) -> None:
        """Stop, perhaps amid a round."""
        if self._looking is not None:
            tasks = [self._looking, *self._under_way.values()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            await _whatever_happens("looking for what is due", self._look())
            await asyncio.sleep(LOOK_SECONDS)

    async def _look(self) -> None:
        now = self._clock()
        for (name,) in await self._database.fetch("due", now=now, announced_before=announced_before(now)):
            if name not in self._under_way:
                self._under_way[name] = asyncio.get_running_loop().create_task(self._do(name), name=name)

    async def _do(self, name: str) -> None:
        try:
            await _whatever_happens(name, run_until_done(self._submit, STEPS[name]))
        finally:
            del self._under_way[name]


async def run_until_done(submit: Submit, command: Any) -> None:
    """Submit a command again and again, until it answers that there was nothing to do. Raises Unavailable."""
    while await submit(command):
        pass


async def _whatever_happens(what: str, work: Awaitable[None]) -> None:
    try:
        await work
    except Unavailable as error:
        _log.warning("%s: ended early: %s", what, error.message)
    except Exception:  # noqa: BLE001 - a defect in one round must not keep back the next
        _log.exception("%s: failed", what)
