"""Registry: all open streams; their limits, and the drain.

Promise: no table refers to a stream after its end; only the timer wheel does, for at most one ping interval.
"""

from __future__ import annotations

import asyncio
import logging
import math
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Protocol, Self

from lumen_notify.deliver.connection.connection import Connection
from lumen_notify.deliver.frames.control import RESTART_RETRY_MS, jittered
from lumen_notify.deliver.hub import Hub
from lumen_notify.deliver.streams.timers import StreamTimers
from lumen_notify.model import CloseReason
from lumen_notify.settings import Settings

DRAIN_SHARE = 0.8
"""The share of the drain time in which streams are closed; the rest is for their last bytes."""

DRAIN_PER_SECOND = 1000
"""Streams closed per second, unless the drain time asks for more: a few streams are closed at once."""

DRAIN_STEP_SECONDS = 0.05

_log = logging.getLogger("lumen_notify.streams")


class Reports(Protocol):
    """Receives what the other instances must know."""

    def opened(self, connection: Connection) -> None:
        """Report a stream that is live."""

    def ended(self, connection: Connection, reason: CloseReason) -> None:
        """Report a stream that has ended."""


class StreamRegistry:
    """The open streams. Limits and times: 0 means none. clock: monotonic seconds; wall_clock: ms. reports:
    set once it exists; None before that.

    ended: how many streams have ended, by the word of their close reason. accepted: how many were open at
    some time. by_device: open streams by kind of device; None for those that name none. observe_seconds: gets
    how long each stream was open.
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
        observe_seconds: Callable[[float], None] = lambda _: None,
    ) -> None:
        self.timers = StreamTimers(
            hub,
            ping_seconds=ping_seconds,
            max_stream_seconds=max_stream_seconds,
            clock=clock,
            wall_clock=wall_clock,
        )
        self.wheel = self.timers.wheel
        # Bound once: each access to a method makes a new object, and every connection keeps these two.
        self.on_close = self._on_close
        self.on_shutdown = self.start_drain
        self.ended: Counter[str] = Counter()
        self.accepted = 0
        self.by_device: Counter[str | None] = Counter()
        self.reports: Reports | None = None
        self._hub = hub
        self._drain_seconds = drain_seconds
        self._max_streams = max_streams
        self._max_per_user = max_streams_per_user
        self._max_per_address = max_streams_per_address
        self._wall_clock = wall_clock
        self._observe_seconds = observe_seconds
        self._by_address: dict[str, int] = {}
        self._count = 0
        self._draining: asyncio.Task[None] | None = None

    @classmethod
    def from_settings(
        cls,
        settings: Settings,
        hub: Hub,
        *,
        clock: Callable[[], float],
        wall_clock: Callable[[], int],
        observe_seconds: Callable[[float], None] = lambda _: None,
    ) -> Self:
        """Return a registry with the limits and times of a server."""
        return cls(
            hub,
            ping_seconds=settings.ping_seconds,
            drain_seconds=settings.drain_seconds,
            max_stream_seconds=settings.max_stream_seconds,
            max_streams=settings.max_streams,
            max_streams_per_user=settings.max_streams_per_user,
            max_streams_per_address=settings.max_streams_per_address,
            clock=clock,
            wall_clock=wall_clock,
            observe_seconds=observe_seconds,
        )

    def __len__(self) -> int:
        return self._count

    @property
    def is_draining(self) -> bool:
        """The server is about to stop."""
        return self._draining is not None

    @property
    def backlog_bytes(self) -> int:
        """How many bytes all streams together hold back."""
        return sum(connection.backlog_bytes for connection in self.wheel)

    def of_user(self, user_id: str) -> Sequence[Connection]:
        """Return the user's open streams, oldest first; those with a long replay in progress last."""
        channel = self._hub.channels.get(user_id)
        if channel is None:
            return ()
        replaying = [one for one in channel.opening if one.replaying is not None]
        return (*channel.connections, *replaying) if replaying else channel.connections

    def find(self, id_: str) -> Connection | None:
        """Return the open stream with an id, None if it is not here. It looks at all streams, and takes some
        10 ms for 100,000."""
        number = int(id_.replace("-", ""), 16)
        return next((one for one in self.wheel if one.has_id(number) and one.close_reason is None), None)

    def refusal(self, address: str) -> CloseReason | None:
        """Return why one more stream from this address is refused; None if it is not."""
        if self._draining is not None:
            return CloseReason.SHUTDOWN
        from_address = self._by_address.get(address, 0)
        if 0 < self._max_streams <= self._count or 0 < self._max_per_address <= from_address:
            return CloseReason.OVERLOADED
        return None

    def refuse(self, connection: Connection, reason: CloseReason) -> None:
        """Close a stream that was refused."""
        if reason is CloseReason.SHUTDOWN:
            _close_for_restart(connection)
        else:
            connection.close(reason)

    def add(self, connection: Connection) -> None:
        """Add a stream that is about to open."""
        connection.address = sys.intern(connection.address)
        self._by_address[connection.address] = self._by_address.get(connection.address, 0) + 1
        self._count += 1
        self.accepted += 1
        self.by_device[connection.device] += 1
        self.timers.schedule(connection)

    def opened(self, connection: Connection) -> None:
        """Take note of a stream that is live."""
        if connection.close_reason is None:
            if self.reports is not None:
                self.reports.opened(connection)
            if _log.isEnabledFor(logging.INFO):  # or the id would be made for nothing
                _log.info("stream %s opened: device %s", connection.id, connection.device or "unknown")
        self.close_excess(connection.user_id)

    def close_excess(self, user_id: str) -> None:
        """Close the oldest streams of a user who has too many here, as `replaced`."""
        while 0 < self._max_per_user < len(streams := self.of_user(user_id)):
            streams[0].close(CloseReason.REPLACED)

    def renew(self, user_id: str, expires_at: int) -> None:
        """Let the user's streams last until `expires_at`, in ms, if that is later."""
        channel = self._hub.channels.get(user_id)
        for connection in () if channel is None else (*channel.connections, *channel.opening):
            if expires_at > connection.expires_at:
                connection.expires_at = expires_at
                connection.warnings = 0
                self.timers.schedule(connection)

    def _on_close(self, connection: Connection, reason: CloseReason) -> None:
        """Remove a stream that has ended: the `on_close` of every connection."""
        self.ended[reason.word] += 1
        seconds = (self._wall_clock() - connection.connected_at) / 1000
        if connection.slot:  # else it was refused, and never added
            self._observe_seconds(max(0.0, seconds))
            left = self._by_address[connection.address] - 1
            if left:
                self._by_address[connection.address] = left
            else:
                del self._by_address[connection.address]
            self._count -= 1
            self.by_device[connection.device] -= 1
            self._hub.remove(connection)
            if self.reports is not None:
                self.reports.ended(connection, reason)
        if reason is CloseReason.GONE:  # others stay for one more check, so that their last bytes can leave
            self.wheel.cancel(connection)
        if _log.isEnabledFor(logging.INFO):  # or the id would be made for nothing
            _log.info(
                "stream %s closed: %s after %.1f s, device %s",
                connection.id,
                reason.word,
                seconds,
                connection.device or "unknown",
            )

    def start_drain(self) -> None:
        """Start to close all streams as `shutdown`, and refuse new ones. A second call does nothing."""
        if self._draining is None:
            self._draining = asyncio.get_running_loop().create_task(self._drain(), name="drain")

    async def drain(self) -> None:
        """Close all streams as `shutdown`, spread over the drain time so that not all clients reconnect at
        once; at DRAIN_PER_SECOND where that is quicker."""
        self.start_drain()
        if self._draining is not None:
            await self._draining

    async def _drain(self) -> None:
        connections = list(self.wheel)
        seconds = min(self._drain_seconds * DRAIN_SHARE, len(connections) / DRAIN_PER_SECOND)
        steps = max(1, round(seconds / DRAIN_STEP_SECONDS))
        for step in range(steps):
            for connection in connections[step::steps]:
                _close_for_restart(connection)
            if step < steps - 1:
                await asyncio.sleep(DRAIN_STEP_SECONDS)
        last_bytes_seconds = math.ceil(self._drain_seconds * (1 - DRAIN_SHARE))
        for connection in list(self.wheel):  # those whose clients do not take their last bytes
            self.wheel.schedule(connection, self.wheel.now + last_bytes_seconds)


def _close_for_restart(connection: Connection) -> None:
    connection.close(CloseReason.SHUTDOWN, jittered(RESTART_RETRY_MS))
