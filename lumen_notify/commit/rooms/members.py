"""Members: users join and leave rooms, are added, removed or banned, and change roles.

Promises: the caller's permission is looked up in the transaction that makes the change; a change that is
already in effect writes nothing and appends no event; a mute lasts until a moderator ends it, also if the
user leaves and joins again; nobody becomes owner by what others do, except by being given the role.

When the last owner leaves, a successor becomes owner: the oldest moderator, else the oldest member, of those
who are not muted and are members by their own choice: who have joined, or have sent something since they were
added. If there is none, the room has no owner until a user joins who is not muted, or a member who is not
muted takes the role. When the last member leaves, a public room stays; a private one is deleted.

Not here: who may do what (`commit/permissions`), reading the members (`member_list`), how a change is written
and announced (`membership`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from lumen_notify.commit.audit.audit import Action as AuditAction
from lumen_notify.commit.audit.audit import note, target
from lumen_notify.commit.budget import Cost
from lumen_notify.commit.permissions import Role, RoomContext, load_room_contexts, require_room
from lumen_notify.commit.permissions.member_changes import (
    UserContext,
    load_user_contexts,
    require_add,
    require_ban,
    require_changeable,
    require_put,
    require_remove,
    require_unban,
)
from lumen_notify.commit.rooms.membership import Membership, room_conflict_key
from lumen_notify.commit.transaction import Transaction
from lumen_notify.errors import Refused
from lumen_notify.model import value
from lumen_notify.model.events import MemberChange

Action = Literal["put", "add", "remove", "ban", "unban"]


@value
class ChangeMembers:
    """Change users' membership of a room. The result: ChangedMembers, or a refusal; it is all or nothing.

    action: `put` adds a user, or gives a member the role; `add` adds users, and leaves members as they are.
    users: at least one, without repeats; several only for `add`. role: None makes new users a `member`, and
    leaves the role of members. max_rooms: rooms that one user may be in; 0 for no limit. is_admin: whether
    the caller acts as an administrator, also on themselves; the audit log says so.
    """

    room_id: str
    caller: str
    action: Action
    users: tuple[str, ...]
    role: Role | None = None
    max_rooms: int = 0
    is_admin: bool = False

    def is_own(self, user_id: str) -> bool:
        """Whether the caller changes their own membership."""
        return user_id == self.caller and not self.is_admin

    @property
    def conflict_key(self) -> str:
        """At most one change of a room per transaction."""
        return room_conflict_key(self.room_id)

    @property
    def cost(self) -> Cost:
        """A row for each user."""
        return Cost(rows=len(self.users))


@value
class ChangedMembers:
    """The result. roles: by user, None if not a member. position: of the change's newest event, or of the
    log's if nothing changed."""

    roles: Mapping[str, Role | None]
    position: int


async def change_members(tx: Transaction, commands: Sequence[ChangeMembers]) -> Sequence[object]:
    """Handle ChangeMembers: a `committer.Handler`."""
    admins = [n for n, one in enumerate(commands) if one.is_admin]
    rooms = await load_room_contexts(tx, [(one.room_id, one.caller) for one in commands], admins)
    users = await load_user_contexts(tx, [(one.room_id, one.caller, one.users) for one in commands])
    answers: list[Any] = [None] * len(commands)
    for n, command in enumerate(commands):
        try:
            _check(command, require_room(rooms.get(n)), users[n])
        except Refused as refusal:
            answers[n] = refusal
    allowed = [n for n, answer in enumerate(answers) if answer is None]
    changes = _Changes(tx, await _successor_owners(tx, [(commands[n], rooms[n], users[n]) for n in allowed]))
    for n in allowed:
        answers[n] = changes.add(commands[n], rooms[n], users[n])
        if commands[n].is_admin:
            _note(tx, commands[n], users[n], answers[n])
    await changes.write()
    return answers


def _check(command: ChangeMembers, room: RoomContext, users: Sequence[UserContext]) -> None:
    """Raise the refusal of a command, if it has one."""
    require_changeable(room, is_self=command.users == (command.caller,) and not command.is_admin)
    for user in users:
        is_self = command.is_own(user.user_id)
        match command.action:
            case "put":
                require_put(room, user, command.role, is_self=is_self, max_rooms=command.max_rooms)
            case "add":
                require_add(room, user, command.role, is_self=is_self, max_rooms=command.max_rooms)
            case "remove":
                require_remove(room, user, is_self=is_self)
            case "ban":
                require_ban(room, user, is_self=is_self)
            case "unban":
                require_unban(room, user)


