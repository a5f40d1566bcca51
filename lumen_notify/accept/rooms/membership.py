"""Membership: what the endpoints of members and of bans share: change members, and check the caller's
role."""

from __future__ import annotations

from lumen_notify.accept.rooms import room_responses as responses
from lumen_notify.commit.permissions import Role, no_room, not_a_member, rules, too_low
from lumen_notify.commit.rooms.members import Action, Changed, ChangeMembers
from lumen_notify.commit.rooms.rooms import Room, Rooms
from lumen_notify.http.context import Context
from lumen_notify.model import value


@value
class Membership:
    """Changes the members of rooms. It knows no HTTP."""

    context: Context
    rooms: Rooms

    async def room_of_member(self, user_id: str, id_: str) -> Room:
        """Return a room of which the user is a member. Raises NotFound, Forbidden."""
        room = await self.rooms.get(user_id, id_)
        if room is None:
            raise no_room()
        if room.role is None:
            raise not_a_member()
        return room

    async def room_of_moderator(self, user_id: str, id_: str) -> Room:
        """Return a room of which the user is owner or moderator. Raises NotFound, Forbidden."""
        room = await self.room_of_member(user_id, id_)
        if not rules(room.role):
            raise too_low()
        return room

    async def change(
        self, room_id: str, caller: str, action: Action, users: tuple[str, ...], role: Role | None = None
    ) -> Changed:
        """Commit a change of members. Raises NotFound, Forbidden, Conflict."""
        changed: Changed = await self.context.committer.submit(
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

    async def change_one(
        self, room_id: str, caller: str, action: Action, user_id: str, role: Role | None = None
    ) -> responses.Member:
        """Commit a change of one member; return their role after it. Raises NotFound, Forbidden, Conflict."""
        changed = await self.change(room_id, caller, action, (user_id,), role)
        return {
            "room_id": room_id,
            "user_id": user_id,
            "role": changed.roles[user_id],
            "position": changed.position,
        }
