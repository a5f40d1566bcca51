"""Places: the rooms of a user as a client knows them, moved along by frames alone, or fetched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from clients import Api, Frame

Said = tuple[str, str, str]
"""Id, sender, content."""


def said(row: Mapping[str, Any]) -> Said:
    """Take a message as frames and history show it."""
    return row["id"], row["sender"]["id"], row["content"]


@dataclass(slots=True, kw_only=True)
class Place:
    """One room. messages: by seq, ascending; all of them if it is known, else those since the user joined.
    last_read: the user's own mark, 0 as long as nothing moved it since he joined. members: their roles,
    reads: how far each has read, both only if it is known."""

    role: str
    messages: dict[int, Said] = field(default_factory=dict)
    last_read: int = 0
    members: dict[str, str] = field(default_factory=dict)
    reads: dict[str, int] = field(default_factory=dict)
    is_known: bool = False

    @property
    def unread(self) -> int:
        """How many messages he has not read."""
        return sum(seq > self.last_read for seq in self.messages)

    def copied(self) -> Place:
        return replace(self, messages=dict(self.messages), members=dict(self.members), reads=dict(self.reads))

    def agree(self, fetched: Place) -> None:
        """Assert that this is what was fetched; from then on it is known."""
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
class Places:
    """The rooms that one user is in, by id."""

    user: str
    rooms: dict[str, Place] = field(default_factory=dict)

    def copied(self) -> Places:
        return Places(self.user, {id_: place.copied() for id_, place in self.rooms.items()})

    def unread(self) -> dict[str, int]:
        """Count what is unread from the messages alone, without zeros."""
        return {id_: place.unread for id_, place in self.rooms.items() if place.unread}

    def apply(self, frame: Frame) -> None:
        """Follow one frame. Asserts that nothing of a room comes to who is not in it."""
        if not frame.is_durable or not isinstance(frame.data, dict):
            return
        body = frame.data.get("data", {})
        if frame.event == "joined":
            assert body["room_id"] not in self.rooms, frame
            self.rooms[body["room_id"]] = Place(role=body["role"])
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

    def _follow_message(self, place: Place, body: Mapping[str, Any]) -> None:
        sender = body["sender"]["id"]
        assert body["seq"] == max(place.messages, default=body["seq"] - 1) + 1, "a message is missing"
        place.messages[body["seq"]] = said(body)
        if sender == self.user:
            place.last_read = body["seq"]
        if sender in place.members:
            place.reads[sender] = body["seq"]

    def _follow_change(self, place: Place, body: Mapping[str, Any]) -> None:
        assert body["seq"] in place.messages or not place.is_known, body
        if body["seq"] in place.messages:
            place.messages[body["seq"]] = said(body)

    def _follow_read(self, place: Place, body: Mapping[str, Any]) -> None:
        told = range(body["from_seq"], body["up_to"] + 1)[-100:]
        assert not place.is_known or body["ids"] == [place.messages[seq][0] for seq in told], body
        if body["user_id"] == self.user:
            place.last_read = body["up_to"]
        if body["user_id"] in place.members:
            place.reads[body["user_id"]] = body["up_to"]

    def _follow_members(self, place: Place, body: Mapping[str, Any]) -> None:
        for one in body["members"]:
            user, role = one["user_id"], one["role"]
            if user == self.user:
                place.role = role
            if not place.is_known:
                continue
            if role is None:
                del place.members[user], place.reads[user]
                continue
            if user not in place.members:
                place.reads[user] = max(place.messages, default=0)
            place.members[user] = role
        assert not place.is_known or body["members_count"] == len(place.members), body


async def fetched(api: Api, *, limit: int) -> Places:
    """Fetch the rooms of a user anew, with all that is said in them. limit: of a page."""
    places = Places(api.user_id)
    for room in await _pages(api, "/rooms", limit):
        path = f"/rooms/{room['id']}"
        members = await _pages(api, path + "/members", limit)
        messages = await _pages(api, path + "/messages", limit, by="after")
        place = Place(
            role=room["role"],
            messages={row["seq"]: said(row) for row in messages},
            last_read=room["last_read_seq"],
            members={row["user_id"]: row["role"] for row in members},
            reads={row["user_id"]: row["last_read_seq"] for row in members},
            is_known=True,
        )
        assert list(place.messages) == list(range(1, room["last_seq"] + 1)), "seq has no holes"
        assert place.unread == room["unread"]
        assert room["members_count"] == len(place.members)
        assert place.members[api.user_id] == place.role
        places.rooms[room["id"]] = place
    return places


async def _pages(api: Api, path: str, limit: int, *, by: str = "cursor") -> list[Any]:
    items: list[Any] = []
    cursor: dict[str, str | int] = {"after": 0} if by == "after" else {}
    while True:
        page = await api.get_api(path, limit=limit, **cursor)
        items += page["items"]
        if page["next_cursor"] is None:
            return items
        cursor = {by: page["next_cursor"]}
