"""Room messages: the new messages of rooms, and which of them each user has not read."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from lumen_notify.commit.push.due import OutboxPush
from lumen_notify.commit.push.facts import FactReader, Room, RoomMessage
from lumen_notify.model import value


@value
class NewMessages:
    """The new messages of a room that a user has not read. count: how many; newest: the body of the last
    one."""

    room: Room
    count: int
    newest: Mapping[str, Any]


@value
class RoomMessages:
    """The new messages of a room. messages: newest first, see `FactReader.messages`. blocks: user and blocked
    sender. mentions: user and message, of which the user gets a push."""

    room: Room
    messages: Sequence[RoomMessage]
    blocks: frozenset[tuple[str, str]]
    mentions: frozenset[tuple[str, str]]

    def new_to(self, user_id: str, last_read_seq: int) -> NewMessages | None:
        """Return what a user has not read, less what mentions them, which is pushed as a notification, and
        what users whom they have blocked have sent. None if nothing is left."""
        left = [
            one
            for one in self.messages
            if one.seq > last_read_seq
            and one.sender_id != user_id
            and (user_id, one.sender_id) not in self.blocks
            and (user_id, one.id) not in self.mentions
        ]
        if not left:
            return None
        # Some of those that a message stands for may be read.
        count = max(len(left), min(sum(one.number for one in left), self.room.last_seq - last_read_seq))
        return NewMessages(room=self.room, count=count, newest=json.loads(left[0].body))


async def load_room_messages(
    reader: FactReader, pushes: Iterable[OutboxPush], user_ids: Collection[str]
) -> Mapping[str, RoomMessages]:
    """Load the new messages of the rooms of some pushes, by push. Rooms that do not exist are missing."""
    by_id = {push.id: push for push in pushes if push.kind == "messages"}
    rooms = await reader.rooms(push.room_id or "" for push in by_id.values())
    loaded: dict[str, RoomMessages] = {}
    for push in by_id.values():
        room = rooms.get(push.room_id or "")
        if room is not None:
            messages = await reader.messages(room.id, push.first_seq or 0)
            loaded[push.id] = RoomMessages(
                room=room,
                messages=messages,
                blocks=await reader.blocks(user_ids, (one.sender_id for one in messages)),
                mentions=await reader.mentions(one.id for one in messages),
            )
    return loaded
