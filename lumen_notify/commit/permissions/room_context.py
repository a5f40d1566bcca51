"""Room context: a room and the caller's role in it, loaded for the rules."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from lumen_notify.commit.database import Database
from lumen_notify.commit.permissions.refusals import post_refusal, role_too_low, room_not_found, view_refusal
from lumen_notify.commit.permissions.roles import is_moderator
from lumen_notify.commit.transaction import Transaction
from lumen_notify.model import value
from lumen_notify.model.events import Role


@value
class RoomContext:
    """A room as a command finds it. role: the caller's, None if they are not a member."""

    kind: str
    title: str | None
    members_count: int
    role: Role | None
    owners_count: int

    def require_visible(self) -> None:
        """Raise NotFound if the caller may not see the room."""
        if self.role is None and self.kind != "public":
            raise room_not_found()

    def require_member(self) -> None:
        """Raise NotFound or Forbidden if the caller is not a member."""
        if (refusal := view_refusal(self.kind, self.role)) is not None:
            raise refusal

    def require_moderator(self) -> None:
        """Raise NotFound or Forbidden if the caller is not an owner or a moderator."""
        self.require_member()
        if not is_moderator(self.role):
            raise role_too_low()

    def require_owner(self) -> None:
        """Raise NotFound or Forbidden if the caller is not an owner."""
        self.require_member()
        if self.role != "owner":
            raise role_too_low()

    def for_admin(self) -> RoomContext:
        """Return the room as its administrator acts on it: as an owner, whether they are a member or not."""
        return replace(self, role="owner")


async def load_room_contexts(
    tx: Transaction, rooms_and_callers: Sequence[tuple[str, str]], admins: Collection[int] = ()
) -> Mapping[int, RoomContext]:
    """Load rooms with the callers' roles, by index in the list. Rooms that do not exist are left out.

    admins: the indexes of callers who act as administrators.
    """
    rows = [
        {"n": n, "room_id": room_id, "caller": caller}
        for n, (room_id, caller) in enumerate(rooms_and_callers)
    ]
    rooms = {
        n: RoomContext(
            kind=kind, title=title, members_count=members_count, role=role, owners_count=owners_count
        )
        for n, kind, title, members_count, role, owners_count in await tx.run("room_contexts", rows=rows)
    }
    return {n: room.for_admin() if n in admins else room for n, room in rooms.items()}


def require_room(room: RoomContext | None) -> RoomContext:
    """Return the context of a room that exists. Raises NotFound."""
    if room is None:
        raise room_not_found()
    return room


class RoomAccess:
    """Checks permissions outside of a transaction, for requests that commit nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def require_member(self, room_id: str, user_id: str) -> Role:
        """Return the user's role in a room. Raises NotFound, or Forbidden if they are not a member."""
        kind, role, _ = await self._fetch(room_id, user_id)
        if (refusal := view_refusal(kind, role)) is not None:
            raise refusal
        assert role is not None
        return role

    async def require_moderator(self, room_id: str, user_id: str) -> None:
        """Raise NotFound or Forbidden if the user is not an owner or a moderator of the room."""
        if not is_moderator(await self.require_member(room_id, user_id)):
            raise role_too_low()

    async def require_post(self, room_id: str, user_id: str) -> None:
        """Raise NotFound or Forbidden if the user may not post in the room."""
        kind, role, is_blocked = await self._fetch(room_id, user_id)
        if (refusal := post_refusal(kind, role, is_blocked=is_blocked)) is not None:
            raise refusal

    async def _fetch(self, room_id: str, user_id: str) -> tuple[str | None, Role | None, object]:
        rows = await self._database.fetch("room_access", room_id=room_id, user_id=user_id)
        if not rows:
            return None, None, None
        kind, role, is_blocked = rows[0]
        return kind, role, is_blocked
