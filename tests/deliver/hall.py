"""Hall: real streams on a real hub, whose seconds the test lets pass."""

from __future__ import annotations

from typing import Any

from lumen_notify.deliver.hub import Hub
from lumen_notify.deliver.replay import Replay
from lumen_notify.deliver.streams.registry import Streams
from lumen_notify.model import Audience, Counts, Event

from .fakes import Clock, RecordingOutlet

LIMITS: dict[str, Any] = {
    "ping_seconds": 30,
    "drain_seconds": 10,
    "max_stream_seconds": 0,
    "max_streams": 0,
    "max_streams_per_user": 0,
    "max_streams_per_address": 0,
}


class Hall:
    """Open streams and a clock. `pass_seconds` turns the wheel each second."""

    def __init__(self, **limits: float) -> None:
        self.clock = Clock(1000.25)
        replay = Replay(position=40, max_events=100)
        self.hub = Hub(epoch="e", position=40, replay=replay, clock=self.clock)
        self.streams = Streams(self.hub, clock=self.clock, wall_clock=self.clock.ms, **LIMITS | limits)

    def new(
        self,
        user_id: str = "ann",
        *,
        expires_in: float = 3600,
        address: str = "192.0.2.1",
        device: str | None = None,
    ) -> RecordingOutlet:
        return RecordingOutlet(
            user_id,
            address=address,
            device=device,
            connected_at=self.clock.ms(),
            expires_at=self.clock.ms() + round(expires_in * 1000),
            on_close=self.streams.on_close,
        )

    def open(self, user_id: str = "ann", **fields: Any) -> RecordingOutlet:
        """Do what the endpoint and the welcome do."""
        outlet = self.new(user_id, **fields)
        assert self.streams.refusal(outlet.address) is None
        self.streams.add(outlet)
        self.hub.enter(self.hub.channel(user_id), outlet, Counts({}, {}))
        self.streams.make_room(user_id)
        return outlet

    def pass_seconds(self, seconds: int) -> None:
        for _ in range(seconds):
            self.clock.seconds += 1
            self.streams.wheel.turn()

    def deliver(self, audience: str = "user:ann") -> None:
        event = Event(
            position=self.hub.position + 1,
            audience=Audience(audience),
            kind="notification",
            category="like",
            body="{}",
            created_at=0,
        )
        for _ in self.hub.fan_out([event]):
            pass

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left of any stream, in no table and on no timer."""
        return not (
            len(self.streams) or self.hub.channels or self.streams._by_address or len(self.streams.wheel)
        )
