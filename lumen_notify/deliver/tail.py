"""Tail: events in position order, gaps filled by reading the log.

Promise: what is committed reaches the hub, whoever announced it or failed to. An announcement is a
hint that saves reading; the log is the truth, and is looked at once a second in any case.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from typing import Protocol

from lumen_notify.deliver.frames.removed import removed_ids
from lumen_notify.errors import Unavailable
from lumen_notify.metrics import Metrics
from lumen_notify.model import Audience, Event

LOOK_SECONDS = 1.0
"""How often the log is asked for events that nobody announced."""

MAX_BEHIND_DELIVERIES = 20_000
"""Deliveries that may wait before writers are held back: about 0.2 s of one core's work."""

MAX_FAN_OUT_BYTES = 64 * 1024
"""Bodies of the events that are fanned out at once, if they are more than one: a stream gets them in one
write, which its transport takes whatever its size."""

MAX_ASKED = 1000
"""Users that one query asks about."""

_log = logging.getLogger("lumen_notify.tail")


class LogReader(Protocol):
    """What the tail needs of `commit.log.Log`."""

    async def after(self, position: int) -> Sequence[Event]:
        """Read the next events, ascending and contiguous; none if there are none."""


class FanOut(Protocol):
    """What the tail needs of `deliver.hub.Hub`."""

    @property
    def position(self) -> int:
        """Up to which events are delivered."""

    def width(self, audience: Audience) -> int:
        """Return how many channels an audience meets."""

    def strangers(self, known: Collection[str]) -> list[str]:
        """Return the users who have a stream here and are not known."""

    def fan_out(
        self, events: Sequence[Event], settled: Mapping[str, frozenset[str]] | None = None
    ) -> Iterator[None]:
        """Deliver contiguous events, a turn of work at each `next`."""

    def leap(self, position: int) -> None:
        """Go on from a later position."""


Settled = Callable[[Sequence[str], Sequence[str]], Awaitable[Mapping[str, frozenset[str]]]]
"""Tells of removed notifications which of some users had read or archived which: (ids, users) -> ids by
user. The answer about one id and user never changes."""


class Tail:
    """Follows the log from the hub's position on."""

    def __init__(self, log: LogReader, hub: FanOut, *, settled: Settled, metrics: Metrics) -> None:
        self._log = log
        self._hub = hub
        self._settled = settled
        self._metrics = metrics
        self._announced: list[Event] = []
        self._behind_deliveries = 0
        self._news = asyncio.Event()
        self._is_close = asyncio.Event()
        self._is_close.set()
        self._task: asyncio.Task[None] | None = None

    def announce(self, events: Sequence[Event]) -> None:
        """Take committed events, ascending. Never waits."""
        self._announced += events
        self._behind_deliveries += sum(self._hub.width(event.audience) for event in events)
        if self._behind_deliveries > MAX_BEHIND_DELIVERIES:
            self._is_close.clear()
        self._news.set()

    async def close_behind(self) -> None:
        """Wait until delivery is not far behind: the committer's pace."""
        await self._is_close.wait()

    def start(self) -> None:
        """Begin to follow."""
        self._task = asyncio.get_running_loop().create_task(self._run(), name="tail")

    async def close(self) -> None:
        """Stop following."""
        self._is_close.set()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            try:
                await self._follow()
            except Exception:  # noqa: BLE001 - whatever it is: what is missed now, the next look finds
                _log.exception("events could not be delivered")
            if not self._announced:
                self._is_close.set()

    async def _follow(self) -> None:
        try:
            # Not `wait_for`: in Python 3.11 it loses a cancellation that comes together with the news.
            async with asyncio.timeout(LOOK_SECONDS):
                await self._news.wait()
        except TimeoutError:
            await self._read()
        self._news.clear()
        events, self._announced = self._announced, []
        self._behind_deliveries = 0
        reached = self._hub.position
        fresh = [event for event in events if event.position > reached]
        if not fresh:
            return
        if all(event.position == reached + number for number, event in enumerate(fresh, start=1)):
            await self._deliver(fresh)
        else:
            # A gap before them or between them. What cannot be read now is there at the next look.
            await self._read()

    async def _read(self) -> None:
        try:
            while events := await self._log.after(self._hub.position):
                if events[0].position > self._hub.position + 1:
                    _log.warning("events up to %d are gone: streams end", events[0].position - 1)
                    self._hub.leap(events[0].position - 1)
                await self._deliver(events)
        except Unavailable as error:
            _log.warning("the log cannot be read: %s", error.message)

    async def _deliver(self, events: Sequence[Event]) -> None:
        with self._metrics.fan_out_seconds.time():
            for number, part in enumerate(_parts(events)):
                if number:
                    await asyncio.sleep(0)  # transports write out what they have
                settled = await self._settled_of(part)
                for _ in self._hub.fan_out(part, settled):
                    await asyncio.sleep(0)

    async def _settled_of(self, events: Sequence[Event]) -> Mapping[str, frozenset[str]]:
        """Ask what each user here had settled of the notifications to many that are gone."""
        ids = removed_ids(events)
        known: dict[str, frozenset[str]] = {}
        while ids and (strangers := self._hub.strangers(known)[:MAX_ASKED]):
            found = await self._settled(ids, strangers)
            known.update({user_id: found.get(user_id, frozenset()) for user_id in strangers})
        return known


def _parts(events: Sequence[Event]) -> Iterator[Sequence[Event]]:
    begin = size = 0
    for number, event in enumerate(events):
        size += len(event.body)
        if size > MAX_FAN_OUT_BYTES and number > begin:
            yield events[begin:number]
            begin, size = number, len(event.body)
    yield events[begin:]
