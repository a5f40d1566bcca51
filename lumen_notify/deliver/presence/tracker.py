"""Tracker: reports the streams of this instance to the database, and looks after those of all.

Opening and ending a stream only adds to a queue; one task writes it, in batches. Promises: opening never
waits for it; a heartbeat costs nothing; the lease is renewed by one statement, however many streams it is
for, and not at all while no stream is open.

| what happened | effect |
|---|---|
| a write has failed, or the queue is full | all streams that are open are written again |
| the lease ran out: this instance was paused, or the database was away | the same |
| the lease of another instance ran out | its streams are ended, its users go offline |
| this instance could not look for half a lease | it ends nothing until the others have had time to renew |

Not here: who learns of it (`announcer`), what is written (`commit/presence`), a service of one process
(`local_tracker`).
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections import deque
from collections.abc import Callable, Sequence

from lumen_notify.commit.presence.expiry import Expiry
from lumen_notify.commit.presence.lease import BATCH_ROWS, Change, Ended, Lease, Opened
from lumen_notify.commit.presence.online import StoredOnline
from lumen_notify.deliver.connection.connection import Connection
from lumen_notify.deliver.frames.control import RESTART_RETRY_MS
from lumen_notify.deliver.hub import Hub
from lumen_notify.deliver.presence.stream_limit import StreamLimit
from lumen_notify.errors import DatabaseUnavailable
from lumen_notify.model import CloseReason, value
from lumen_notify.outages import Outage

COLLECT_SECONDS = 0.1
"""For how long opens and ends are collected before they are written together."""

LOOK_SECONDS = 1.0
"""How often an instance looks for what is due, unless the lease is so short that it must look more often."""

LOOK_SHARE = 0.1
"""The longest time between two looks, as a share of the lease."""

MAX_QUEUED = 10_000
"""Opens and ends that wait to be written. If more come, all open streams are written again instead."""

LEASE_SHARE = 0.8
"""The lease in the database as a share of the time within which a crash must be noticed; the rest is for the
look of the others, and for the writes that follow."""

RENEW_SHARE = 0.2
"""The same share, of the time between two renewals."""

MAX_STEPS = 100
"""How many transactions one look may take for what is due, so that this instance's own lease is renewed."""

CLOSE_SECONDS = 2.0
"""How long the last write at a shutdown may take."""


@value
class Timing:
    """lease_seconds: within which a crash is noticed. grace_seconds: how long a user stays online after their
    last stream has ended."""

    lease_seconds: float
    grace_seconds: float

    @property
    def look_seconds(self) -> float:
        """How often to look for what is due."""
        return min(LOOK_SECONDS, self.lease_seconds * LOOK_SHARE)

    def kept_ms(self, reason: CloseReason) -> int:
        """Return for how long a stream that has ended keeps its user online. After a shutdown, clients are
        told to wait before they reconnect."""
        wait_ms = RESTART_RETRY_MS[1] if reason is CloseReason.SHUTDOWN and self.grace_seconds else 0
        return round(self.grace_seconds * 1000) + wait_ms


