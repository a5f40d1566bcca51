"""Room states: the rooms of a user, built from frames alone or fetched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from clients import Api, Frame

Said = tuple[str, str, str]
"""Id, sender id, content."""


def said(row: Mapping[str, Any]) -> Said:
    """Return the compared fields of a message, from a frame or from history."""
    return row["id"], row["sender"]["id"], row["content"]


@dataclass(slots=True, kw_only=True)
class RoomState:
    """One room.

    messages: by seq, ascending; all if `is_known`, else those since the user joined. last_read: the user's
    read mark; 0 if it has not moved since they joined. members: roles by user. reads: read marks by user;
    both only if `is_known`.
    """

    role: str
    messages: dict[int, Said] = field(default_factory=dict)
    last_read: int = 0
    members: dict[str, str] = field(default_factory=dict)
    reads: dict[str, int] = field(default_factory=dict)
    is_known: bool = False

    @property
    def unread(self) -> int:
        """The number of messages that the user has not read."""
        return sum(seq > self.last_read for seq in self.messages)

    def copied(self) -> RoomState:
        return replace(self, messages=dict(self.messages), members=dict(self.members), reads=dict(self.reads))

    def agree(self, fetched: RoomState) -> None:
        """Assert that this equals the fetched state."""
        assert self.role == fetched.role
        assert self.unread == fetched.unread
        assert list(self.messages) == list(fetched.messages)[len(fetched.messages) - len(self.messages) :]
        assert self.messages.items() <= fetched.messages.items()
        if self.is_known:
            assert self.messages == fetched.messages
            assert self.members == fetched.members
            assert self.reads == fetched.reads
            assert self.last_read == fetched.last_read


@dataclass(slots=True)
class RoomStates:
    """The rooms of one user, by id."""

    user: str
    rooms: dict[str, RoomState] = field(default_factory=dict)

    def copied(self) -> RoomStates:
        return RoomStates(self.user, {id_: room_state.copied() for id_, room_state in self.rooms.items()})

    def unread(self) -> dict[str, int]:
        """Return the unread counts from the messages alone, without zeros."""
        return {id_: room_state.unread for id_, room_state in self.rooms.items() if room_state.unread}

    def apply(self, frame: Frame) -> None:
        """Apply one frame. Asserts that no event of a room reaches a user who is not a member."""
        if not frame.is_durable or not isinstance(frame.data, dict):
            return
        body = frame.data.get("data", {})
        if frame.event == "joined":
            assert body["room_id"] not in self.rooms, frame
            self.rooms[body["room_id"]] = RoomState(role=body["role"])
        elif frame.event == "left":
            del self.rooms[body["room_id"]]
        elif frame.event == "member":
            self._follow_members(self.rooms[body["room_id"]], body)
        elif frame.event == "room":
            assert body["room_id"] in self.rooms, frame
        elif frame.event in ("message_edited", "message_deleted"):
            self._follow_change(self.rooms[body["room_id"]], body)
        elif frame.is_of_room and frame.event == "message":
            self._follow_message(self.rooms[body["room_id"]], body)
        elif frame.is_of_room and frame.event == "read":
            self._follow_read(self.rooms[body["room_id"]], body)

    def _follow_message(self, room_state: RoomState, body: Mapping[str, Any]) -> None:
        sender = body["sender"]["id"]
        assert body["seq"] == max(room_state.messages, default=body["seq"] - 1) + 1, "a message is missing"
        room_state.messages[body["seq"]] = said(body)
        if sender == self.user:
            room_state.last_read = body["seq"]
        if sender in room_state.members:
            room_state.reads[sender] = body["seq"]

    def _follow_change(self, room_state: RoomState, body: Mapping[str, Any]) -> None:
        assert body["seq"] in room_state.messages or not room_state.is_known, body
        if body["seq"] in room_state.messages:
            room_state.messages[body["seq"]] = said(body)

    def _follow_read(self, room_state: RoomState, body: Mapping[str, Any]) -> None:
        told = range(body["from_seq"], body["up_to"] + 1)[-100:]
        assert len(body["ids"]) == len(told), body
        for seq, id_ in zip(told, body["ids"], strict=True):
            # A message of a room that was deleted since is in no replay.
            assert seq not in room_state.messages or room_state.messages[seq][0] == id_, body
        if body["user_id"] == self.user:
            room_state.last_read = body["up_to"]
        if body["user_id"] in room_state.members:
            room_state.reads[body["user_id"]] = body["up_to"]

    def _follow_members(self, room_state: RoomState, body: Mapping[str, Any]) -> None:
        for one in body["members"]:
            user, role = one["user_id"], one["role"]
            if user == self.user:
                room_state.role = role
            if not room_state.is_known:
                continue
            if role is None:
                del room_state.members[user], room_state.reads[user]
                continue
            if user not in room_state.members:
                room_state.reads[user] = max(room_state.messages, default=0)
            room_state.members[user] = role
        assert not room_state.is_known or body["members_count"] == len(room_state.members), body


async def fetch(api: Api, *, limit: int) -> RoomStates:
    """Fetch the rooms of a user with all their messages. limit: page size."""
    room_states = RoomStates(api.user_id)
    for room in await _pages(api, "/rooms", limit):
        path = f"/rooms/{room['id']}"
        members = await _pages(api, path + "/members", limit)
        messages = await _pages(api, path + "/messages", limit, after=0)
        room_state = RoomState(
            role=room["role"],
            messages={row["seq"]: said(row) for row in messages},
            last_read=room["last_read_seq"],
            members={row["user_id"]: row["role"] for row in members},
            reads={row["user_id"]: row["last_read_seq"] for row in members},
            is_known=True,
        )
        assert list(room_state.messages) == list(range(1, room["last_seq"] + 1)), "seq has no holes"
        assert room_state.unread == room["unread"]
        assert room["members_count"] == len(room_state.members)
        assert room_state.members[api.user_id] == room_state.role
        room_states.rooms[room["id"]] = room_state
    return room_states


async def _pages(api: Api, path: str, limit: int, **start: int) -> list[Any]:
    items: list[Any] = []
    query: dict[str, Any] = start
    while True:
        page = await api.get_api(path, limit=limit, **query)
        items += page["items"]
        if page["next_cursor"] is None:
            return items
        query = {"cursor": page["next_cursor"]}
