"""Permissions: what a user may do in a room, and the refusal if they may not.

| role | reads | posts | mutes, removes, bans | adds | title | makes moderators, owners | deletes the room |
|---|---|---|---|---|---|---|---|
| owner | yes | yes | anybody else | yes | yes | yes | yes |
| moderator | yes | yes | members and muted | as member or muted | yes | no | no |
| member | yes | yes | no | no | no | no | no |
| muted | yes | no | no | no | no | no | no |

A ban removes the user from the room: until they are unbanned they are refused as a non-member, and as
`banned` when they join or are added.

A room may be without an owner: see `commit/rooms/members`. Any member who is not muted may then become owner.

Every member may edit and delete their own messages; a muted member may only delete them. Owners and
moderators may delete the messages of others. Both users of a direct room are members: nobody moderates it.

Administrators (`notify:admin`, the routes below `/admin/rooms`) may do what an owner may, in any room,
whether they are members or not; they may also delete direct rooms, and messages in them.

    roles            the role names, and what one role may do to another
    refusals         the refusal for one action, from the room's kind and the user's role
    room_context     a room and the caller's role in it, loaded in the transaction that acts
    member_changes   the rules for adding, removing and banning users, and for changing their roles

Promises: a room that the user may not see is refused like one that does not exist; a command's permission is
looked up in the transaction that acts on it.
"""

from lumen_notify.commit.permissions.refusals import (
    blocked,
    delete_refusal,
    edit_refusal,
    entry_refusal,
    not_a_member,
    not_banned,
    post_refusal,
    role_too_low,
    room_not_found,
    system_post_refusal,
    view_refusal,
)
from lumen_notify.commit.permissions.roles import (
    ROLES,
    is_moderator,
    may_assign_role,
    may_remove,
    may_step_down,
)
from lumen_notify.commit.permissions.room_context import (
    RoomAccess,
    RoomContext,
    load_room_contexts,
    require_room,
)
from lumen_notify.model.events import Role

__all__ = [
    "ROLES",
    "Role",
    "RoomAccess",
    "RoomContext",
    "blocked",
    "delete_refusal",
    "edit_refusal",
    "entry_refusal",
    "is_moderator",
    "load_room_contexts",
    "may_assign_role",
    "may_remove",
    "may_step_down",
    "not_a_member",
    "not_banned",
    "post_refusal",
    "require_room",
    "role_too_low",
    "room_not_found",
    "system_post_refusal",
    "view_refusal",
]