class Tracker:
    """Reports streams. on_changes: receives users who came online or went offline. clock: monotonic seconds.

    users_online: on all instances, as of the last count.
    """

    def __init__(
        self,
        hub: Hub,
        lease: Lease,
        expiry: Expiry,
        online: StoredOnline,
        limit: StreamLimit,
        *,
        timing: Timing,
        on_changes: Callable[[Sequence[Change]], None],
        outage: Outage,
        clock: Callable[[], float],
    ) -> None:
        self.users_online = 0
        self._hub = hub
        self._lease = lease
        self._expiry = expiry
        self._online = online
        self._limit = limit
        self._timing = timing
        self._on_changes = on_changes
        self._outage = outage
        self._clock = clock
        self._queue: deque[tuple[Connection, int | None]] = deque()
        self._has_queued = asyncio.Event()
        self._must_rewrite = False
        self._look_at = clock()
        self._looked_at = -math.inf
        self._offline_at = -math.inf
        self._expiry_at = -math.inf
        self._renew_at = -math.inf
        self._count_at = -math.inf

    @property
    def queued(self) -> int:
        """How many opens and ends wait to be written."""
        return len(self._queue)

    def opened(self, connection: Connection) -> None:
        """Report a stream that is live."""
        self._add(connection, None)

    def ended(self, connection: Connection, reason: CloseReason) -> None:
        """Report a stream that has ended."""
        self._add(connection, self._timing.kept_ms(reason))

    async def run(self) -> None:
        """Write, renew and look until cancelled: a task of the supervisor."""
        while True:
            if not self._must_rewrite:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(max(0.0, self._look_at - self._clock())):
                        await self._has_queued.wait()
            await asyncio.sleep(COLLECT_SECONDS)
            try:
                await self._write_queued()
                if self._clock() >= self._look_at:
                    self._look_at = self._clock() + self._timing.look_seconds
                    await self._look()
            except DatabaseUnavailable as error:
                self._outage.begin(error)
                self._must_rewrite = True
                self._look_at = self._clock() + self._timing.look_seconds
                await asyncio.sleep(LOOK_SECONDS)
            else:
                self._outage.end()

    async def close(self) -> None:
        """Write what is left, and end the lease, at a shutdown. Call it once `run` has ended."""
        with contextlib.suppress(DatabaseUnavailable, TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._write_queued()
                if self._lease.is_open:
                    await self._lease.close()

    def _add(self, connection: Connection, kept_ms: int | None) -> None:
        if len(self._queue) >= MAX_QUEUED:
            self._must_rewrite = True
        if not self._must_rewrite:
            self._queue.append((connection, kept_ms))
        self._has_queued.set()

    async def _write_queued(self) -> None:
        while self._queue or self._must_rewrite:
            if self._must_rewrite:
                await self._rewrite()
                continue
            self._has_queued.clear()
            taken = [self._queue.popleft() for _ in range(min(BATCH_ROWS, len(self._queue)))]
            opened = [_opened(connection) for connection, kept_ms in taken if kept_ms is None]
            ended = [
                Ended(id=connection.id, kept_ms=kept_ms)
                for connection, kept_ms in taken
                if kept_ms is not None
            ]
            await self._write(opened, ended)

    async def _write(self, opened: Sequence[Opened], ended: Sequence[Ended]) -> None:
        try:
            changes = await self._lease.write(opened, ended)
        except BaseException:
            self._must_rewrite = True
            raise
        if changes is None:
            self._must_rewrite = True
            return
        self._renew_at = self._clock() + self._timing.lease_seconds * RENEW_SHARE
        # Most users are in no room: there is nobody to look up.
        heard = [change for change in changes if self._is_in_room(change.user_id)]
        if heard:
            self._on_changes(heard)
        if opened:
            self._limit.opened(one.user_id for one in opened)

    def _is_in_room(self, user_id: str) -> bool:
        channel = self._hub.channels.get(user_id)
        return channel is None or bool(channel.indexed_rooms)

    async def _rewrite(self) -> None:
        """Begin the lease anew, with all streams that are open."""
        self._queue.clear()
        self._must_rewrite = False
        connections = [one for channel in self._hub.channels.values() for one in channel.connections]
        if not connections and not self._lease.is_open and self._renew_at == -math.inf:
            return  # nothing was ever written
        await self._lease.begin(kept_ms=self._timing.kept_ms(CloseReason.SHUTDOWN))
        for first in range(0, len(connections), BATCH_ROWS):
            await self._write([_opened(one) for one in connections[first : first + BATCH_ROWS]], ())

    async def _look(self) -> None:
        now = self._clock()
        if now - self._looked_at > self._timing.lease_seconds / 2:
            # All of us may have been without a database: the others' leases say nothing.
            self._offline_at = now + self._timing.grace_seconds
            self._expiry_at = now + self._timing.lease_seconds
        await self._keep_lease()
        await self._limit.enforce()
        due = await self._expiry.due()
        if self._clock() - now > self._timing.lease_seconds / 2:
            return  # the same, and the next look will say so
        if due.has_expired and now >= self._expiry_at:
            steps = 0
            while steps < MAX_STEPS and await self._expiry.end_connections(due.now):
                steps += 1
            due = await self._expiry.due()
        if due.has_ended and now >= self._offline_at:
            await self._take_offline(due.now)
        if now >= self._count_at:
            self._count_at = now + self._timing.lease_seconds
            self.users_online = await self._online.count()
        self._looked_at = now  # only a look that has not failed counts

    async def _take_offline(self, now: int) -> None:
        for _ in range(MAX_STEPS):
            changes, is_more = await self._expiry.take_offline(now)
            if changes:
                self._on_changes(changes)
            if not is_more:
                return

    async def _keep_lease(self) -> None:
        if self._clock() < self._renew_at:
            return
        if self._hub.channels:
            await self._write((), ())
            await self._write_queued()
        elif self._lease.is_open:
            await self._lease.close()


def _opened(connection: Connection) -> Opened:
    return Opened(
        id=connection.id,
        user_id=connection.user_id,
        device=connection.device,
        connected_at=connection.connected_at,
    )
