"""Streams: all that are open here; their limits, pings, expiries, and the drain.

Promise: after a stream's end nothing of it is left, in no table and on no timer for longer than a
heartbeat.
"""

from __future__ import annotations

import asyncio
import logging
import math
import sys
from collections import Counter
from collections.abc import Callable, Sequence

from lumen_notify.deliver.connection.connection import Outlet
from lumen_notify.deliver.frames import control
from lumen_notify.deliver.frames.control import jittered_retry_ms
from lumen_notify.deliver.hub import Hub
from lumen_notify.deliver.timer_wheel import Wheel
from lumen_notify.model import CloseReason

WARNING_SECONDS = 60
"""How long before its token ends a stream is told."""

DRAIN_SHARE = 0.8
"""The part of the drain time in which streams are closed; the rest is for the last bytes."""

DRAIN_PER_SECOND = 1000
"""Streams closed in a second, if the drain time does not ask for more: few are closed at once."""

DRAIN_STEP_SECONDS = 0.05

_log = logging.getLogger("lumen_notify.streams")


class Streams:
    """The open streams. Limits and times: 0 means none. clock: monotonic seconds; wall_clock: ms.

    ended: how many streams have ended, by the word of their reason.
    """

    def __init__(
        self,
        hub: Hub,
        *,
        ping_seconds: float,
        drain_seconds: float,
        max_stream_seconds: float,
        max_streams: int,
        max_streams_per_user: int,
        max_streams_per_address: int,
        clock: Callable[[], float],
        wall_clock: Callable[[], int],
    ) -> None:
        self.wheel: Wheel[Outlet] = Wheel(self._check, clock)
        # Bound once: each look at a method makes a new object, and every outlet keeps these two.
        self.on_close = self._closed
        self.on_shutdown = self.start_drain
        self.ended: Counter[str] = Counter()
        self._hub = hub
        self._ping_seconds = max(1, round(ping_seconds))
        self._drain_seconds = drain_seconds
        self._max_stream_seconds = max_stream_seconds
        self._max_streams = max_streams
        self._max_per_user = max_streams_per_user
        self._max_per_address = max_streams_per_address
        self._wall_clock = wall_clock
        self._by_address: dict[str, int] = {}
        self._number = 0
        self._draining: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return self._number

    @property
    def is_draining(self) -> bool:
        """The server is about to end."""
        return self._draining is not None

    @property
    def backlog_bytes(self) -> int:
        """What all streams together hold back."""
        return sum(outlet.backlog_bytes for outlet in self.wheel)

    def of_user(self, user_id: str) -> Sequence[Outlet]:
        """Return the user's open streams, oldest first."""
        channel = self._hub.channels.get(user_id)
        return () if channel is None else channel.outlets

    def refusal(self, address: str) -> CloseReason | None:
        """Say why one more stream from this address cannot be; None if it can."""
        if self._draining is not None:
            return CloseReason.SHUTDOWN
        from_there = self._by_address.get(address, 0)
        if 0 < self._max_streams <= self._number or 0 < self._max_per_address <= from_there:
            return CloseReason.OVERLOADED
        return None

    def add(self, outlet: Outlet) -> None:
        """Take a stream that begins."""
        outlet.address = sys.intern(outlet.address)
        self._by_address[outlet.address] = self._by_address.get(outlet.address, 0) + 1
        self._number += 1
        self.wheel.put(outlet, self._next_check(outlet))
        _log.debug("stream %s opened", outlet.id)

    def make_room(self, user_id: str) -> None:
        """Close the oldest streams of a user who has too many as `replaced`."""
        while 0 < self._max_per_user < len(mine := self.of_user(user_id)):
            mine[0].close(CloseReason.REPLACED)

    def renew(self, user_id: str, expires_at: int) -> int:
        """Let the user's streams last until `expires_at`, in ms, where that is later; return how many."""
        mine = self.of_user(user_id)
        for outlet in mine:
            outlet.expires_at = max(outlet.expires_at, expires_at)
            outlet.is_warned = False
            self.wheel.put(outlet, self._next_check(outlet))
        return len(mine)

    def _closed(self, outlet: Outlet, reason: CloseReason) -> None:
        """Let an ended stream go: every outlet's `on_close`."""
        self.ended[reason.word] += 1
        if outlet.slot:  # else it was refused, and never added
            left = self._by_address[outlet.address] - 1
            if left:
                self._by_address[outlet.address] = left
            else:
                del self._by_address[outlet.address]
            self._number -= 1
            self._hub.remove(outlet)
        if reason is CloseReason.GONE:
            self.wheel.drop(outlet)  # others stay for one more look, so that their last bytes can leave
        _log.info(
            "stream %s closed: %s after %.1f s",
            outlet.id,
            reason.word,
            (self._wall_clock() - outlet.connected_at) / 1000,
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
        outlets = list(self.wheel)
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
        now = self._wall_clock()
        left_ms = outlet.expires_at - now
        if left_ms <= 0:
            outlet.close(CloseReason.EXPIRED)
        elif now >= self._life_ends_at(outlet):
            outlet.close(CloseReason.SHUTDOWN, jittered_retry_ms())
        elif left_ms <= WARNING_SECONDS * 1000 and not outlet.is_warned:
            outlet.is_warned = True
            outlet.write(control.expiring(left_ms // 1000))
        elif not self._quiet_seconds(outlet):
            self._ping(outlet)
        return self._next_check(outlet)

    def _ping(self, outlet: Outlet) -> None:
        channel = self._hub.channels.get(outlet.user_id)
        if channel is not None and outlet in channel.outlets:
            self._hub.settle(channel)  # so that the ping's id is not ahead of what was sent
            outlet.write(control.ping(str(self._hub.cursor)))

    def _next_check(self, outlet: Outlet) -> int:
        """Return the wheel's second at which something may be due: a ping, a warning, an end."""
        now = self._wall_clock()
        ends_at = min(outlet.expires_at, self._life_ends_at(outlet))
        if not outlet.is_warned:
            ends_at = min(ends_at, outlet.expires_at - WARNING_SECONDS * 1000)
        seconds_left = max(1, math.ceil((ends_at - now) / 1000))
        return self.wheel.now + min(seconds_left, self._quiet_seconds(outlet) or self._ping_seconds)

    def _quiet_seconds(self, outlet: Outlet) -> int:
        """Return how long the stream may stay silent from now on; 0 if it has been for long enough."""
        channel = self._hub.channels.get(outlet.user_id)
        shown_at = 0 if channel is None else channel.shown_at
        return max(0, shown_at + self._ping_seconds - self.wheel.now)

    def _life_ends_at(self, outlet: Outlet) -> float:
        if not self._max_stream_seconds:
            return math.inf
        jitter = 0.9 + hash(outlet.id) % 1000 / 5000  # 0.9 to 1.1, the same at each look
        return outlet.connected_at + self._max_stream_seconds * 1000 * jitter
