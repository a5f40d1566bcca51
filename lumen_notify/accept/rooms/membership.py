"""Membership: changes members and checks the caller's role, for the endpoints of members and of bans."""

from __future__ import annotations

from lumen_notify.accept.rooms import room_responses as responses
from lumen_notify.commit.permissions import Role, is_moderator, not_a_member, role_too_low, room_not_found
from lumen_notify.commit.rooms.members import Action, ChangedMembers, ChangeMembers
from lumen_notify.commit.rooms.rooms import Room, Rooms
from lumen_notify.http.context import Context
from lumen_notify.model import value


@value
class Membership:
    """Changes the members of rooms. It does not depend on HTTP."""

    context: Context
    rooms: Rooms

    async def room_of_member(self, user_id: str, id_: str) -> Room:
        """Return a room of which the user is a member. Raises NotFound, Forbidden."""
        room = await self.rooms.get(user_id, id_)
        if room is None:
            raise room_not_found()
        if room.role is None:
            raise not_a_member()
        return room

    async def room_of_moderator(self, user_id: str, id_: str) -> Room:
        """Return a room of which the user is owner or moderator. Raises NotFound, Forbidden."""
        room = await self.room_of_member(user_id, id_)
        if not is_moderator(room.role):
            raise role_too_low()
        return room

    async def change(
        self, room_id: str, caller: str, action: Action, users: tuple[str, ...], role: Role | None = None
    ) -> ChangedMembers:
        """Commit a change of members. Raises NotFound, Forbidden, Conflict."""
        changed: ChangedMembers = await self.context.committer.submit(
            ChangeMembers(
                room_id=room_id,
                caller=caller,
                action=action,
                users=users,
                role=role,
                max_rooms=self.context.limits.max_rooms,
            )
        )
        return changed

    async def put(
        self, room_id: str, caller: str, user_id: str, role: Role | None = None
    ) -> responses.Member:
        """Add a member or change their role; return the role. Raises NotFound, Forbidden, Conflict."""
        changed = await self.change(room_id, caller, "put", (user_id,), role)
        given = changed.roles[user_id]
        assert given is not None
        return {"room_id": room_id, "user_id": user_id, "role": given, "position": changed.position}
