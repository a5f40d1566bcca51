"""Local tracker: who is online in a service of one process, as every one on SQLite.

The hub knows all streams, so nothing is stored for an open one: only users whose last stream has ended are
kept here, for the grace, and when they were last seen is written to the database.

Not here: services of several instances (`tracker`).
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import cast

from lumen_notify.commit.presence.connections import DeviceName
from lumen_notify.commit.presence.last_seen import LastSeen
from lumen_notify.commit.presence.lease import BATCH_ROWS, Change
from lumen_notify.commit.presence.online import UserPresence
from lumen_notify.deliver.connection.connection import Connection
from lumen_notify.deliver.hub import Hub
from lumen_notify.deliver.presence.tracker import CLOSE_SECONDS, Timing
from lumen_notify.errors import DatabaseUnavailable
from lumen_notify.model import Audience, CloseReason
from lumen_notify.outages import Outage

MAX_UNWRITTEN = 10_000
"""Users whose last times wait for the database. One more drops the oldest of them."""


class LocalTracker:
    """Knows who is online. on_changes: receives users who came online or went offline. clock: monotonic
    seconds; wall_clock: ms."""

    queued = 0

    def __init__(
        self,
        hub: Hub,
        last_seen: LastSeen,
        *,
        timing: Timing,
        on_changes: Callable[[Sequence[Change]], None],
        outage: Outage,
        clock: Callable[[], float],
        wall_clock: Callable[[], int],
    ) -> None:
        self._hub = hub
        self._last_seen = last_seen
        self._timing = timing
        self._on_changes = on_changes
        self._outage = outage
        self._clock = clock
        self._wall_clock = wall_clock
        self._at = 0
        self._leaving: dict[str, tuple[int, float]] = {}
        self._unwritten: dict[str, int] = {}

    @property
    def users_online(self) -> int:
        """How many users are online."""
        return sum(1 for one in self._hub.channels.values() if one.connections) + len(self._leaving)

    def opened(self, connection: Connection) -> None:
        """Take note of a stream that is live."""
        channel = self._hub.channels[connection.user_id]
        if len(channel.connections) > 1 or self._leaving.pop(connection.user_id, None) is not None:
            return
        # Most users are in no room, or alone: there is nobody to look up.
        if any(self._hub.subscriber_count(Audience.room(room_id)) > 1 for room_id in channel.indexed_rooms):
            self._on_changes([Change(user_id=connection.user_id, is_online=True, at=self._moment())])

    def ended(self, connection: Connection, reason: CloseReason) -> None:
        """Take note of a stream that has ended."""
        if not self._is_open(connection.user_id):
            due_at = self._clock() + self._timing.kept_ms(reason) / 1000
            self._leaving[connection.user_id] = (self._wall_clock(), due_at)

    async def run(self) -> None:
        """Take users offline until cancelled: a task of the supervisor."""
        while True:
            await asyncio.sleep(self._timing.look_seconds)
            await self.take_offline(self._clock())

    async def close(self) -> None:
        """Write when the users of the last streams were seen. Call it once `run` has ended."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await self.take_offline(math.inf)

    async def take_offline(self, now: float) -> None:
        """Take those users offline whose grace has passed. Their times are written first, so that nobody who
        learns of it reads an older one."""
        due = {user_id: at for user_id, (at, due_at) in self._leaving.items() if due_at <= now}
        moment = self._moment()  # before those who come back while it is written
        for user_id in due:
            del self._leaving[user_id]
        self._unwritten |= due
        for user_id in list(islice(self._unwritten, max(0, len(self._unwritten) - MAX_UNWRITTEN))):
            del self._unwritten[user_id]
        try:
            await self._write()
        except DatabaseUnavailable as error:
            self._outage.begin(error)
        else:
            self._outage.end()
        if due:
            self._on_changes(
                [
                    Change(user_id=user_id, is_online=False, at=moment, last_seen_at=at)
                    for user_id, at in due.items()
                ]
            )

    async def devices(self, user_ids: Sequence[str]) -> Mapping[str, Sequence[DeviceName]]:
        """Return the devices of those users who are online, each once, by name."""
        return {
            user_id: sorted(self._devices(user_id))
            for user_id in user_ids
            if user_id in self._leaving or self._is_open(user_id)
        }

    async def of_user(self, user_id: str) -> UserPresence | None:
        """Return one user; None if they are offline."""
        if user_id in self._leaving or self._is_open(user_id):
            return UserPresence(is_online=True, last_seen_at=None, at=self._moment())
        return None

    async def streams(self, user_ids: Sequence[str]) -> Mapping[str, frozenset[DeviceName | None]]:
        """Return the devices of users' open streams."""
        return {
            user_id: frozenset(
                cast("DeviceName | None", one.device) for one in self._hub.channels[user_id].connections
            )
            for user_id in user_ids
            if self._is_open(user_id)
        }

    async def _write(self) -> None:
        while self._unwritten:
            part = dict(islice(self._unwritten.items(), BATCH_ROWS))
            await self._last_seen.write(part)
            for user_id, at in part.items():
                if self._unwritten.get(user_id) == at:
                    del self._unwritten[user_id]

    def _moment(self) -> int:
        """Return the time of a change: changes ascend, even if the clock is set back."""
        self._at = max(self._at + 1, self._wall_clock())
        return self._at

    def _is_open(self, user_id: str) -> bool:
        channel = self._hub.channels.get(user_id)
        return channel is not None and bool(channel.connections)

    def _devices(self, user_id: str) -> set[DeviceName]:
        channel = self._hub.channels.get(user_id)
        streams = () if channel is None else channel.connections
        return {cast("DeviceName", one.device) for one in streams if one.device is not None}
