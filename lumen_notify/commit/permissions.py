"""Permissions: what a user may do in a room, and the refusal if they may not.

| role | reads | sends | mutes, removes, bans | adds | title | makes moderators, owners | deletes the room |
|---|---|---|---|---|---|---|---|
| owner | yes | yes | anybody else | yes | yes | yes | yes |
| moderator | yes | yes | members and muted | as member or muted | yes | no | no |
| member | yes | yes | no | no | no | no | no |
| muted | yes | no | no | no | no | no | no |

Both users of a direct room are members: nobody moderates it.

Promises: a room that the user may not see is refused as one that does not exist; a command's permission is
looked up in the transaction that acts on it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from lumen_notify.commit.database import Database
from lumen_notify.commit.transaction import Transaction
from lumen_notify.errors import Conflict, Forbidden, NotFound, Refused
from lumen_notify.model import value

Role = Literal["owner", "moderator", "member", "muted"]

ROLES: tuple[Role, ...] = ("owner", "moderator", "member", "muted")
"""The highest first."""

_RANKS: dict[str | None, int] = {role: rank for rank, role in enumerate(reversed(ROLES), start=1)} | {None: 0}


def rules(role: str | None) -> bool:
    """Tell whether this role looks after others. None: not a member."""
    return role in ("owner", "moderator")


def may_remove(role: str | None, other: str | None) -> bool:
    """Tell whether this role may mute, remove or ban somebody else. other: his role; None: not a member."""
    return role == "owner" or (role == "moderator" and not rules(other))


def may_assign_role(role: str | None, before: str | None, after: str) -> bool:
    """Tell whether this role may let somebody else in as `after`, or change him from `before` to it."""
    return role == "owner" or (role == "moderator" and not rules(before) and not rules(after))


def may_step_down(before: str, after: str) -> bool:
    """Tell whether one may change one's own role so. A voice once lost is not to be taken back by oneself."""
    return rules(before) and after != "muted" and _RANKS[after] < _RANKS[before]


def refusal(kind: str | None, role: str | None) -> Refused | None:
    """Say why a user may not look into a room; None if he may. kind: of the room, None for no such room.
    role: None for who is no member."""
    if kind in (None, "gone") or (kind != "public" and role is None):
        return no_room()
    return not_a_member() if role is None else None


def post_refusal(kind: str | None, role: str | None, *, is_blocked: object = False) -> Refused | None:
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
        if (refused := post_refusal(kind, role, is_blocked=is_blocked)) is not None:
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


@value
class RoomContext:
    """A command's room as it is, and what the caller is there. owners: how many it has."""

    kind: str
    title: str | None
    members_count: int
    role: Role | None
    since: int | None
    owners: int

    def require_moderator(self) -> None:
        """Do nothing if the caller looks after the room. Raises NotFound, Forbidden."""
        if (refused := refusal(self.kind, self.role)) is not None:
            raise refused
        if not rules(self.role):
            raise too_low()

    def require_visible(self) -> None:
        """Do nothing if the caller may know of the room. Raises NotFound."""
        if self.role is None and self.kind != "public":
            raise no_room()


async def load_room_contexts(
    tx: Transaction, rooms_and_callers: Sequence[tuple[str, str]]
) -> Mapping[int, RoomContext]:
    """Look up rooms and what the callers are there, by number in the list; what is no room is left out."""
    rows = [
        {"n": n, "room_id": room_id, "caller": caller}
        for n, (room_id, caller) in enumerate(rooms_and_callers)
    ]
    return {
        n: RoomContext(
            kind=kind, title=title, members_count=members_count, role=role, since=since, owners=owners
        )
        for n, kind, title, members_count, role, since, owners in await tx.run("room_standings", rows=rows)
    }


def found(standing: RoomContext | None) -> RoomContext:
    """Return the standing in a room that there is. Raises NotFound."""
    if standing is None:
        raise no_room()
    return standing
