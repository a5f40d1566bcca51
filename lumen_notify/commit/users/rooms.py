"""Rooms: a user who is deleted leaves all of their rooms.

As if they had left: another member becomes owner, and a private room goes with its last member. A direct room
stays for the other user, with the alias in place of the user, and goes with the last of both.
"""

from __future__ import annotations

from lumen_notify.commit.rooms.members import ChangeMembers, change_members
from lumen_notify.commit.rooms.membership import Membership
from lumen_notify.commit.transaction import Transaction
from lumen_notify.commit.users.alias import Alias
from lumen_notify.errors import Refused

STEP_ROOMS = 50
"""Rooms that a step leaves: each is two events, and one has the user's counts."""


async def leave_rooms(tx: Transaction, alias: Alias) -> bool:
    """Leave some rooms; return whether there were any."""
    rows = await tx.run("rooms_of_user", user_id=alias.user_id, limit=STEP_ROOMS)
    leaves = [
        ChangeMembers(room_id=room_id, caller=alias.user_id, action="remove", users=(alias.user_id,))
        for room_id, kind, _, _ in rows
        if kind not in ("direct", "deleting")
    ]
    for answer in await change_members(tx, leaves) if leaves else ():
        if isinstance(answer, Refused):
            raise answer
    others = Membership(tx)
    for room_id, kind, joined_position, members_count in rows:
        if kind in ("direct", "deleting"):
            others.remove(room_id, alias.user_id, joined_position, {"reason": "left", "by": alias.user_id})
        if kind == "direct" and members_count > 1:
            others.announce_members(
                room_id, "left", [(alias.user_id, None)], by=alias.user_id, count=members_count - 1
            )
    await others.write()
    empty = [{"room_id": room_id} for room_id, kind, _, count in rows if kind == "direct" and count == 1]
    if empty:
        tx.add("mark_rooms_deleted", rows=empty)
    return bool(rows)
