"""Hub: from an event's audience to the channels connected here.

Promises: every channel sees its events in position order, each once; a fan-out to many leaves the
loop free every few milliseconds, and a stream that comes in between misses nothing and repeats
nothing, because its channel is settled first.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import chain
from operator import attrgetter
from typing import Any, NamedTuple

from lumen_notify.deliver.channel import Channel, show_several_to_all, show_to_all
from lumen_notify.deliver.connection.connection import Outlet
from lumen_notify.deliver.frames import Frame, NotificationFrame, RemovedFrame, SkippedFrame
from lumen_notify.deliver.frames.control import ephemeral
from lumen_notify.deliver.frames.count_shape import SharedShapes
from lumen_notify.deliver.replay import Entry, Replay
from lumen_notify.model import EVERYONE, Audience, CloseReason, Counts, Cursor, Event
from lumen_notify.model.counts import NO_ROOMS

TURN_CHANNELS = 256
"""Channels that a fan-out shows in one turn of the loop: about 2 ms of work, with the writes that follow."""


_POSITION = attrgetter("position")

_log = logging.getLogger("lumen_notify.hub")


class _Batch(NamedTuple):
    everyone: list[Frame]
    others: dict[Audience, list[Frame]]
    rooms: list[str]
    position: int
    second: int


class Hub:
    """The channels of the users connected here. position: up to which events are delivered.
    deliveries: frames shown to users,
    on however many streams. skipped_events: events that this version does not know, by kind."""

    def __init__(self, *, epoch: str, position: int, replay: Replay, clock: Callable[[], float]) -> None:
        self.position = position
        self.replay = replay
        self.deliveries = 0
        self.skipped_events: dict[str, int] = {}
        self.channels: dict[str, Channel] = {}
        self.epoch = epoch
        self._shapes = SharedShapes()
        self._in_room: dict[str, set[Channel]] = {}
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

    def enter(self, channel: Channel, outlet: Outlet, counts: Counts) -> None:
        """Let a stream that has been brought up to date into its channel. counts: of now."""
        channel.enter(outlet, counts)
        channel.shape = self._shapes.shared(channel.shape)
        self._place(channel)

    def release(self, channel: Channel) -> None:
        """Forget a channel that has no stream any more."""
        if channel.is_unused and self.channels.get(channel.user_id) is channel:
            del self.channels[channel.user_id]
            self._move(channel, NO_ROOMS)

    def remove(self, outlet: Outlet) -> None:
        """Take a stream out, if it is in."""
        channel = self.channels.get(outlet.user_id)
        if channel is not None:
            channel.leave(outlet)
            self.release(channel)

    def width(self, audience: Audience) -> int:
        """Return how many channels an audience meets here."""
        return len(self._channels_of(audience))

    def strangers(self, known: Collection[str]) -> list[str]:
        """Return the users who have a stream here and are not known."""
        return [user for user, channel in self.channels.items() if channel.outlets and user not in known]

    def fan_out(
        self, events: Sequence[Event], settled: Mapping[str, frozenset[str]] | None = None
    ) -> Iterator[None]:
        """Show contiguous new events to all whom they concern; each `next` is one turn of work.

        settled: of what is gone by these events, what each user here had settled; `strangers` of it
        there may be none.
        """
        entries = [Entry(event, self.epoch) for event in events]
        seen = [entry for entry in entries if self._channels_of(entry.audience)]
        if any(entry.frame.requires_recount for entry in seen):
            seen = entries  # somebody may come into a room by one of them, and see what follows there
        frames = [entry.frame for entry in seen]
        self._count_skipped(events, frames)
        by_audience: dict[Audience, list[Frame]] = {}
        for frame in frames:
            by_audience.setdefault(frame.audience, []).append(frame)
            if isinstance(frame, RemovedFrame):
                frame.settled = settled or {}
        self.replay.append(entries)
        self.position = entries[-1].position
        everyone = by_audience.pop(EVERYONE, [])
        rooms = [audience.room_id for audience in by_audience if audience.room_id is not None]
        self._batch = batch = _Batch(everyone, by_audience, rooms, self.position, int(self._clock()))
        self._wake()
        concerned = list(self.channels.values()) if everyone else self._concerned(by_audience)
        plain = [frame for frame in everyone if isinstance(frame, NotificationFrame)]
        is_plain = len(plain) == len(events)
        for begin in range(0, len(concerned), TURN_CHANNELS):
            turn = concerned[begin : begin + TURN_CHANNELS]
            if is_plain and len(plain) == 1:
                show_to_all(turn, plain[0], batch.position, batch.second)
            elif is_plain:
                show_several_to_all(turn, plain, batch.position, batch.second)
            else:
                for channel in turn:
                    self.settle(channel)
            yield
        self.deliveries += len(concerned) * max(1, len(everyone))
        self._batch = None
        for frame in frames:
            frame.clear_cache()

    def _count_skipped(self, events: Sequence[Event], frames: Sequence[Frame]) -> None:
        """Count the events that this version does not know, and log the first one of each kind."""
        skipped = [(event.kind, "unknown audience") for event in events if event.audience.scope is None]
        skipped += [(frame.kind, frame.reason) for frame in frames if isinstance(frame, SkippedFrame)]
        for kind, reason in skipped:
            if kind not in self.skipped_events:
                _log.warning(
                    "Skipped an event of kind %s that this version does not know (%s).", kind, reason
                )
            self.skipped_events[kind] = self.skipped_events.get(kind, 0) + 1

    def settle(self, channel: Channel) -> None:
        """Show the channel what the fan-out under way has for it, if it has not seen it yet."""
        batch = self._batch
        if batch is None or channel.position >= batch.position:
            return
        frames = self._frames_for(channel, batch)
        channel.show(frames, batch.position, batch.second)
        self._place(channel)

    def whisper(
        self, audience: Audience, name: str, fields: Mapping[str, Any], *, exclude_user_id: str | None = None
    ) -> None:
        """Say something in passing to an audience's users here: no id, no place in the log. exclude_user_id:
        a
        user who is not told."""
        chunks = ephemeral(name, fields)
        for channel in self._channels_of(audience):
            if channel.user_id != exclude_user_id:
                channel.write(chunks, int(self._clock()))

    def leap(self, position: int) -> None:
        """Go on from a later position: what lies between is no longer in the log. All streams end; their
        clients come back, and are told to fetch anew."""
        self.position = position
        self.replay.restart(position)
        for channel in list(self.channels.values()):
            channel.position = position
            channel.end(CloseReason.SHUTDOWN)
        self._wake()

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

    def _channels_of(self, audience: Audience) -> Collection[Channel]:
        match audience.scope:
            case "all":
                return self.channels.values()
            case "room":
                return self._in_room.get(audience.room_id or "", ())
            case "user":
                channel = self.channels.get(audience.user_id or "")
                return () if channel is None else (channel,)
        return ()

    def _concerned(self, audiences: Collection[Audience]) -> list[Channel]:
        found: dict[Channel, None] = {}
        for audience in audiences:
            found.update(dict.fromkeys(self._channels_of(audience)))
        return list(found)

    def _frames_for(self, channel: Channel, batch: _Batch) -> list[Frame]:
        """Return what the batch may have for the channel, in order. Which of a room's frames lie in the
        time of his membership, the channel finds out, one after the other."""
        mine = batch.others.get(Audience.user(channel.user_id), []) if batch.others else []
        if not mine and not batch.rooms:
            return batch.everyone
        joins = any(frame.requires_recount for frame in mine)
        lists = [
            batch.others[Audience.room(room_id)]
            for room_id in batch.rooms
            if joins or room_id in channel.shape.rooms
        ]
        lists += [frames for frames in (mine, batch.everyone) if frames]
        return lists[0] if len(lists) == 1 else sorted(chain(*lists), key=_POSITION)

    def _place(self, channel: Channel) -> None:
        """Have the channel in the rooms that its user is in, unless it has been released meanwhile."""
        if channel.placed is not channel.shape.since and not channel.is_unused:
            self._move(channel, channel.shape.since)

    def _move(self, channel: Channel, rooms: Mapping[str, int]) -> None:
        for room_id in channel.placed.keys() - rooms.keys():
            there = self._in_room[room_id]
            there.discard(channel)
            if not there:
                del self._in_room[room_id]
        for room_id in rooms.keys() - channel.placed.keys():
            self._in_room.setdefault(room_id, set()).add(channel)
        channel.placed = rooms
