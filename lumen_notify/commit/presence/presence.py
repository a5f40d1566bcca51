"""Presence: who is online in a room, and who may learn that a user came online or went offline.

Promise: a user who appears offline, or who has blocked the reader, is offline to them, and was never seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lumen_notify.commit.database import Database
from lumen_notify.commit.presence.connections import DeviceName
from lumen_notify.commit.presence.online import Online
from lumen_notify.model import value

MAX_ROOMS = 50
"""The rooms in which a change of one user is announced: those that they chose, then the smallest ones."""

MAX_BLOCKED = 20
"""A user who has blocked more users is not announced at all: the list travels with each change."""


@value
class MemberPresence:
    """A member of a room, as a reader sees them. devices: of their open streams, by name. last_seen_at: ms,
    None while they are online, and if they were never seen."""

    user_id: str
    is_online: bool
    devices: tuple[DeviceName, ...]
    last_seen_at: int | None


@value
class Observers:
    """Who may learn of a user's change. room_ids: in which rooms. blocked_ids: except for these members.
    is_hidden: the user appears offline."""

    room_ids: tuple[str, ...]
    blocked_ids: tuple[str, ...] = ()
    is_hidden: bool = False


class Presence:
    """Reads presence. online: knows who is. max_room_members: larger rooms learn of no changes; 0: no room
    does."""

    def __init__(self, database: Database, online: Online, *, max_room_members: int) -> None:
        self._database = database
        self._online = online
        self._max_room_members = max_room_members

    async def of_room(
        self, room_id: str, reader_id: str, *, after: str, limit: int
    ) -> Sequence[MemberPresence]:
        """Read the members of a room after a user id: ascending, at most limit. Raises
        DatabaseUnavailable."""
        members = await self._database.fetch(
            "room_presence", room_id=room_id, reader=reader_id, after=after, limit=limit
        )
        devices = await self._online.devices([user_id for user_id, _, is_hidden in members if not is_hidden])
        return [
            MemberPresence(
                user_id=user_id,
                is_online=user_id in devices,
                devices=tuple(devices.get(user_id, ())),
                last_seen_at=None if user_id in devices or is_hidden else last_seen_at,
            )
            for user_id, last_seen_at, is_hidden in members
        ]

    async def observers(self, user_ids: Sequence[str]) -> Mapping[str, Observers]:
        """Read who may learn of changes, by user. Users whom nobody may learn of are left out. Raises
        DatabaseUnavailable."""
        if not self._max_room_members:
            return {}
        users = [{"user_id": user_id} for user_id in user_ids]
        rooms: dict[str, list[str]] = {}
        hidden = set()
        for user_id, room_id, is_hidden in await self._database.fetch(
            "presence_rooms", users=users, most_members=self._max_room_members, most_rooms=MAX_ROOMS
        ):
            rooms.setdefault(user_id, []).append(room_id)
            if is_hidden:
                hidden.add(user_id)
        if not rooms:
            return {}
        blocked: dict[str, list[str]] = {}
        in_rooms = [{"user_id": user_id} for user_id in rooms]
        for user_id, blocked_id in await self._database.fetch(
            "presence_blocks", users=in_rooms, most=MAX_BLOCKED + 1
        ):
            blocked.setdefault(user_id, []).append(blocked_id)
        return {
            user_id: Observers(
                room_ids=tuple(room_ids),
                blocked_ids=tuple(blocked.get(user_id, ())),
                is_hidden=user_id in hidden,
            )
            for user_id, room_ids in rooms.items()
            if len(blocked.get(user_id, ())) <= MAX_BLOCKED
        }
