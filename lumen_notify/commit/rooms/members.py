"""Members: who joins, leaves, is let in, put out, banned, and what his role is.

Promises: what the caller may do is looked up in the transaction that does it; what is so already stays
so and appends no event; a room that has members has an owner, except a direct one. When the last owner
goes, the oldest moderator becomes owner, else the oldest member, else the oldest of the muted. When the
last member goes, a public room stays, and the next to join owns it; a private one is taken away.

A room that the caller may not see answers as one that does not exist. What `roles` forbids is Forbidden.

Not here: reading who is in (`roster`), how it is written and told (`membership`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from lumen_notify.commit.permissions import (
    Role,
    RoomContext,
    found,
    has_blocked,
    load_room_contexts,
    may_assign_role,
    may_remove,
    may_step_down,
    not_a_member,
    not_banned,
    rules,
    too_low,
    too_many_rooms,
)
from lumen_notify.commit.rooms.membership import Change, Membership
from lumen_notify.commit.transaction import Transaction
from lumen_notify.errors import Conflict, Forbidden, NotFound, Refused
from lumen_notify.model import value

Action = Literal["put", "let_in", "remove", "ban", "unban"]


@value
class ChangeMembers:
    """Change what users are in a room. The result: a Changed, or a refusal; nothing is done by halves.

    users: at least one, without repeats; several only to let them in. role: `put` gives it to whom it is
    about, `let_in` only to those who are new; None lets new ones in as members. max_rooms: that one user may
    be in; 0: no limit.
    """

    room_id: str
    caller: str
    action: Action
    users: tuple[str, ...]
    role: Role | None = None
    max_rooms: int = 0

    @property
    def conflict_key(self) -> str:
        """Two changes of one room do not meet in one transaction."""
        return "room:" + self.room_id


@value
class Changed:
    """The answer. roles: of each user, None if he is out. position: of the newest event of it, or of all."""

    roles: Mapping[str, Role | None]
    position: int


@value
class _Target:
    user_id: str
    role: Role | None
    since: int | None
    is_banned: bool
    has_blocked: bool
    rooms: int


async def change_members(tx: Transaction, commands: Sequence[ChangeMembers]) -> Sequence[object]:
    """Write changes of members: a `committer.Handler`."""
    rooms = await load_room_contexts(tx, [(one.room_id, one.caller) for one in commands])
    targets = await _targets(tx, commands)
    answers: list[Any] = [None] * len(commands)
    for n, command in enumerate(commands):
        try:
            _check(command, found(rooms.get(n)), targets[n])
        except Refused as refusal:
            answers[n] = refusal
    allowed = [n for n, answer in enumerate(answers) if answer is None]
    changes = _Changes(tx, await _heirs(tx, [(commands[n], rooms[n]) for n in allowed]))
    for n in allowed:
        answers[n] = changes.make(commands[n], rooms[n], targets[n])
    await changes.write()
    return answers


def _check(command: ChangeMembers, room: RoomContext, targets: Sequence[_Target]) -> None:
    room.require_visible()
    if room.kind == "direct":
        raise Conflict("a direct room is of its two, for good", code="room_is_direct")
    if room.role is None and command.users != (command.caller,):
        raise not_a_member()
    for target in targets:
        _CHECKS[command.action](command, room, target)


def _check_put(command: ChangeMembers, room: RoomContext, target: _Target) -> None:
    is_self = target.user_id == command.caller
    if target.role is not None:
        _check_role(room, target.role, command.role or target.role, is_self=is_self)
        return
    is_allowed = (
        command.role in (None, "member")
        if is_self
        else may_assign_role(room.role, None, command.role or "member")
    )
    if target.is_banned and (is_self or is_allowed):
        raise _banned(target.user_id)
    if not is_allowed:
        raise too_low()
    if target.has_blocked:
        raise has_blocked(target.user_id)
    if 0 < command.max_rooms <= target.rooms:
        raise too_many_rooms(target.user_id, command.max_rooms)


def _check_let_in(command: ChangeMembers, room: RoomContext, target: _Target) -> None:
    if not rules(room.role):
        raise too_low()
    if target.role is None:
        _check_put(command, room, target)


def _check_role(room: RoomContext, before: Role, after: Role, *, is_self: bool) -> None:
    if after == before:
        return
    if is_self and before == "owner" and room.owners == 1:
        raise Conflict("the last owner stays one: make another owner first", code="last_owner")
    if not (may_assign_role(room.role, before, after) or (is_self and may_step_down(before, after))):
        raise too_low()


def _check_remove(command: ChangeMembers, room: RoomContext, target: _Target) -> None:
    is_self = target.user_id == command.caller
    if not is_self and not may_remove(room.role, target.role):
        raise too_low()
    if target.role is None:
        raise NotFound("this user is not a member of the room")


def _check_ban(command: ChangeMembers, room: RoomContext, target: _Target) -> None:
    if target.user_id == command.caller or not may_remove(room.role, target.role):
        raise too_low()


def _check_unban(_: ChangeMembers, room: RoomContext, target: _Target) -> None:
    room.require_moderator()
    if not target.is_banned:
        raise not_banned()


_CHECKS: Mapping[Action, Callable[[ChangeMembers, RoomContext, _Target], None]] = {
    "put": _check_put,
    "let_in": _check_let_in,
    "remove": _check_remove,
    "ban": _check_ban,
    "unban": _check_unban,
}


def _banned(user_id: str) -> Forbidden:
    return Forbidden(f"{user_id} is banned from this room", code="banned")


class _Changes:
    """What a batch of commands comes to. They may be made: `_check` has said so.

    heirs: by room, who is its owner from now on.
    """

    def __init__(self, tx: Transaction, heirs: Mapping[str, str]) -> None:
        self._tx = tx
        self._heirs = heirs
        self._membership = Membership(tx)
        self._bans: list[dict[str, Any]] = []
        self._unbans: list[dict[str, Any]] = []
        self._gone: list[dict[str, Any]] = []

    def make(self, command: ChangeMembers, room: RoomContext, targets: Sequence[_Target]) -> Changed:
        """Collect one command's changes; say what they come to."""
        roles: Mapping[str, Role | None]
        if command.action in ("put", "let_in"):
            roles = {**self._put_in(command, room, targets), **self._put_role(command, room, targets)}
        else:
            roles = {target.user_id: None for target in targets}
            for target in targets:
                self._put_out(command, room, target)
        return Changed(roles=roles, position=self._membership.position)

    async def write(self) -> None:
        """Write it all."""
        await self._membership.write()
        for name, rows in (
            ("insert_bans", self._bans),
            ("delete_bans", self._unbans),
            ("take_rooms_away", self._gone),
        ):
            if rows:
                self._tx.add(name, rows=rows)

    def _put_in(
        self, command: ChangeMembers, room: RoomContext, targets: Sequence[_Target]
    ) -> dict[str, Role]:
        new = [target.user_id for target in targets if target.role is None]
        # Nobody is in a public room that all have left: who comes first looks after it.
        role: Role = command.role or "member" if room.members_count else "owner"
        told = {"kind": room.kind, "title": room.title, "by": command.caller}
        if new and room.members_count:
            self._tell(command, "joined", [(user_id, role) for user_id in new], room.members_count + len(new))
        for user_id in new:
            self._membership.enter(command.room_id, user_id, role, told)
        return dict.fromkeys(new, role)

    def _put_role(
        self, command: ChangeMembers, room: RoomContext, targets: Sequence[_Target]
    ) -> dict[str, Role | None]:
        known = {target.user_id: target.role for target in targets if target.role is not None}
        role = command.role
        if role is None or command.action == "let_in":
            return dict(known)
        changed = [user_id for user_id, before in known.items() if before != role]
        for user_id in changed:
            self._membership.set_role(command.room_id, user_id, role)
        if changed:
            count = room.members_count + len(targets) - len(known)
            self._tell(command, "role", [(user_id, role) for user_id in changed], count)
        return dict.fromkeys(known, role)

    def _put_out(self, command: ChangeMembers, room: RoomContext, target: _Target) -> None:
        ban = {"room_id": command.room_id, "user_id": target.user_id}
        if command.action == "ban" and not target.is_banned:
            self._bans.append({**ban, "banned_by": command.caller, "banned_at": self._tx.now})
        elif command.action == "unban":
            self._unbans.append(ban)
        if target.role is None or target.since is None:
            return
        change: Change = "banned" if command.action == "ban" else "removed"
        if target.user_id == command.caller:
            change = "left"
        left = {"reason": change, "by": command.caller}
        self._membership.leave(command.room_id, target.user_id, target.since, left)
        count = room.members_count - 1
        if count:
            self._tell(command, change, [(target.user_id, None)], count)
        elif room.kind != "public":
            self._gone.append({"room_id": command.room_id})
        if (heir := self._heirs.get(command.room_id)) is not None:
            self._membership.set_role(command.room_id, heir, "owner")
            self._tell(command, "role", [(heir, "owner")], count)

    def _tell(
        self, command: ChangeMembers, change: Change, who: Sequence[tuple[str, str | None]], count: int
    ) -> None:
        self._membership.tell_members(command.room_id, change, who, by=command.caller, count=count)


