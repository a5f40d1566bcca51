"""Rooms: what is said and done in one, for those who are in it."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from lumen_notify.deliver.frames.counters import Counters
from lumen_notify.deliver.frames.frame import MAX_REMEMBERED, NOT_SHOWN, Frame, Shown
from lumen_notify.model import Event, to_json


class RoomFrame(Frame):
    """An event in a room: for those who are in it, with what is unread there."""

    __slots__ = ("_data", "_made", "_name")

    room_id: str

    def __init__(self, event: Event, epoch: str, body: Mapping[str, Any], name: str | None) -> None:
        super().__init__(event, epoch)
        self._data = to_json(body["data"])
        self._name = name
        self._made: dict[tuple[int, int], bytes] = {}

    @property
    def size_bytes(self) -> int:
        """About what it takes in memory and on the wire."""
        return len(self._data) + 200

    def show(self, counters: Counters, user_id: str) -> Shown:
        """Follow the log."""
        after = self._after(counters, user_id)
        return after, self.again(after, user_id)

    def again(self, counters: Counters, user_id: str) -> bytes:  # noqa: ARG002 - numbers are all that differs
        """Show it with the numbers of now. Whether the user was in the room then is not asked here."""
        numbers = counters.total, counters.rooms.get(self.room_id, 0)
        made = self._made.get(numbers)
        if made is None:
            made = self._encode(*numbers)
            if len(self._made) < MAX_REMEMBERED:
                self._made[numbers] = made
        return made

    def forget(self) -> None:
        """Drop what was remembered."""
        self._made.clear()

    def _encode(self, total: int, unread: int) -> bytes:
        kind = '"type":"chat",' if self._name is None else ""
        room = f'{{"id":{to_json(self.room_id)},"unread":{unread}}}'
        fields = f'{kind}"unread_count":{total},"room":{room},"data":{self._data}'
        return self._chunk(f"{{{fields}}}", self._name)

    @abstractmethod
    def _after(self, counters: Counters, user_id: str) -> Counters:
        """Return the numbers after it."""


class RoomMessage(RoomFrame):
    """Somebody has said something: unread by everybody but himself, who has read all with it."""

    __slots__ = ("_but_for", "_sender_id")

    def __init__(self, event: Event, epoch: str) -> None:
        body = json.loads(event.body)
        super().__init__(event, epoch, body, None)
        self._sender_id: str = body["sender_id"]
        self._but_for: str | None = body.get("but_for")

    def again(self, counters: Counters, user_id: str) -> bytes:
        """Show it with the numbers of now, but to him who is not to get it."""
        return NOT_SHOWN if user_id == self._but_for else super().again(counters, user_id)

    def _after(self, counters: Counters, user_id: str) -> Counters:
        unread = 0 if user_id in (self._sender_id, self._but_for) else counters.rooms[self.room_id] + 1
        return counters.with_room(self.room_id, unread)


class RoomRead(RoomFrame):
    """Somebody has read up to somewhere: all in the room see it, and his own number is stated."""

    __slots__ = ("_unread", "_user_id")

    def __init__(self, event: Event, epoch: str) -> None:
        body = json.loads(event.body)
        super().__init__(event, epoch, body, "read")
        self._user_id: str = body["user_id"]
        self._unread: int = body["unread"]

    def _after(self, counters: Counters, user_id: str) -> Counters:
        return counters.with_room(self.room_id, self._unread) if user_id == self._user_id else counters


class RoomNews(RoomFrame):
    """Anything else in a room."""

    __slots__ = ()

    def __init__(self, event: Event, epoch: str) -> None:
        super().__init__(event, epoch, json.loads(event.body), event.kind)

    def again(self, counters: Counters, user_id: str) -> bytes:  # noqa: ARG002 - it is the same for all
        """Show it; there are no numbers in it."""
        return self._chunk(f'{{"data":{self._data}}}', self._name)

    def _after(self, counters: Counters, user_id: str) -> Counters:  # noqa: ARG002 - it is the same for all
        return counters
