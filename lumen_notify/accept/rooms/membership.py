"""Membership: changes members, for the endpoints of members and of bans."""

from __future__ import annotations

from lumen_notify.accept.rooms import room_responses as responses
from lumen_notify.commit.permissions import Role
from lumen_notify.commit.rooms.members import Action, ChangedMembers, ChangeMembers
from lumen_notify.http.context import Context
from lumen_notify.model import value


@value
class Membership:
    """Changes the members of rooms. It does not depend on HTTP."""

    context: Context

    async def change(
        self,
        room_id: str,
        caller: str,
        action: Action,
        users: tuple[str, ...],
        role: Role | None = None,
        *,
        is_admin: bool = False,
    ) -> ChangedMembers:
        """Commit a change of members. is_admin: whether the caller acts as an administrator. Raises NotFound,
        Forbidden, Conflict."""
        changed: ChangedMembers = await self.context.committer.submit(
            ChangeMembers(
                room_id=room_id,
                caller=caller,
                action=action,
                users=users,
                role=role,
                max_rooms=self.context.limits.max_rooms,
                is_admin=is_admin,
            )
        )
        return changed

    async def put(
        self, room_id: str, caller: str, user_id: str, role: Role | None = None, *, is_admin: bool = False
    ) -> responses.Member:
        """Add a member or change their role; return the role. Raises NotFound, Forbidden, Conflict."""
        changed = await self.change(room_id, caller, "put", (user_id,), role, is_admin=is_admin)
        given = changed.roles[user_id]
        assert given is not None
        return {"room_id": room_id, "user_id": user_id, "role": given, "position": changed.position}
