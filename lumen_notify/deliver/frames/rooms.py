"""Rooms: the frames of room events, for the members."""

from __future__ import annotations

from abc import abstractmethod

from lumen_notify.deliver.frames.count_shape import CountShape
from lumen_notify.deliver.frames.frame import MAX_CACHED, NOT_SHOWN, Applied, Frame
from lumen_notify.model import Counts, Event, to_json
from lumen_notify.model.encoding import encoded_bytes
from lumen_notify.model.events import MessageSent, RoomPayload, RoomRead


class RoomFrame(Frame):
    """An event of a room, with the number of messages that the reader has not read there.

    data: JSON. name: of the SSE event; None for one that `onmessage` gets.
    """

    __slots__ = ("_data", "_encoded", "_name")

    room_id: str

    def __init__(self, event: Event, epoch: str, *, data: str, name: str | None) -> None:
        super().__init__(event, epoch)
        self._data = data
        self._name = name
        self._encoded: dict[tuple[int, int], bytes] = {}

    @property
    def size_bytes(self) -> int:
        """About what the frame takes in memory and on the wire."""
        return encoded_bytes(self._data) + 200

    def apply(self, counts: Counts, user_id: str) -> Applied:
        """Apply the event to the counts of a member."""
        after = self._counts_after(counts, user_id)
        return after, self.render_replay(after, user_id)

    def apply_compact(self, shape: CountShape, total: int, user_id: str) -> tuple[CountShape, int, bytes]:
        """Do what `apply` does, and keep the bytes until the fan-out ends: members with the same numbers
        share them."""
        after = self._counts_after(shape.counts(total), user_id)
        chunks = NOT_SHOWN
        if self._is_shown_to(user_id):
            numbers = after.total, after.rooms.get(self.room_id, 0)
            known = self._encoded.get(numbers)
            chunks = self._encode(*numbers) if known is None else known
            if known is None and len(self._encoded) < MAX_CACHED:
                self._encoded[numbers] = chunks
        return CountShape.of(after), after.total, chunks

    def render_replay(self, counts: Counts, user_id: str) -> bytes:
        """Show it with the current counts. Does not check whether the user was a member at that time."""
        if not self._is_shown_to(user_id):
            return NOT_SHOWN
        return self._encode(counts.total, counts.rooms.get(self.room_id, 0))

    def clear_cache(self) -> None:
        """Drop what was cached."""
        self._encoded.clear()

    def _encode(self, total: int, unread: int) -> bytes:
        kind = '"type":"chat",' if self._name is None else ""
        room = f'{{"id":{to_json(self.room_id)},"unread":{unread}}}'
        fields = f'{kind}"unread_count":{total},"room":{room},"data":{self._data}'
        return self._chunk(f"{{{fields}}}", self._name)

    def _is_shown_to(self, user_id: str) -> bool:  # noqa: ARG002 - most frames are for all members
        return True

    @abstractmethod
    def _counts_after(self, counts: Counts, user_id: str) -> Counts:
        """Return the counts after the event."""


class MessageFrame(RoomFrame):
    """A new message: one more unread for each member except its sender, who has read the room up to it."""

    __slots__ = ("_exclude_user_id", "_sender_id")

    def __init__(self, event: Event, epoch: str, payload: MessageSent) -> None:
        super().__init__(event, epoch, data=payload.message, name=None)
        self._sender_id = payload.sender_id
        self._exclude_user_id = payload.exclude_user_id

    def _is_shown_to(self, user_id: str) -> bool:
        return user_id != self._exclude_user_id

    def _counts_after(self, counts: Counts, user_id: str) -> Counts:
        has_read = user_id in (self._sender_id, self._exclude_user_id)
        return counts.with_room(self.room_id, 0 if has_read else counts.rooms[self.room_id] + 1)


class RoomReadFrame(RoomFrame):
    """A member has read up to a message: all members see it, and it sets that member's unread number."""

    __slots__ = ("_unread", "_user_id")

    def __init__(self, event: Event, epoch: str, payload: RoomRead) -> None:
        super().__init__(event, epoch, data=to_json(payload.data), name="read")
        self._user_id = payload.user_id
        self._unread = payload.unread

    def _counts_after(self, counts: Counts, user_id: str) -> Counts:
        return counts.with_room(self.room_id, self._unread) if user_id == self._user_id else counts


class RoomEventFrame(RoomFrame):
    """Any other event of a room. It changes no count and shows none."""

    __slots__ = ()

    def __init__(self, event: Event, epoch: str, payload: RoomPayload) -> None:
        super().__init__(event, epoch, data=to_json(payload.data), name=event.kind)

    def _encode(self, total: int, unread: int) -> bytes:  # noqa: ARG002 - the same for all users
        return self._chunk(f'{{"data":{self._data}}}', self._name)

    def _counts_after(self, counts: Counts, user_id: str) -> Counts:  # noqa: ARG002 - the same for all users
        return counts
