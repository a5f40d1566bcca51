"""Tail: events in position order, gaps filled by reading the log.

Promises: committed events reach the hub, whether or not they were announced. An announcement is a hint that
saves a read; the log is the truth, and is read again and again (`pace`).

| what arrives | effect |
|---|---|
| events that follow on the newest delivered one | they are delivered, without a read |
| events after a gap | a read, unless hints fill it at once |
| the position of a newer event | a read |
| events that contradict what was delivered | a read, which shows whether the log went back |
| a hint that a read shows to be wrong | nothing more; after some of these, hints wait for the next poll |
| a hint of delivered events, once more or late | nothing |

A log that does not continue from what was delivered is noticed: its database was restored from an older copy,
a replica that lacked the newest events has taken over, or retention was quicker than this instance. Every
read and every announcement says which event came before it. Then all streams are closed, nothing that was
kept in memory is replayed, and delivery goes on from the log's end.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

from lumen_notify.deliver.announcements import Announcement, Announcements
from lumen_notify.deliver.delivery_times import DeliveryTimes
from lumen_notify.deliver.fan_out_log import log_fan_out
from lumen_notify.deliver.fan_out_size import split
from lumen_notify.deliver.frames.removed import removed_ids
from lumen_notify.deliver.frames.stream_end import revoked_tokens
from lumen_notify.deliver.pace import Pace, Step
from lumen_notify.deliver.pause import Pause
from lumen_notify.deliver.tail_ends import EventHub, LogReader
from lumen_notify.errors import Unavailable
from lumen_notify.metrics import Metrics
from lumen_notify.model import Event, ResetReason, now_ms
from lumen_notify.outages import Outage
from lumen_notify.tracing.tracer import Tracer

MAX_PENDING_DELIVERIES = 20_000
"""How many deliveries may be pending before the committer has to wait: about 0.2 s of one core's work. An
event for one user counts as one, whether or not the user is here."""

MAX_USERS_PER_QUERY = 1000

MAX_READ_AGAIN = 250
"""Rewritten events that are read again at once."""

_log = logging.getLogger("lumen_notify.tail")

FetchReaders = Callable[[Sequence[str], Sequence[str]], Awaitable[Mapping[str, frozenset[str]]]]
"""(ids of removed notifications, users) -> by user, the ids that the user had read or archived. The answer
about one id and one user never changes."""


class Tail:
    """Follows the log from the hub's position on. revoke: called with (user, time in milliseconds) for each
    revocation of tokens. on_reset: called when the log does not continue from there. reads: how often the
    log was read. hints: how many arrived. missed_hints: events that a read has found before a hint told of
    them. clock: monotonic seconds; wall_clock: ms."""

    def __init__(
        self,
        log: LogReader,
        hub: EventHub,
        *,
        fetch_readers: FetchReaders,
        revoke: Callable[[str, int], None],
        on_reset: Sequence[Callable[[], None]],
        metrics: Metrics,
        tracer: Tracer | None = None,
        outage: Outage | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], int] = now_ms,
    ) -> None:
        self._revoke = revoke
        self._log = log
        self._hub = hub
        self._fetch_readers = fetch_readers
        self._on_reset = on_reset
        self._metrics = metrics
        self._tracer = tracer
        self._announced = Announcements()
        self._pending_deliveries = 0
        self._wakeup = asyncio.Event()
        self._is_caught_up = asyncio.Event()
        self._is_caught_up.set()
        self._outage = outage or Outage("reads of the log", clock)
        self._clock = clock
        self.reads = 0
        self.hints = 0
        self.missed_hints = 0
        self._times = DeliveryTimes(metrics, clock, wall_clock)
        self._caught_up_at = clock()
        self._pace = Pace(clock)
        self._pause = Pause(clock)

    @property
    def lag_seconds(self) -> float:
        """How long ago everything that was in the log had been delivered: about POLL_SECONDS at most while
        all is well."""
        return self._clock() - self._caught_up_at

    def announce(
        self, events: Sequence[Event], follows: str | None, *, accepted_at: float | None = None
    ) -> bool:
        """Accept events that this instance has committed, ascending and contiguous. Never waits. Return
        whether other instances may be told: not after a pause, before the log was read.
        follows: the check of the event before them; None if they are the first ones of the log. accepted_at:
        when the oldest of their commands was accepted, in seconds of the clock; None if it is not known.
        """
        self._revoke_tokens(events)  # at once: their senders are answered next
        self._times.committed(events[-1].position, accepted_at)
        self._pause.note()
        if self._pause.must_verify:
            self._wakeup.set()
            return False
        self._announced.add(events, follows)
        shared = [event for event in events if not event.audience.is_personal]
        self._pending_deliveries += len(events) - len(shared)
        self._pending_deliveries += sum(
            self._hub.subscriber_count(event.audience, event.users) for event in shared
        )
        if self._pending_deliveries > MAX_PENDING_DELIVERIES:
            self._is_caught_up.clear()
        self._wakeup.set()
        return True

    def hint(self, events: Sequence[Event], follows: str | None) -> None:
        """Accept events that another instance says to have committed, as `announce` does. Never waits, and
        never lets the committer wait."""
        self.hints += 1
        self._pause.note()
        if self._pause.may_hints_be_old:
            self._wake(events[-1].position)
            return
        self._announced.add_hint(events, follows)
        self._wakeup.set()

    def wake(self, position: int) -> None:
        """Accept the newest position of the log, as another instance says. Never waits."""
        self.hints += 1
        self._wake(position)

    def _wake(self, position: int) -> None:
        if position > self._hub.cursor.position:
            _log.debug("Another instance has announced the events up to %d.", position)
            self._announced.hinted_head = max(self._announced.hinted_head, position)
            self._wakeup.set()

    def sync(self) -> None:
        """Read the log soon: hints may have been lost."""
        self._pace.sync()
        self._wakeup.set()

    async def wait_until_caught_up(self) -> None:
        """Wait while delivery is far behind the log: the committer's backpressure."""
        await self._is_caught_up.wait()

    async def run(self) -> None:
        """Follow the log until it is cancelled."""
        try:
            while True:
                await self._follow()
                await self._read_rewritten()
                if not self._announced.has_own:
                    self._is_caught_up.set()
        finally:
            self._is_caught_up.set()  # the committer need not wait while this is started again

    async def _follow(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._pace.wait_seconds):
                await self._wakeup.wait()
        self._wakeup.clear()
        self._pending_deliveries = 0
        self._pause.note()
        taken = self._announced.take(self._hub.cursor, self._hub.check_at)
        newest = taken.fresh[-1].position if taken.fresh else self._hub.cursor.position
        if self._pause.must_verify:
            await self._read_log(None)  # it has whatever is true of what was announced
            return
        if taken.fresh:
            self._pace.record_progress(has_hints=taken.has_hints)
        step = self._pace.next_step(taken, has_newer=self._announced.hinted_head > newest)
        if taken.fresh and not (step is Step.READ and taken.contradictions):
            await self._deliver(taken.fresh)
            if step is Step.REST and self._outage.error is None:
                self._caught_up_at = self._clock()
        if step is Step.READ:
            await self._read_log(taken.later)  # if it cannot be read now, the next poll will
        elif step is Step.WAIT:
            self._announced.put_back(taken.later)

    async def _read_log(self, later: Sequence[Announcement] | None) -> None:
        """Deliver what the log has. later: announcements that are not delivered yet; None if some may have
        been dropped."""
        self._pace.record_read()
        hinted_head, self._announced.hinted_head = self._announced.hinted_head, 0
        self.reads += 1
        try:
            while found := await self._log.follow(self._hub.cursor):
                self._pace.record_found()
                if isinstance(found, ResetReason):
                    await self._reset(found)
                    break
                if later is not None:
                    self._count_missed(found, later, hinted_head)
                await self._deliver(found)
        except Unavailable as error:
            self._outage.begin(error)
        else:
            self._outage.end()
            self._pause.must_verify = False
            self._caught_up_at = self._clock()

    def _count_missed(self, found: Sequence[Event], later: Sequence[Announcement], hinted_head: int) -> None:
        head = max(hinted_head, self._announced.hinted_head)
        told = self._announced.positions.union(event.position for one in later for event in one.events)
        self.missed_hints += sum(one.position > head and one.position not in told for one in found)

    async def _reset(self, reason: ResetReason) -> None:
        delivered, newest = self._hub.cursor, (await self._log.head()).cursor
        _log.warning(
            "The log does not continue after %s, which was delivered (%s). All streams are closed; delivery"
            " goes on after %s.",
            delivered,
            reason,
            newest,
        )
        self._hub.reset_to(newest, reason)
        self._times.forget()
        for forget in self._on_reset:
            forget()

    async def _read_rewritten(self) -> None:
        """Read rewritten events again, so that reconnects need not read them from the database."""
        replay = self._hub.replay
        while positions := sorted(replay.outdated)[:MAX_READ_AGAIN]:
            try:
                replay.replace(positions, await self._log.at(positions))
            except Unavailable as error:
                self._outage.begin(error)
                return

    def _revoke_tokens(self, events: Sequence[Event]) -> None:
        for user_id, not_before in revoked_tokens(events):
            self._revoke(user_id, not_before)

    async def _deliver(self, events: Sequence[Event]) -> None:
        self._revoke_tokens(events)
        with self._metrics.fan_out_seconds.time():
            for number, part in enumerate(split(events)):
                if number:
                    await asyncio.sleep(0)  # lets transports write what they hold
                readers = await self._readers_of(part)
                before = self._hub.deliveries
                began_ns = 0 if self._tracer is None else time.time_ns()
                for _ in self._hub.fan_out(part, readers):
                    await asyncio.sleep(0)
                if self._tracer is not None:
                    self._tracer.delivered(part[0].position, part[-1].position, began_ns)
                deliveries = self._hub.deliveries - before
                self._times.fanned_out(part[-1].position, part[0].created_at, is_written=deliveries > 0)
                log_fan_out(part, deliveries=deliveries)
                self._pause.note()

    async def _readers_of(self, events: Sequence[Event]) -> Mapping[str, frozenset[str]]:
        """Fetch, for each user here, which of the removed shared notifications the user had read or
        archived."""
        ids = removed_ids(events)
        known: dict[str, frozenset[str]] = {}
        while ids and (users := self._hub.unknown_users(known)[:MAX_USERS_PER_QUERY]):
            found = await self._fetch_readers(ids, users)
            known.update({user_id: found.get(user_id, frozenset()) for user_id in users})
        return known
