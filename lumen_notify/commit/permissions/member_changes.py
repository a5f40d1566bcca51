"""Member changes: the rules for adding, removing and banning users, and for changing their roles.

Each function raises the refusal, or returns if the change is allowed. is_self: whether users change their own
membership. A change that is already in effect is allowed.
"""

from __future__ import annotations

from collections.abc import Sequence

from lumen_notify.commit.permissions.refusals import (
    entry_refusal,
    not_a_member,
    not_banned,
    role_too_low,
)
from lumen_notify.commit.permissions.roles import (
    is_moderator,
    may_assign_role,
    may_claim,
    may_remove,
    may_step_down,
)
from lumen_notify.commit.permissions.room_context import RoomContext
from lumen_notify.commit.transaction import Transaction
from lumen_notify.errors import Conflict, Forbidden, NotFound
from lumen_notify.model import value
from lumen_notify.model.events import Role


@value
class UserContext:
    """A user whose membership a command changes, as the command finds them.

    role, joined_position: of their membership; None if they are not a member. has_blocked: whether they have
    blocked the caller. rooms_count: see `entry_refusal`. is_muted: whether they were muted when they left the
    room.
    """

    user_id: str
    role: Role | None
    joined_position: int | None
    is_banned: bool
    has_blocked: bool
    rooms_count: int
    is_muted: bool


async def load_user_contexts(
    tx: Transaction, changes: Sequence[tuple[str, str, Sequence[str]]]
) -> Sequence[Sequence[UserContext]]:
    """Load the users of each change, in order. changes: (room id, caller, user ids) each."""
    rows = [
        {"n": n, "room_id": room_id, "user_id": user_id, "caller": caller}
        for n, (room_id, caller, users) in enumerate(changes)
        for user_id in users
    ]
    by_user = {
        (n, user_id): UserContext(
            user_id=user_id,
            role=role,
            joined_position=joined_position,
            is_banned=bool(is_banned),
            has_blocked=bool(has_blocked),
            rooms_count=rooms_count,
            is_muted=bool(is_muted),
        )
        for n, user_id, role, joined_position, is_banned, has_blocked, rooms_count, is_muted in await tx.run(
            "user_contexts", rows=rows
        )
    }
    return [[by_user[n, user_id] for user_id in users] for n, (_, _, users) in enumerate(changes)]


def require_changeable(room: RoomContext, *, is_self: bool) -> None:
    """Raise NotFound, Conflict or Forbidden if the caller may not change the members of this room at all."""
    room.require_visible()
    if room.kind == "direct":
        raise Conflict("The members of a direct room cannot be changed.", code="room_is_direct")
    if room.role is None and not is_self:
        raise not_a_member()


def require_put(
    room: RoomContext, user: UserContext, role: Role | None, *, is_self: bool, max_rooms: int
) -> None:
    """Check that a user may become a member with this role, or that a member may get it. role: None for
    `member`, or for the role that the user has. max_rooms: see `entry_refusal`."""
    if user.role is not None:
        _require_role_change(room, user.role, role or user.role, is_self=is_self)
        return
    is_allowed = role in (None, "member") if is_self else may_assign_role(room.role, None, role or "member")
    if user.is_banned and (is_self or is_allowed):
        raise Forbidden(f"The user {user.user_id} is banned from this room.", code="banned")
    if not is_allowed:
        raise role_too_low()
    refusal = entry_refusal(
        user.user_id,
        is_self=is_self,
        has_blocked=user.has_blocked,
        rooms_count=user.rooms_count,
        max_rooms=max_rooms,
    )
    if refusal is not None:
        raise refusal


def require_add(
    room: RoomContext, user: UserContext, role: Role | None, *, is_self: bool, max_rooms: int
) -> None:
    """Check that a moderator may add a user; members keep their role. role, max_rooms: as for
    `require_put`."""
    if not is_moderator(room.role):
        raise role_too_low()
    if user.role is None:
        require_put(room, user, role, is_self=is_self, max_rooms=max_rooms)


def require_remove(room: RoomContext, user: UserContext, *, is_self: bool) -> None:
    """Check that a user may leave, or be removed by the caller."""
    if not is_self and not may_remove(room.role, user.role):
        raise role_too_low()
    if user.role is None:
        raise NotFound("This user is not a member of the room.")


def require_ban(room: RoomContext, user: UserContext, *, is_self: bool) -> None:
    """Check that the caller may ban a user, who need not be a member."""
    if is_self or not may_remove(room.role, user.role):
        raise role_too_low()


def require_unban(room: RoomContext, user: UserContext) -> None:
    """Check that the caller may end a ban."""
    room.require_moderator()
    if not user.is_banned:
        raise not_banned()


def _require_role_change(room: RoomContext, before: Role, after: Role, *, is_self: bool) -> None:
    if after == before or (is_self and may_claim(before, after, room.owners_count)):
        return
    if room.role == before == "owner" and room.owners_count == 1:  # their own role, or an administrator acts
        raise Conflict(
            "The last owner cannot give up the role. Make another member an owner first.", code="last_owner"
        )
    if not (may_assign_role(room.role, before, after) or (is_self and may_step_down(before, after))):
        raise role_too_low()
