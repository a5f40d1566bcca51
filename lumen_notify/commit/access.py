"""Access: why a user may not look into a room, not write there, or not look after it.

Promise: a room that is not public does not exist for those who are not in it.
"""

from __future__ import annotations

from lumen_notify.commit.database import Database
from lumen_notify.errors import Conflict, Forbidden, NotFound, Refused


def refusal(kind: str | None, role: str | None) -> Refused | None:
    """Say why a user may not look into a room; None if he may. kind: of the room, None for no such room.
    role: None for who is no member."""
    if kind in (None, "gone") or (kind != "public" and role is None):
        return no_room()
    return not_a_member() if role is None else None


def write_refusal(kind: str | None, role: str | None, *, is_blocked: object = False) -> Refused | None:
    """Say why a user may not write in a room; None if he may. is_blocked: by the other one of two."""
    if (refused := refusal(kind, role)) is not None:
        return refused
    if role == "muted":
        return Forbidden("you are muted in this room: you may read, not write", code="muted")
    if is_blocked:
        return Forbidden("this user has blocked you", code="blocked")
    return None


class Access:
    """Looks up what a user may do, where nothing is committed by it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def require_write(self, room_id: str, user_id: str) -> None:
        """Do nothing if the user may write in the room. Raises NotFound, Forbidden."""
        rows = await self._database.fetch("write_standing", room_id=room_id, user_id=user_id)
        kind, role, is_blocked = rows[0] if rows else (None, None, None)
        if (refused := write_refusal(kind, role, is_blocked=is_blocked)) is not None:
            raise refused


def no_room() -> NotFound:
    """Say that there is no such room, or none that the caller may see."""
    return NotFound("there is no such room for you")


def not_a_member() -> Forbidden:
    """Say that this is for members."""
    return Forbidden("only members may do this: join the room first", code="not_a_member")


def too_low() -> Forbidden:
    """Say that it takes another role."""
    return Forbidden("your role in this room does not allow this", code="role_too_low")


def not_banned() -> NotFound:
    """Say that there is no such ban."""
    return NotFound("this user is not banned from the room")


def has_blocked(user_id: str) -> Forbidden:
    """Say that somebody does not want to hear from the caller."""
    return Forbidden(f"{user_id} has blocked you", code="blocked")


def too_many_rooms(user_id: str, limit: int) -> Conflict:
    """Say that somebody is in as many rooms as one may be."""
    return Conflict(f"{user_id} is in {limit} rooms already, and may not be in more", code="too_many_rooms")
