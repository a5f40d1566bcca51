"""Tail: events in position order, gaps filled by reading the log.

Promise: committed events reach the hub, whether or not they were announced. An announcement is a hint that
saves a read. The log is the truth, and is polled every POLL_SECONDS in any case.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from typing import Protocol

from lumen_notify.deliver.frames.removed import removed_ids
from lumen_notify.deliver.replay import Replay
from lumen_notify.errors import Unavailable
from lumen_notify.metrics import Metrics
from lumen_notify.model import Audience, Event

POLL_SECONDS = 1.0
"""How often the log is read for events that were not announced."""

MAX_PENDING_DELIVERIES = 20_000
"""How many deliveries may be pending before the committer has to wait: about 0.2 s of one core's work."""

MAX_FAN_OUT_BYTES = 64 * 1024
"""The most body bytes in one fan-out of several events; a larger event gets a fan-out of its own. A stream
gets a fan-out in one write, and its transport accepts a write of any size."""

MAX_USERS_PER_QUERY = 1000

MAX_READ_AGAIN = 250
"""Rewritten events that are read again at once."""

_log = logging.getLogger("lumen_notify.tail")


class LogReader(Protocol):
    """The part of `commit.log.Log` that the tail needs."""

    async def after(self, position: int) -> Sequence[Event]:
        """Read the next events after a position, ascending and contiguous; empty at the head of the log."""

    async def at(self, positions: Sequence[int]) -> Sequence[Event]:
        """Read the events at some positions, at most MAX_READ_AGAIN; those that were trimmed are missing."""


class EventHub(Protocol):
    """The part of `deliver.hub.Hub` that the tail needs."""

    @property
    def position(self) -> int:
        """The position of the newest event that was delivered."""

    @property
    def replay(self) -> Replay:
        """The newest events in memory."""

    def subscriber_count(self, audience: Audience) -> int:
        """Return how many channels belong to an audience."""

    def unknown_users(self, known: Collection[str]) -> list[str]:
        """Return the users with an open stream who are not in `known`."""

    def fan_out(
        self, events: Sequence[Event], readers: Mapping[str, frozenset[str]] | None = None
    ) -> Iterator[None]:
        """Deliver contiguous events; each `next` does one chunk of the work."""

    def reset_to(self, position: int) -> None:
        """Skip to a later position."""


FetchReaders = Callable[[Sequence[str], Sequence[str]], Awaitable[Mapping[str, frozenset[str]]]]
"""(ids of removed notifications, users) -> by user, the ids that the user had read or archived. The answer
about one id and one user never changes."""


class Tail:
    """Follows the log from the hub's position on."""

    def __init__(
        self, log: LogReader, hub: EventHub, *, fetch_readers: FetchReaders, metrics: Metrics
    ) -> None:
        self._log = log
        self._hub = hub
        self._fetch_readers = fetch_readers
        self._metrics = metrics
        self._announced: list[Event] = []
        self._pending_deliveries = 0
        self._wakeup = asyncio.Event()
        self._is_caught_up = asyncio.Event()
        self._is_caught_up.set()
        self._task: asyncio.Task[None] | None = None

    def announce(self, events: Sequence[Event]) -> None:
        """Accept committed events, ascending. Never waits."""
        self._announced += events
        self._pending_deliveries += sum(self._hub.subscriber_count(event.audience) for event in events)
        if self._pending_deliveries > MAX_PENDING_DELIVERIES:
            self._is_caught_up.clear()
        self._wakeup.set()

    async def wait_until_caught_up(self) -> None:
        """Wait while delivery is far behind the log: the committer's backpressure."""
        await self._is_caught_up.wait()

    def start(self) -> None:
        """Start to follow the log."""
        self._task = asyncio.get_running_loop().create_task(self._run(), name="tail")

    async def close(self) -> None:
        """Stop."""
        self._is_caught_up.set()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            try:
                await self._follow()
                await self._read_rewritten()
            except Exception:  # noqa: BLE001 - the next poll reads again what is missing
                _log.exception("Could not deliver events.")
            if not self._announced:
                self._is_caught_up.set()

    async def _follow(self) -> None:
        try:
            # Not `wait_for`: in Python 3.11 it loses a cancellation that arrives together with the event.
            async with asyncio.timeout(POLL_SECONDS):
                await self._wakeup.wait()
        except TimeoutError:
            await self._read_log()
        self._wakeup.clear()
        announced, self._announced = self._announced, []
        self._pending_deliveries = 0
        reached = self._hub.position
        fresh = [event for event in announced if event.position > reached]
        if not fresh:
            return
        if all(event.position == reached + number for number, event in enumerate(fresh, start=1)):
            await self._deliver(fresh)
        else:
            # A gap before or between them. If the log cannot be read now, the next poll will.
            await self._read_log()

    async def _read_log(self) -> None:
        try:
            while events := await self._log.after(self._hub.position):
                if events[0].position > self._hub.position + 1:
                    _log.warning(
                        "events up to %d are no longer in the log; closing all streams",
                        events[0].position - 1,
                    )
                    self._hub.reset_to(events[0].position - 1)
                await self._deliver(events)
        except Unavailable as error:
            _log.warning("Cannot read the log: %s", error.message)

    async def _read_rewritten(self) -> None:
        """Read rewritten events again, so that reconnects need not read them from the database."""
        replay = self._hub.replay
        while positions := sorted(replay.outdated)[:MAX_READ_AGAIN]:
            try:
                replay.replace(positions, await self._log.at(positions))
            except Unavailable as error:
                _log.warning("Cannot read rewritten events: %s", error.message)
                return

    async def _deliver(self, events: Sequence[Event]) -> None:
        with self._metrics.fan_out_seconds.time():
            for number, part in enumerate(_split(events)):
                if number:
                    await asyncio.sleep(0)  # lets transports write what they hold
                readers = await self._readers_of(part)
                for _ in self._hub.fan_out(part, readers):
                    await asyncio.sleep(0)

    async def _readers_of(self, events: Sequence[Event]) -> Mapping[str, frozenset[str]]:
        """Fetch, for each user here, which of the removed shared notifications the user had read or
        archived."""
        ids = removed_ids(events)
        known: dict[str, frozenset[str]] = {}
        while ids and (users := self._hub.unknown_users(known)[:MAX_USERS_PER_QUERY]):
            found = await self._fetch_readers(ids, users)
            known.update({user_id: found.get(user_id, frozenset()) for user_id in users})
        return known


def _split(events: Sequence[Event]) -> Iterator[Sequence[Event]]:
    """Yield the events in runs of at most MAX_FAN_OUT_BYTES, or of one larger event."""
    begin = size = 0
    for number, event in enumerate(events):
        size += len(event.body)
        if size > MAX_FAN_OUT_BYTES and number > begin:
            yield events[begin:number]
            begin, size = number, len(event.body)
    yield events[begin:]
