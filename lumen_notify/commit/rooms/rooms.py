"""Rooms: creates, renames and reads rooms.

Promises: a room that the user may not see is answered like one that does not exist; two users have one direct
room, whoever asks for it and however often; the user who creates a room owns it.

Not here: later changes of members (`members`), deletion (`deletion`), messages (`messages`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any, Literal

from lumen_notify.commit.budget import Cost
from lumen_notify.commit.database import Database
from lumen_notify.commit.permissions import Role, entry_refusal, load_room_contexts, require_room
from lumen_notify.commit.rooms.membership import Membership, room_conflict_key
from lumen_notify.commit.transaction import Transaction
from lumen_notify.errors import Conflict, Refused
from lumen_notify.model import new_id, to_json, value

Kind = Literal["public", "private", "direct"]

KINDS: tuple[Kind, ...] = ("public", "private", "direct")


@value
class CreateRoom:
    """Create a room with its first members. The result: a CreatedRoom; or Conflict: the id is taken, or a
    member is in too many rooms; or Forbidden: a member has blocked the creator.

    members: besides the creator, without repeats. A direct room has exactly one, and `id` is ignored if the
    two users have a direct room already. max_rooms: rooms that one user may be in, without direct ones; 0 for
    no limit.
    """

    id: str
    kind: Kind
    creator: str
    max_rooms: int = 0
    title: str | None = None
    members: tuple[str, ...] = ()

    @property
    def conflict_key(self) -> str:
        """At most one change of a room per transaction."""
        if self.kind == "direct":
            return "direct-room " + pair_key(self.creator, *self.members)
        return room_conflict_key(self.id)

    @property
    def cost(self) -> Cost:
        """A row for each member."""
        return Cost(rows=1 + len(self.members))


@value
class CreatedRoom:
    """The result. is_new: False for a direct room that existed. position: of the newest event about it."""

    id: str
    is_new: bool
    position: int


@value
class EditRoom:
    """Change a room's title; None removes it. The result: the position at which it has changed, or a
    refusal."""

    room_id: str
    caller: str
    title: str | None

    @property
    def conflict_key(self) -> str:
        """At most one change of a room per transaction."""
        return room_conflict_key(self.room_id)


@value
class Room:
    """A room as one user sees it. Times in milliseconds.

    role, last_read_seq, joined_position, is_silent: the user's, None if they are not a member. peer_id: the
    other user of a direct room. last_message: JSON as history shows it, None if the room has none or the user
    is not a member. active_at: when the last message was sent, else when the room was created.
    """

    id: str
    kind: Kind
    title: str | None
    created_at: int
    created_by: str
    members_count: int
    last_seq: int
    peer_id: str | None
    role: Role | None
    last_read_seq: int | None
    joined_position: int | None
    is_silent: bool | None
    last_message: str | None = field(repr=False)
    active_at: int

    @property
    def unread(self) -> int | None:
        """How many messages the user has not read; None if they are not a member."""
        return None if self.last_read_seq is None else self.last_seq - self.last_read_seq


def pair_key(user_id: str, other_id: str) -> str:
    """Return the key of two users' direct room: the same for both of them."""
    return to_json(sorted((user_id, other_id)))


async def create_rooms(tx: Transaction, commands: Sequence[CreateRoom]) -> Sequence[object]:
    """Handle CreateRoom: a `committer.Handler`."""
    refused = await _refusals(tx, commands)
    allowed = [one for n, one in enumerate(commands) if n not in refused]
    pairs = [(one.creator, one.members[0]) for one in allowed if one.kind == "direct"]
    direct = await find_or_create_direct_rooms(tx, pairs)
    rows = [
        _row(one.id, one.kind, one.creator, tx.now, title=one.title)
        for one in allowed
        if one.kind != "direct"
    ]
    free = {id_ for (id_,) in await tx.run("insert_rooms", rows=rows)} if rows else set()
    membership = Membership(tx)
    answers: list[object] = []
    for n, one in enumerate(commands):
        if n in refused:
            answers.append(refused[n])
        elif one.kind == "direct":
            answers.append(direct[pair_key(one.creator, one.members[0])])
        elif one.id in free:
            data = {"kind": one.kind, "title": one.title, "by": one.creator}
            membership.add(one.id, one.creator, "owner", data, by_choice=True)
            for user_id in one.members:
                if user_id != one.creator:
                    membership.add(one.id, user_id, "member", data, by_choice=False)
            answers.append(CreatedRoom(id=one.id, is_new=True, position=membership.position))
        else:
            answers.append(Conflict("A room with this id already exists.", code="room_taken"))
    await membership.write()
    return answers


