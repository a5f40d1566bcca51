"""Hub: from an event's audience to the channels connected here.

Promises: every channel gets its events in position order, each once. A fan-out to many channels returns to
the loop every few milliseconds; a stream that opens in between misses nothing and repeats nothing, because
its channel is caught up first.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import chain
from operator import attrgetter
from typing import Any, NamedTuple

from lumen_notify.deliver.broadcast import broadcast, broadcast_several
from lumen_notify.deliver.channel import Channel
from lumen_notify.deliver.connection.connection import Connection
from lumen_notify.deliver.frames import Frame, NotificationFrame, RemovedFrame, SkippedFrame
from lumen_notify.deliver.frames.control import ephemeral
from lumen_notify.deliver.frames.count_shape import SharedShapes
from lumen_notify.deliver.frames.rewritten import rewritten_positions
from lumen_notify.deliver.replay import Entry, Replay
from lumen_notify.model import EVERYONE, LIST, Audience, CloseReason, Counts, Cursor, Event, ResetReason
from lumen_notify.model.counts import NO_ROOMS

FAN_OUT_CHUNK = 256
"""How many channels a fan-out serves before it returns to the loop: about 2 ms, with the writes that
follow."""


_POSITION = attrgetter("position")

_log = logging.getLogger("lumen_notify.hub")


class _FanOut(NamedTuple):
    """The fan-out in progress. by_audience: frames that are not for everyone. now: whole seconds."""

    everyone: list[Frame]
    by_audience: dict[Audience, list[Frame]]
    room_ids: list[str]
    position: int
    now: int


class Hub:
    """The channels of the users connected here.

    position: events up to it have been delivered. deliveries: how many frames of events users have been sent
    live, without replays; a user with several streams counts once. skipped_events: how many events this
    version did not know, by kind. failures: how many times a user's streams were ended because their
    frames could not be made. resets: how often the log did not continue, by reason. generation: how often
    in all. users_by_device: users with a live stream of each kind of device; None for one that names none.
    clock: monotonic seconds.
    """

    def __init__(self, *, epoch: str, position: int, replay: Replay, clock: Callable[[], float]) -> None:
        self.position = position
        self.replay = replay
        self.deliveries = 0
        self.skipped_events: dict[str, int] = {}
        self.failures = 0
        self.resets: Counter[str] = Counter()
        self.generation = 0
        self.channels: dict[str, Channel] = {}
        self.users_by_device: Counter[str | None] = Counter()
        self.epoch = epoch
        self._shapes = SharedShapes()
        self._channels_by_room: dict[str, set[Channel]] = {}
        self._clock = clock
        self._fan_out: _FanOut | None = None
        self._failure_logged_at = -1
        self._waiting: list[tuple[int, Callable[[], None]]] = []

    @property
    def cursor(self) -> Cursor:
        """The newest position, as clients send it back."""
        return Cursor(self.epoch, self.position, self.replay.check_at(self.position))

    def check_at(self, position: int) -> str | None:
        """Return the check of the event at a position; None if it is no longer in memory."""
        return self.replay.check_at(position)

    def has_delivered(self, cursor: Cursor) -> bool:
        """Return whether the event at a cursor was delivered; True if it is no longer known which one was."""
        known = self.check_at(cursor.position)
        return self.epoch == cursor.epoch and (known is None or known == cursor.check)

    def get_channel(self, user_id: str) -> Channel:
        """Return the user's channel; create it if necessary."""
        channel = self.channels.get(user_id)
        if channel is None:
            channel = self.channels[user_id] = Channel(user_id, self.position)
        return channel

    def add(self, channel: Channel, connection: Connection, counts: Counts) -> None:
        """Add a connection that is up to date to its channel. counts: the user's counts now."""
        if not channel.has_device(connection.device):
            self.users_by_device[connection.device] += 1
        channel.add(connection, counts)
        channel.shape = self._shapes.shared(channel.shape)
        self._update_rooms(channel)

    def remove(self, connection: Connection) -> None:
        """Remove a connection, if it is here."""
        channel = self.channels.get(connection.user_id)
        if channel is not None:
            if connection in channel.connections:
                channel.remove(connection)
                if not channel.has_device(connection.device):
                    self.users_by_device[connection.device] -= 1
            self.discard_unused(channel)

    def discard_unused(self, channel: Channel) -> None:
        """Remove a channel that has no stream any more."""
        if channel.is_unused and self.channels.get(channel.user_id) is channel:
            del self.channels[channel.user_id]
            self._set_rooms(channel, NO_ROOMS)

    def subscriber_count(self, audience: Audience, users: Sequence[str] = ()) -> int:
        """Return how many channels here belong to an audience, or to the users of a list."""
        return len(self.channels.keys() & users if users else self._channels_of(audience))

    def unknown_users(self, known: Collection[str]) -> list[str]:
        """Return the users with an open stream here who are not in `known`."""
        return [user for user, channel in self.channels.items() if channel.connections and user not in known]

    def fan_out(
        self, events: Sequence[Event], readers: Mapping[str, frozenset[str]] | None = None
    ) -> Iterator[None]:
        """Deliver contiguous new events to every channel concerned; each `next` does one chunk of the work.

        readers: by user, the ids of the notifications removed by these events that the user had read or
        archived. Every user with an open stream must be in it (see `unknown_users`).
        """
        entries = [Entry(event, self.epoch) for event in events]
        listed = {entry: here for entry in entries if (here := self.channels.keys() & entry.users)}
        relevant = [entry for entry in entries if entry in listed or self._channels_of(entry.audience)]
        if any(entry.frame.requires_recount for entry in relevant):
            relevant = entries  # a user may join a room by one of them, and then gets the room's later events
        frames = [entry.frame for entry in relevant]
        self._count_skipped(events, frames)
        by_audience: dict[Audience, list[Frame]] = {}
        for entry, frame in zip(relevant, frames, strict=True):
            users = listed.get(entry, ())
            for audience in map(Audience.user, users) if frame.audience == LIST else (frame.audience,):
                by_audience.setdefault(audience, []).append(frame)
            if isinstance(frame, RemovedFrame):
                frame.readers = readers or {}
        self.replay.append(entries)
        self.replay.drop_rewritten(rewritten_positions(events))
        self.position = entries[-1].position
        everyone = by_audience.pop(EVERYONE, [])
        room_ids = [audience.room_id for audience in by_audience if audience.room_id is not None]
        fan_out = _FanOut(everyone, by_audience, room_ids, self.position, int(self._clock()))
        self._fan_out = fan_out
        self._call_waiting()
        channels = list(self.channels.values()) if everyone else self.channels_of(by_audience)
        notifications = [frame for frame in everyone if isinstance(frame, NotificationFrame)]
        is_broadcast = len(notifications) == len(events)
        for begin in range(0, len(channels), FAN_OUT_CHUNK):
            part = channels[begin : begin + FAN_OUT_CHUNK]
            if is_broadcast and len(notifications) == 1:
                self.deliveries += broadcast(part, notifications[0], fan_out.position, fan_out.now, self.fail)
            elif is_broadcast:
                self.deliveries += broadcast_several(
                    part, notifications, fan_out.position, fan_out.now, self.fail
                )
            else:
                for channel in part:
                    self.catch_up(channel)
            yield
        self._fan_out = None
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

    def catch_up(self, channel: Channel) -> None:
        """Deliver the frames of the fan-out in progress to the channel, unless it has them already."""
        fan_out = self._fan_out
        if fan_out is None or channel.position >= fan_out.position:
            return
        try:
            frames = self._frames_for(channel, fan_out)
            self.deliveries += channel.deliver(frames, fan_out.position, fan_out.now)
            self._update_rooms(channel)
        except Exception:  # noqa: BLE001 - one channel fails, whatever it is
            self.fail(channel)

    def fail(self, channel: Channel) -> None:
        """End a channel whose frames could not be made: its clients resume from their cursors, and skip
        nothing. Called where the exception is handled; one a second is logged."""
        self.failures += 1
        now = int(self._clock())
        if now != self._failure_logged_at:
            self._failure_logged_at = now
            _log.exception("A user's frames could not be made; their streams resume.")
        channel.position = self.position
        channel.fail()

    def send_ephemeral(
        self, audience: Audience, name: str, fields: Mapping[str, Any], *, exclude_user_id: str | None = None
    ) -> None:
        """Send a frame without an id, which is not in the log, to an audience's open streams here."""
        chunks = ephemeral(name, fields)
        for channel in list(self._channels_of(audience)):  # a stream that is too slow leaves its channel
            if channel.user_id != exclude_user_id:
                channel.write(chunks, int(self._clock()))

    def reset_to(self, cursor: Cursor, reason: ResetReason) -> None:
        """Go on from another place of the log, which does not continue from ours.

        All streams are closed; their clients reconnect and get `reset`, unless the log continues from where
        they were. Streams that are opening start again.
        """
        self.resets[reason] += 1
        self.generation += 1
        self.epoch = cursor.epoch
        self.position = cursor.position
        self.replay.reset_to(cursor.position, cursor.check)
        for channel in list(self.channels.values()):
            channel.position = cursor.position
            channel.close(CloseReason.SHUTDOWN)
        waiting, self._waiting = self._waiting, []
        for _, callback in waiting:
            callback()

    def call_at(self, position: int, callback: Callable[[], None]) -> None:
        """Call `callback` as soon as `position` is delivered or the hub is reset; at once if it has been."""
        if position <= self.position:
            callback()
        else:
            self._waiting.append((position, callback))

    def _call_waiting(self) -> None:
        due = [callback for position, callback in self._waiting if position <= self.position]
        self._waiting = [item for item in self._waiting if item[0] > self.position]
        for callback in due:
            callback()

    def _channels_of(self, audience: Audience) -> Collection[Channel]:
        # Users come first: most events are for one user, who is not connected here.
        if (user_id := audience.user_id) is not None:
            channel = self.channels.get(user_id)
            return () if channel is None else (channel,)
        if (room_id := audience.room_id) is not None:
            return self._channels_by_room.get(room_id, ())
        return self.channels.values() if audience == EVERYONE else ()

    def channels_of(self, audiences: Collection[Audience]) -> list[Channel]:
        """Return the channels of several audiences, each once."""
        found: dict[Channel, None] = {}
        for audience in audiences:
            found.update(dict.fromkeys(self._channels_of(audience)))
        return list(found)

    def _frames_for(self, channel: Channel, fan_out: _FanOut) -> list[Frame]:
        """Return the frames that may concern the channel, in position order.

        A room's frames are included whole; `Channel.deliver` leaves out those from outside the membership.
        """
        own = fan_out.by_audience.get(Audience.user(channel.user_id), []) if fan_out.by_audience else []
        if not own and not fan_out.room_ids:
            return fan_out.everyone
        may_join = any(frame.requires_recount for frame in own)
        lists = [
            fan_out.by_audience[Audience.room(room_id)]
            for room_id in fan_out.room_ids
            if may_join or room_id in channel.shape.rooms
        ]
        lists += [frames for frames in (own, fan_out.everyone) if frames]
        return lists[0] if len(lists) == 1 else sorted(chain(*lists), key=_POSITION)

    def _update_rooms(self, channel: Channel) -> None:
        """List the channel under the rooms that its user is in, unless it has been discarded meanwhile."""
        # `since` stays the same object while the user joins and leaves no room.
        if channel.indexed_rooms is not channel.shape.since and not channel.is_unused:
            self._set_rooms(channel, channel.shape.since)

    def _set_rooms(self, channel: Channel, rooms: Mapping[str, int]) -> None:
        for room_id in channel.indexed_rooms.keys() - rooms.keys():
            channels = self._channels_by_room[room_id]
            channels.discard(channel)
            if not channels:
                del self._channels_by_room[room_id]
        for room_id in rooms.keys() - channel.indexed_rooms.keys():
            self._channels_by_room.setdefault(room_id, set()).add(channel)
        channel.indexed_rooms = rooms
