"""Roster: who is in a room, and who is banned from it, read back.

Not here: who may see that (`accept.members`), changes (`members`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lumen_notify.commit.database import Database
from lumen_notify.commit.permissions import Role
from lumen_notify.model import value


@value
class Member:
    """One of a room's. last_read_seq: up to which message he has read."""

    user_id: str
    role: Role
    last_read_seq: int


@value
class Ban:
    """Who may not be in a room. banned_at: milliseconds."""

    user_id: str
    banned_by: str
    banned_at: int


class Roster:
    """Reads committed members and bans."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, room_id: str, *, after: str, limit: int) -> Sequence[Member]:
        """Read the next after a user id: ascending, at most limit."""
        rows = await self._database.fetch("list_members", room_id=room_id, after=after, limit=limit)
        return [Member(user_id=user_id, role=role, last_read_seq=seq) for user_id, role, seq in rows]

    async def bans(self, room_id: str, *, after: str, limit: int) -> Sequence[Ban]:
        """Read the next bans after a user id: ascending, at most limit."""
        rows = await self._database.fetch("list_bans", room_id=room_id, after=after, limit=limit)
        return [_ban(row) for row in rows]

    async def ban(self, room_id: str, user_id: str) -> Ban | None:
        """Read one ban, or None."""
        rows = await self._database.fetch("get_ban", room_id=room_id, user_id=user_id)
        return _ban(rows[0]) if rows else None


def _ban(row: Sequence[Any]) -> Ban:
    user_id, banned_by, banned_at = row
    return Ban(user_id=user_id, banned_by=banned_by, banned_at=banned_at)
