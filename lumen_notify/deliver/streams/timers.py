"""Timers: pings, token expiries and the maximum age of all open streams, on one timer wheel.

A stream is checked at the next second at which something may be due:

| due | effect |
|---|---|
| PING_SECONDS of silence | `ping`, with the newest id |
| PING_SECONDS of a long replay | `ping`, without an id |
| WARNING_SECONDS before the token ends | `expiring`, each time until the token is renewed |
| the token ends | closed as `expired` |
| LUMEN_MAX_STREAM_SECONDS after it opened, jittered | closed as `shutdown`; the client reconnects |
| the check after its close | the transport is aborted, if the peer has not taken the last bytes |
"""

from __future__ import annotations

import math
from collections.abc import Callable

from lumen_notify.deliver.connection.connection import Connection
from lumen_notify.deliver.frames import control
from lumen_notify.deliver.hub import Hub
from lumen_notify.deliver.timer_wheel import TimerWheel
from lumen_notify.model import CloseReason

WARNING_SECONDS = (60, 30, 15)
"""How long before the token ends a stream gets `expiring`. A renewal may be lost on its way from another
instance: a client that is asked again renews again."""


class StreamTimers:
    """The timers of the open streams.

    ping_seconds: at least 1. max_stream_seconds: 0 means no limit. clock: monotonic seconds; wall_clock: ms.
    """

    def __init__(
        self,
        hub: Hub,
        *,
        ping_seconds: float,
        max_stream_seconds: float,
        clock: Callable[[], float],
        wall_clock: Callable[[], int],
    ) -> None:
        self.wheel: TimerWheel[Connection] = TimerWheel(self._check, clock, on_failure=Connection.fail)
        self._hub = hub
        self.ping_seconds = max(1, round(ping_seconds))
        self._max_stream_seconds = max_stream_seconds
        self._wall_clock = wall_clock

    def schedule(self, connection: Connection) -> None:
        """Schedule the next check of a stream that has opened or was renewed."""
        self.wheel.schedule(connection, self._next_check(connection))

    def ping(self, connection: Connection) -> None:
        """Send `ping` with the newest id, if the stream is live; without one during a long replay."""
        if connection.replaying is not None:
            connection.write(control.ping(None))
            return
        channel = self._hub.channels.get(connection.user_id)
        if channel is not None and connection in channel.connections:
            self._hub.catch_up(channel)  # or the ping's id would be ahead of the frames that were sent
            connection.write(control.ping(str(self._hub.cursor)))

    def _check(self, connection: Connection) -> int | None:
        if connection.close_reason is not None:
            connection.abort()
            return None
        now = self._wall_clock()
        left_ms = connection.expires_at - now
        if left_ms <= 0:
            connection.close(CloseReason.EXPIRED)
        elif now >= self._life_ends_at(connection):
            connection.close(CloseReason.SHUTDOWN)
        elif connection.warnings < (due := sum(left_ms <= seconds * 1000 for seconds in WARNING_SECONDS)):
            connection.warnings = due
            connection.write(control.expiring(left_ms // 1000))
        elif not self._seconds_to_ping(connection):
            self.ping(connection)
        return self._next_check(connection)

    def _next_check(self, connection: Connection) -> int:
        """Return the wheel's second at which something may be due: a ping, a warning, an end."""
        now = self._wall_clock()
        ends_at = min(connection.expires_at, self._life_ends_at(connection))
        if connection.warnings < len(WARNING_SECONDS):
            ends_at = min(ends_at, connection.expires_at - WARNING_SECONDS[connection.warnings] * 1000)
        seconds_left = max(1, math.ceil((ends_at - now) / 1000))
        return self.wheel.now + min(seconds_left, self._seconds_to_ping(connection) or self.ping_seconds)

    def _seconds_to_ping(self, connection: Connection) -> int:
        """Return how many more seconds the stream may be silent; 0 if a ping is due."""
        if connection.replaying is not None:
            return 0  # nobody notes when it was last sent something
        channel = self._hub.channels.get(connection.user_id)
        last_sent_at = 0 if channel is None else channel.last_sent_at
        return max(0, last_sent_at + self.ping_seconds - self.wheel.now)

    def _life_ends_at(self, connection: Connection) -> float:
        if not self._max_stream_seconds:
            return math.inf
        jitter = 0.9 + hash(connection.id) % 1000 / 5000  # 0.9 to 1.1, the same at each check
        return connection.connected_at + self._max_stream_seconds * 1000 * jitter
