"""Hub: from an event's audience to the channels connected here.

Promises: every channel sees its events in position order, each once; a fan-out to many leaves the
loop free every few milliseconds, and a stream that comes in between misses nothing and repeats
nothing, because its channel is settled first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from lumen_notify.deliver.channel import Channel, show_to_all
from lumen_notify.deliver.frames import Frame
from lumen_notify.deliver.outlet import Outlet
from lumen_notify.deliver.replay import Replay
from lumen_notify.model import EVERYONE, Cursor, Event, user_audience

TURN_CHANNELS = 256
"""Channels that a fan-out shows in one turn of the loop: about 2 ms of work, with the writes that follow."""


class _Batch(NamedTuple):
    everyone: list[Frame]
    others: dict[str, list[Frame]]
    position: int
    second: int


class Hub:
    """The channels of the users connected here. position: up to which events are delivered.
    deliveries: how many frames have been shown to users, on however many streams."""

    def __init__(self, *, epoch: str, position: int, replay: Replay, clock: Callable[[], float]) -> None:
        self.position = position
        self.replay = replay
        self.deliveries = 0
        self.channels: dict[str, Channel] = {}
        self.epoch = epoch
        self._clock = clock
        self._batch: _Batch | None = None
        self._waiting: list[tuple[int, Callable[[], None]]] = []

    @property
    def cursor(self) -> Cursor:
        """The newest position, as clients hand it back."""
        return Cursor(self.epoch, self.position)

    def channel(self, user_id: str) -> Channel:
        """Return the user's channel, new if there is none."""
        channel = self.channels.get(user_id)
        if channel is None:
            channel = self.channels[user_id] = Channel(user_id, self.position)
        return channel

    def release(self, channel: Channel) -> None:
        """Forget a channel that has no stream any more."""
        if channel.is_unused and self.channels.get(channel.user_id) is channel:
            del self.channels[channel.user_id]

    def remove(self, outlet: Outlet) -> None:
        """Take a stream out, if it is in."""
        channel = self.channels.get(outlet.user_id)
        if channel is not None:
            channel.leave(outlet)
            self.release(channel)

    def fan_out(self, events: Sequence[Event]) -> Iterator[None]:
        """Show contiguous new events to all whom they concern; each `next` is one turn of work."""
        frames = [Frame(event, self.epoch) for event in events]
        by_audience: dict[str, list[Frame]] = {}
        for frame in frames:
            by_audience.setdefault(frame.audience, []).append(frame)
        self.replay.append(frames)
        self.position = frames[-1].position
        everyone = by_audience.pop(EVERYONE, [])
        self._batch = _Batch(everyone, by_audience, self.position, int(self._clock()))
        self._wake()
        concerned = self._concerned(self._batch)
        is_plain = len(everyone) == 1 and not by_audience
        for begin in range(0, len(concerned), TURN_CHANNELS):
            turn = concerned[begin : begin + TURN_CHANNELS]
            if is_plain:
                show_to_all(turn, everyone[0], self._batch.position, self._batch.second)
            else:
                for channel in turn:
                    self.settle(channel)
            yield
        self.deliveries += len(concerned) * max(1, len(everyone))
        self._batch = None
        for frame in frames:
            frame.forget_encodings()

    def settle(self, channel: Channel) -> None:
        """Show the channel what the fan-out under way has for it, if it has not seen it yet."""
        batch = self._batch
        if batch is None or channel.position >= batch.position:
            return
        if batch.others and (mine := batch.others.get(user_audience(channel.user_id))):
            frames = sorted(mine + batch.everyone, key=lambda frame: frame.position)
            channel.show(frames, batch.position, batch.second)
        else:
            channel.show(batch.everyone, batch.position, batch.second)

    def when_at(self, position: int, wake: Callable[[], None]) -> None:
        """Call `wake` as soon as `position` is delivered; at once if it is."""
        if position <= self.position:
            wake()
        else:
            self._waiting.append((position, wake))

    def _wake(self) -> None:
        due = [wake for position, wake in self._waiting if position <= self.position]
        self._waiting = [item for item in self._waiting if item[0] > self.position]
        for wake in due:
            wake()

    def _concerned(self, batch: _Batch) -> list[Channel]:
        if batch.everyone:
            return list(self.channels.values())
        found = (self.channels.get(audience.removeprefix("user:")) for audience in batch.others)
        return [channel for channel in found if channel is not None]
