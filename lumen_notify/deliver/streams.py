"""Streams: all that are open here; their limits, pings, expiries, and the drain.

Promise: after a stream's end nothing of it is left, in no table and on no timer for longer than a
heartbeat.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable

from lumen_notify.deliver import frames
from lumen_notify.deliver.hub import Hub
from lumen_notify.deliver.outlet import Outlet
from lumen_notify.deliver.wheel import Wheel
from lumen_notify.model import CloseReason

WARNING_SECONDS = 60
"""How long before its token ends a stream is told."""

DRAIN_SHARE = 0.8
"""The part of the drain time in which streams are closed; the rest is for the last bytes."""

DRAIN_PER_SECOND = 1000
"""Streams closed in a second, if the drain time does not ask for more: few are closed at once."""

DRAIN_STEP_SECONDS = 0.05

RETRY_MS = (1000, 4000)
"""A client comes back after a time between these two."""

_log = logging.getLogger("lumen_notify.streams")


def jittered_retry_ms() -> int:
    """Draw when a client is to come back, so that not all come at once."""
    return random.randint(*RETRY_MS)  # noqa: S311 - spreads load, guards nothing


class Streams:
    """The open streams. Limits: 0 means none. clock: monotonic seconds; wall_clock: ms."""

    def __init__(
        self,
        hub: Hub,
        *,
        ping_seconds: float,
        drain_seconds: float,
        max_streams: int,
        max_streams_per_user: int,
        max_streams_per_address: int,
        clock: Callable[[], float],
        wall_clock: Callable[[], int],
    ) -> None:
        self.wheel: Wheel[Outlet] = Wheel(self._check, clock)
        self._hub = hub
        self._drain_seconds = drain_seconds
        self._draining: asyncio.Task[None] | None = None
        self._ping_seconds = max(1, round(ping_seconds))
        self._max_streams = max_streams
        self._max_per_user = max_streams_per_user
        self._max_per_address = max_streams_per_address
        self._wall_clock = wall_clock
        self._by_user: dict[str, list[Outlet]] = {}
        self._by_address: dict[str, int] = {}
        self._number = 0

    def __len__(self) -> int:
        return self._number

    def of_user(self, user_id: str) -> list[Outlet]:
        """Return the user's open streams, oldest first."""
        return list(self._by_user.get(user_id, ()))

    @property
    def is_draining(self) -> bool:
        """The server is about to end."""
        return self._draining is not None

    def refusal(self, address: str) -> CloseReason | None:
        """Say why one more stream from this address cannot be; None if it can."""
        if self._draining is not None:
            return CloseReason.SHUTDOWN
        if 0 < self._max_streams <= self._number or 0 < self._max_per_address <= self._by_address.get(
            address, 0
        ):
            return CloseReason.OVERLOADED
        return None

    def add(self, outlet: Outlet) -> None:
        """Take a new stream. The user's oldest is closed as `replaced` if he has too many."""
        mine = self._by_user.setdefault(outlet.user_id, [])
        if 0 < self._max_per_user <= len(mine):
            mine[0].close(CloseReason.REPLACED)
            mine = self._by_user.setdefault(outlet.user_id, [])
        mine.append(outlet)
        self._by_address[outlet.address] = self._by_address.get(outlet.address, 0) + 1
        self._number += 1
        outlet.written_at = self.wheel.now
        self.wheel.put(outlet, self._next_check(outlet))
        _log.debug("stream %s opened", outlet.id)

    def closed(self, outlet: Outlet, reason: CloseReason) -> None:
        """Let an ended stream go: every outlet's `on_close`."""
        mine = self._by_user.get(outlet.user_id)
        if mine is None or outlet not in mine:
            return
        mine.remove(outlet)
        if not mine:
            del self._by_user[outlet.user_id]
        left = self._by_address[outlet.address] - 1
        if left:
            self._by_address[outlet.address] = left
        else:
            del self._by_address[outlet.address]
        self._number -= 1
        self._hub.remove(outlet)
        seconds = (self._wall_clock() - outlet.connected_at) / 1000
        _log.info(
            "stream %s closed: %s after %.1f s, %d events",
            outlet.id,
            reason.word,
            seconds,
            outlet.events,
        )

    def start_drain(self) -> None:
        """Begin to close all streams as `shutdown`, and take no new ones. Twice is once."""
        if self._draining is None:
            self._draining = asyncio.get_running_loop().create_task(self._drain(), name="drain")

    async def drain(self) -> None:
        """Close all streams as `shutdown`: spread over the drain time, so that they do not all come
        back at once; DRAIN_PER_SECOND where that is quicker."""
        self.start_drain()
        if self._draining is not None:
            await self._draining

    async def _drain(self) -> None:
        outlets = [outlet for mine in self._by_user.values() for outlet in mine]
        seconds = min(self._drain_seconds * DRAIN_SHARE, len(outlets) / DRAIN_PER_SECOND)
        steps = max(1, round(seconds / DRAIN_STEP_SECONDS))
        for step in range(steps):
            for outlet in outlets[step::steps]:
                outlet.close(CloseReason.SHUTDOWN, jittered_retry_ms())
            if step < steps - 1:
                await asyncio.sleep(DRAIN_STEP_SECONDS)

    def _check(self, outlet: Outlet) -> int | None:
        if outlet.close_reason is not None:
            outlet.abort()
            return None
        left_ms = outlet.expires_at - self._wall_clock()
        if left_ms <= 0:
            outlet.close(CloseReason.EXPIRED)
            return None
        if left_ms <= WARNING_SECONDS * 1000 and not outlet.is_warned:
            outlet.is_warned = True
            outlet.write([frames.expiring(left_ms // 1000)])
        channel = self._hub.channels.get(outlet.user_id)
        if (
            self.wheel.now - outlet.written_at >= self._ping_seconds
            and channel is not None
            and outlet in channel.outlets
        ):
            self._hub.settle(channel)  # so that the ping's id is not ahead of what was sent
            outlet.written_at = self.wheel.now
            outlet.write([frames.ping(str(self._hub.cursor))])
        return self._next_check(outlet)

    def _next_check(self, outlet: Outlet) -> int:
        left_seconds = -((self._wall_clock() - outlet.expires_at) // 1000)
        if not outlet.is_warned:
            left_seconds -= WARNING_SECONDS
        quiet_until = outlet.written_at + self._ping_seconds
        return min(quiet_until, self.wheel.now + max(1, left_seconds))