class _Changes:
    """Collects the changes of one transaction; `write` writes them. All are allowed: see `_check`.

    successors: by room, the member who becomes owner because the last owner leaves.
    """

    def __init__(self, tx: Transaction, successors: Mapping[str, str]) -> None:
        self._tx = tx
        self._successors = successors
        self._membership = Membership(tx)
        self._bans: list[dict[str, Any]] = []
        self._unbans: list[dict[str, Any]] = []
        self._mutes: list[dict[str, Any]] = []
        self._ended_mutes: list[dict[str, Any]] = []
        self._deleted_rooms: list[dict[str, Any]] = []

    def add(self, command: ChangeMembers, room: RoomContext, users: Sequence[UserContext]) -> ChangedMembers:
        """Collect one command's changes; return its result."""
        roles: Mapping[str, Role | None]
        if command.action in ("put", "add"):
            roles = {**self._add_users(command, room, users), **self._set_roles(command, room, users)}
        else:
            roles = {user.user_id: None for user in users}
            for user in users:
                self._change_ban(command, user)
                self._remove_user(command, room, user)
        return ChangedMembers(roles=roles, position=self._membership.position)

    async def write(self) -> None:
        """Write all changes."""
        await self._membership.write()
        for name, rows in (
            ("insert_bans", self._bans),
            ("delete_bans", self._unbans),
            ("insert_mutes", self._mutes),
            ("delete_mutes", self._ended_mutes),
            ("mark_rooms_deleted", self._deleted_rooms),
        ):
            if rows:
                self._tx.add(name, rows=rows)

    def _add_users(
        self, command: ChangeMembers, room: RoomContext, users: Sequence[UserContext]
    ) -> dict[str, Role]:
        new = [user for user in users if user.role is None]
        roles = {user.user_id: _first_role(command, room, user) for user in new}
        data = {"kind": room.kind, "title": room.title, "by": command.caller}
        if new and room.members_count:
            self._announce(command, "joined", list(roles.items()), room.members_count + len(new))
        for user in new:
            is_self = command.is_own(user.user_id)
            self._membership.add(command.room_id, user.user_id, roles[user.user_id], data, by_choice=is_self)
            if user.is_muted:
                self._ended_mutes.append({"room_id": command.room_id, "user_id": user.user_id})
        return roles

    def _set_roles(
        self, command: ChangeMembers, room: RoomContext, users: Sequence[UserContext]
    ) -> dict[str, Role | None]:
        known = {user.user_id: user.role for user in users if user.role is not None}
        role = command.role
        if role is None or command.action == "add":
            return dict(known)
        changed = [user_id for user_id, before in known.items() if before != role]
        for user_id in changed:
            self._membership.set_role(command.room_id, user_id, role)
        if changed:
            count = room.members_count + len(users) - len(known)
            self._announce(command, "role", [(user_id, role) for user_id in changed], count)
        return dict.fromkeys(known, role)

    def _change_ban(self, command: ChangeMembers, user: UserContext) -> None:
        ban = {"room_id": command.room_id, "user_id": user.user_id}
        if command.action == "ban" and not user.is_banned:
            self._bans.append({**ban, "banned_by": command.caller, "banned_at": self._tx.now})
        elif command.action == "unban":
            self._unbans.append(ban)

    def _remove_user(self, command: ChangeMembers, room: RoomContext, user: UserContext) -> None:
        if user.joined_position is None:
            return
        change: MemberChange = "banned" if command.action == "ban" else "removed"
        if command.is_own(user.user_id):
            change = "left"
        if user.role == "muted":
            self._mutes.append({"room_id": command.room_id, "user_id": user.user_id})
        data = {"reason": change, "by": command.caller}
        self._membership.remove(command.room_id, user.user_id, user.joined_position, data)
        count = room.members_count - 1
        if count:
            self._announce(command, change, [(user.user_id, None)], count)
        elif room.kind != "public":
            self._deleted_rooms.append({"room_id": command.room_id})
        if (successor := self._successors.get(command.room_id)) is not None:
            self._membership.set_role(command.room_id, successor, "owner")
            self._announce(command, "role", [(successor, "owner")], count)

    def _announce(
        self,
        command: ChangeMembers,
        change: MemberChange,
        members: Sequence[tuple[str, str | None]],
        count: int,
    ) -> None:
        self._membership.announce_members(command.room_id, change, members, by=command.caller, count=count)


def _first_role(command: ChangeMembers, room: RoomContext, user: UserContext) -> Role:
    """Return the role of a new member.

    Users who were muted when they left are muted again, unless a moderator gives them another role.
    """
    is_self = command.is_own(user.user_id)
    if user.is_muted and (is_self or command.role is None):
        return "muted"
    return "owner" if is_self and not room.owners_count else command.role or "member"


async def _successor_owners(
    tx: Transaction, allowed: Sequence[tuple[ChangeMembers, RoomContext, Sequence[UserContext]]]
) -> Mapping[str, str]:
    """Return, by room, who becomes owner where the last owner leaves, or is removed by an administrator."""
    rows = [
        {"room_id": command.room_id, "user_id": users[0].user_id}
        for command, room, users in allowed
        if command.action in ("remove", "ban") and users[0].role == "owner" and room.owners_count == 1
    ]
    successors = await tx.run("successor_owners", rows=rows) if rows else ()
    return {room_id: user_id for room_id, user_id in successors}  # noqa: C416 - rows are no pairs to mypy


def _note(
    tx: Transaction, command: ChangeMembers, users: Sequence[UserContext], changed: ChangedMembers
) -> None:
    """Note what an administrator has changed; nothing, if it was so before."""
    for user in users:
        role = changed.roles[user.user_id]
        action: AuditAction | None
        if command.action in ("put", "add"):
            action = "member.added" if user.role is None else None if user.role == role else "member.changed"
        elif command.action == "ban":
            action = None if user.is_banned and user.role is None else "member.banned"
        else:
            action = "member.unbanned" if command.action == "unban" else "member.removed"
        if action is not None:
            details = {"user": user.user_id, "role": role}
            note(tx, action, command.caller, target("room", command.room_id), **details)