async def _targets(tx: Transaction, commands: Sequence[ChangeMembers]) -> Sequence[Sequence[_Target]]:
    rows = [
        {"n": n, "room_id": one.room_id, "user_id": user_id, "caller": one.caller}
        for n, one in enumerate(commands)
        for user_id in one.users
    ]
    by_user = {
        (n, user_id): _Target(
            user_id=user_id,
            role=role,
            since=since,
            is_banned=bool(is_banned),
            has_blocked=bool(is_blocker),
            rooms=rooms,
        )
        for n, user_id, role, since, is_banned, is_blocker, rooms in await tx.run("user_standings", rows=rows)
    }
    return [[by_user[n, user_id] for user_id in one.users] for n, one in enumerate(commands)]


async def _heirs(tx: Transaction, allowed: Sequence[tuple[ChangeMembers, RoomContext]]) -> Mapping[str, str]:
    rows = [
        {"room_id": command.room_id, "user_id": command.caller}
        for command, room in allowed
        if command.action == "remove"
        and command.users == (command.caller,)
        and room.role == "owner"
        and room.owners == 1
    ]
    heirs = await tx.run("heirs", rows=rows) if rows else ()
    return {room_id: heir for room_id, heir in heirs}  # noqa: C416 - rows are no pairs to mypy
