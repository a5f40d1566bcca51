"""Supervisor: owns the long tasks of a server, and knows what does not work.

Promises: a task that ends by an exception starts again, after a pause that doubles from FIRST_PAUSE_SECONDS
to MAX_PAUSE_SECONDS; its outage is logged once. A task that has failed MAX_FAILURES times in a row cannot be
helped here: `gave_up` is set, and a server of our own then ends, so that whoever started it starts it anew.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from lumen_notify.outages import Outage

FIRST_PAUSE_SECONDS = 0.1
MAX_PAUSE_SECONDS = 10.0

SETTLED_SECONDS = 5.0
"""A task that has run for so long after its restart works again."""

MAX_FAILURES = 12
"""Failures in a row, within about a minute."""

AGAIN_SECONDS = 5.0
"""A task that has not ended is cancelled again after so long: libraries lose cancellations, as asyncpg may
while it connects."""

_log = logging.getLogger("lumen_notify.supervisor")


class Supervisor:
    """The tasks, by name.

    failures: how many times each task has ended by an exception. outages: all that may fail, by name.
    gave_up: set once a task cannot be helped. clock: monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.failures: Counter[str] = Counter()
        self.outages: dict[str, Outage] = {}
        self.gave_up = asyncio.Event()
        self._clock = clock
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def outage(self, what: str, *, place: str = "") -> Outage:
        """Return the outage of this name; the same object each time. place: of a new one."""
        return self.outages.setdefault(what, Outage(what, self._clock, place=place))

    def start(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        """Run a task until `stop`, or until it returns. It starts again when it raises."""
        self.outage(_outage_name(name))
        self.failures[name] += 0  # so that its metric is there before it fails
        work = self._keep_running(name, run)
        self._tasks[name] = asyncio.get_running_loop().create_task(work, name=name)

    async def stop(self, name: str) -> None:
        """Cancel a task and wait for its end. Does nothing if it does not run."""
        task = self._tasks.pop(name, None)
        if task is not None:
            await end_tasks([task])

    async def wait(self, name: str, *, seconds: float) -> bool:
        """Wait until a task has returned by itself, at most so many seconds; return whether it has."""
        if name in self._tasks:
            await asyncio.wait([self._tasks[name]], timeout=seconds)
        return name not in self._tasks or self._tasks[name].done()

    @property
    def failing(self) -> str | None:
        """The name of a task that has failed and has not settled since; None if there is none."""
        return next((name for name in self._tasks if self.outage(_outage_name(name)).error is not None), None)

    async def _keep_running(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        outage = self.outage(_outage_name(name))
        loop = asyncio.get_running_loop()
        in_a_row = 0
        while True:
            settled = loop.call_later(SETTLED_SECONDS, outage.end)
            began_at = self._clock()
            try:
                await run()
            except Exception as error:  # noqa: BLE001 - whatever it is, the task is needed
                self.failures[name] += 1
                outage.begin(error, has_trace=True)
            else:
                outage.end()
                return
            finally:
                settled.cancel()
            in_a_row = 1 if self._clock() - began_at >= SETTLED_SECONDS else in_a_row + 1
            if in_a_row == MAX_FAILURES:
                _log.critical("The task %s has failed %d times in a row.", name, in_a_row)
                self.gave_up.set()
            await asyncio.sleep(min(MAX_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** (in_a_row - 1)))


async def end_tasks(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel tasks and wait until all have ended, whatever they raise."""
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        done, left = await asyncio.wait(left, timeout=AGAIN_SECONDS)
        await asyncio.gather(*done, return_exceptions=True)  # so that nobody says that an exception was lost


def _outage_name(task: str) -> str:
    return f"task {task}"
