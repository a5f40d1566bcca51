"""Member list: reads who is in a room, and who is banned from it.

Not here: who may read that (`commit/permissions`), changes (`members`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lumen_notify.commit.database import Database
from lumen_notify.commit.permissions import Role
from lumen_notify.model import value


@value
class Member:
    """A member of a room.

    last_read_seq: of the newest message that they have read. username: the name that others see; None without
    an account here, as avatar is.
    """

    user_id: str
    role: Role
    last_read_seq: int
    username: str | None = None
    avatar: str | None = None


@value
class Ban:
    """A user who may not join a room. banned_at: milliseconds."""

    user_id: str
    banned_by: str
    banned_at: int


class MemberList:
    """Reads committed members and bans."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, room_id: str, *, after: str, limit: int) -> Sequence[Member]:
        """Read the members after a user id: ascending, at most limit."""
        rows = await self._database.fetch("list_members", room_id=room_id, after=after, limit=limit)
        return [
            Member(user_id=user_id, role=role, last_read_seq=seq, username=username, avatar=avatar)
            for user_id, role, seq, username, avatar in rows
        ]

    async def bans(self, room_id: str, *, after: str, limit: int) -> Sequence[Ban]:
        """Read the bans after a user id: ascending, at most limit."""
        rows = await self._database.fetch("list_bans", room_id=room_id, after=after, limit=limit)
        return [_ban(row) for row in rows]

    async def ban(self, room_id: str, user_id: str) -> Ban | None:
        """Read one ban, or None."""
        rows = await self._database.fetch("get_ban", room_id=room_id, user_id=user_id)
        return _ban(rows[0]) if rows else None


def _ban(row: Sequence[Any]) -> Ban:
    user_id, banned_by, banned_at = row
    return Ban(user_id=user_id, banned_by=banned_by, banned_at=banned_at)
