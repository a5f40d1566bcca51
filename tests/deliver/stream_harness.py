"""Stream harness: a real hub and a real registry with recording connections, on a clock that the test
moves."""

from __future__ import annotations

from typing import Any

from clients import Frame, read_frames
from lumen_notify.deliver.frames.chunks import unchunk
from lumen_notify.deliver.hub import Hub
from lumen_notify.deliver.replay import Replay
from lumen_notify.deliver.streams.registry import StreamRegistry
from lumen_notify.model import Audience, Counts, Event

from .fakes import FakeClock, RecordingConnection

LIMITS: dict[str, Any] = {
    "ping_seconds": 30,
    "drain_seconds": 10,
    "max_stream_seconds": 0,
    "max_streams": 0,
    "max_streams_per_user": 0,
    "max_streams_per_address": 0,
}


class StreamHarness:
    """Opens streams. `pass_seconds` ticks the timer wheel once for each second."""

    def __init__(self, **limits: float) -> None:
        self.clock = FakeClock(1000.25)
        replay = Replay(position=40, max_events=100)
        self.hub = Hub(epoch="e", position=40, replay=replay, clock=self.clock)
        self.streams = StreamRegistry(self.hub, clock=self.clock, wall_clock=self.clock.ms, **LIMITS | limits)

    def new(
        self,
        user_id: str = "ann",
        *,
        expires_in: float = 3600,
        address: str = "192.0.2.1",
        device: str | None = None,
    ) -> RecordingConnection:
        return RecordingConnection(
            user_id,
            address=address,
            device=device,
            connected_at=self.clock.ms(),
            expires_at=self.clock.ms() + round(expires_in * 1000),
            on_close=self.streams.on_close,
        )

    def open(self, user_id: str = "ann", **fields: Any) -> RecordingConnection:
        """Do what the endpoint and the opener do."""
        connection = self.new(user_id, **fields)
        assert self.streams.refusal(connection.address) is None
        self.streams.add(connection)
        self.hub.add(self.hub.get_channel(user_id), connection, Counts({}, {}))
        self.streams.opened(connection)
        return connection

    def pass_seconds(self, seconds: int) -> None:
        for _ in range(seconds):
            self.clock.seconds += 1
            self.streams.wheel.tick()

    def deliver(self, audience: str = "user:ann") -> None:
        event = Event(
            position=self.hub.position + 1,
            audience=Audience(audience),
            kind="notification",
            category="like",
            body='{"id":"n"}',
            created_at=0,
        )
        for _ in self.hub.fan_out([event]):
            pass

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left of any stream, in any table or on the timer wheel."""
        return not (
            len(self.streams) or self.hub.channels or self.streams._by_address or len(self.streams.wheel)
        )


def frames_of(connection: RecordingConnection) -> list[Frame]:
    """Return all frames that a connection has sent, its last included."""
    return list(read_frames(unchunk(b"".join([*connection.chunks, connection.last])).decode()))


def event_names(connection: RecordingConnection) -> list[str]:
    return [frame.event for frame in frames_of(connection)]
