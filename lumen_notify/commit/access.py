"""Access: why a user may not look into a room, or not write there.

Promise: a room that is not public does not exist for those who are not in it.
"""

from __future__ import annotations

from lumen_notify.commit.standings import no_room, not_a_member
from lumen_notify.errors import Forbidden, Refused


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