async def _refusals(tx: Transaction, commands: Sequence[CreateRoom]) -> Mapping[int, Refused]:
    """Return why commands are refused because of their members, by index."""
    rows = [
        {"n": n, "user_id": user_id, "creator": one.creator}
        for n, one in enumerate(commands)
        for user_id in dict.fromkeys((one.creator, *one.members))
    ]
    refused: dict[int, Refused] = {}
    for n, user_id, has_blocked, rooms_count in await tx.run("first_members", rows=rows):
        max_rooms = 0 if commands[n].kind == "direct" else commands[n].max_rooms
        refusal = entry_refusal(
            user_id,
            is_self=user_id == commands[n].creator,
            has_blocked=bool(has_blocked),
            rooms_count=rooms_count,
            max_rooms=max_rooms,
        )
        if refusal is not None:
            refused[n] = refusal
    return refused


async def edit_rooms(tx: Transaction, commands: Sequence[EditRoom]) -> Sequence[object]:
    """Handle EditRoom: a `committer.Handler`. The same title again appends no event."""
    rooms = await load_room_contexts(tx, [(one.room_id, one.caller) for one in commands])
    membership = Membership(tx)
    rows: list[dict[str, Any]] = []
    answers: list[object] = []
    for n, one in enumerate(commands):
        try:
            require_room(rooms.get(n)).require_moderator()
        except Refused as refusal:
            answers.append(refusal)
            continue
        if one.title != rooms[n].title:
            rows.append({"room_id": one.room_id, "title": one.title})
            membership.announce_title(one.room_id, one.title, by=one.caller)
        answers.append(membership.position)
    if rows:
        tx.add("set_titles", rows=rows)
    await membership.write()
    return answers


async def find_or_create_direct_rooms(
    tx: Transaction, pairs: Sequence[tuple[str, str]]
) -> Mapping[str, CreatedRoom]:
    """Return the direct room of each pair of users, by `pair_key`; create those that do not exist.

    Other handlers call it, too: its events come before those that they append later.
    """
    if not pairs:
        return {}
    wanted = {pair_key(user_id, other_id): (user_id, other_id) for user_id, other_id in pairs}
    known = await tx.run("direct_rooms", rows=[{"pair": pair} for pair in wanted])
    rooms = {pair: CreatedRoom(id=id_, is_new=False, position=tx.position) for pair, id_ in known}
    missing = {pair: new_id() for pair in wanted if pair not in rooms}
    if missing:
        rows = [_row(id_, "direct", wanted[pair][0], tx.now, pair=pair) for pair, id_ in missing.items()]
        await tx.run("insert_rooms", rows=rows)
        membership = Membership(tx)
        for pair, id_ in missing.items():
            user_id, other_id = wanted[pair]
            data = {"kind": "direct", "title": None, "by": user_id}
            membership.add(id_, user_id, "member", {**data, "peer_id": other_id}, by_choice=True)
            membership.add(id_, other_id, "member", {**data, "peer_id": user_id}, by_choice=False)
            rooms[pair] = CreatedRoom(id=id_, is_new=True, position=membership.position)
        await membership.write()
    return rooms


def _row(
    id_: str, kind: Kind, creator: str, now: int, *, title: str | None = None, pair: str | None = None
) -> dict[str, Any]:
    return {
        "id": id_,
        "kind": kind,
        "title": title,
        "pair": pair,
        "created_at": now,
        "created_by": creator,
    }


class Rooms:
    """Reads rooms as one user sees them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self, user_id: str, *, is_public: bool, before: tuple[int, str], limit: int
    ) -> Sequence[Room]:
        """Read the user's rooms below (active_at, id), or all public ones below (created_at, id):
        descending, at most limit."""
        name = "list_public_rooms" if is_public else "list_rooms"
        rows = await self._database.fetch(
            name, user_id=user_id, before_at=before[0], before_id=before[1], limit=limit
        )
        return [_room(row, user_id) for row in rows]

    async def get(self, user_id: str, room_id: str) -> Room | None:
        """Read one room; None if no such room exists, or the user may not see it."""
        rows = await self._database.fetch("get_room", user_id=user_id, room_id=room_id)
        return _room(rows[0], user_id) if rows else None


def _room(row: Sequence[Any], user_id: str) -> Room:
    (id_, kind, title, created_at, created_by, members_count, last_seq, pair, *own) = row
    role, last_read_seq, joined_position, is_silent, last_message, active_at = own
    peers = [] if pair is None else [one for one in json.loads(pair) if one != user_id]
    return Room(
        id=id_,
        kind=kind,
        title=title,
        created_at=created_at,
        created_by=created_by,
        members_count=members_count,
        last_seq=last_seq,
        peer_id=peers[0] if peers else None,
        role=role,
        last_read_seq=last_read_seq,
        joined_position=joined_position,
        is_silent=None if is_silent is None else bool(is_silent),
        last_message=last_message,
        active_at=active_at,
    )
