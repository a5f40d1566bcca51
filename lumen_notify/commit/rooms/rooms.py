"""Rooms: made, renamed, listed.

Promises: a room that one may not see is answered as one that does not exist; two have one direct room,
however often and by whomever it is asked for; who makes a room owns it.

Not here: who comes and goes later (`members`), the end (`closing`), what is said (`messages`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any, Literal

from lumen_notify.commit.database import Database
from lumen_notify.commit.permissions import Role, found, has_blocked, load_room_contexts, too_many_rooms
from lumen_notify.commit.rooms.membership import Membership
from lumen_notify.commit.transaction import Transaction
from lumen_notify.errors import Conflict, Refused
from lumen_notify.model import new_id, to_json, value

Kind = Literal["public", "private", "direct"]

KINDS: tuple[Kind, ...] = ("public", "private", "direct")


@value
class CreateRoom:
    """Make a room with its first members. The result: a Made; or Conflict: the id is taken, or somebody
    is in too many rooms; or Forbidden: a member has blocked the creator.

    members: beside the creator, without repeats. Of a direct room exactly one, and `id` means nothing if
    the two have one already. max_rooms: that one user may be in, beside direct ones; 0: no limit.
    """

    id: str
    kind: Kind
    creator: str
    max_rooms: int = 0
    title: str | None = None
    members: tuple[str, ...] = ()

    @property
    def conflict_key(self) -> str:
        """Two changes of one room do not meet in one transaction."""
        return f"pair:{pair_of(self.creator, *self.members)}" if self.kind == "direct" else f"room:{self.id}"


@value
class Made:
    """The answer. is_new: False for the direct room that was there. position: of the newest event of it."""

    id: str
    is_new: bool
    position: int


@value
class EditRoom:
    """Give a room another title, None for none. The result: the position at which it has it, or a refusal."""

    room_id: str
    caller: str
    title: str | None

    @property
    def conflict_key(self) -> str:
        """Two changes of one room do not meet in one transaction."""
        return "room:" + self.room_id


@value
class Room:
    """A room as one user sees it. Times in milliseconds.

    role, last_read_seq, joined_position: his, None if he is not in. peer_id: the other one of a direct room.
    last_message: JSON as history shows it, None if there is none, or he is not in. active_at: of the last
    message, else of the room.
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
    last_message: str | None = field(repr=False)
    active_at: int

    @property
    def unread(self) -> int | None:
        """How many messages he has not read; None if he is not in."""
        return None if self.last_read_seq is None else self.last_seq - self.last_read_seq


def pair_of(user_id: str, other_id: str) -> str:
    """Name the two of a direct room, whoever asks."""
    return to_json(sorted((user_id, other_id)))


async def create_rooms(tx: Transaction, commands: Sequence[CreateRoom]) -> Sequence[object]:
    """Write new rooms: a `committer.Handler`."""
    refused = await _refused(tx, commands)
    allowed = [one for n, one in enumerate(commands) if n not in refused]
    pairs = [(one.creator, one.members[0]) for one in allowed if one.kind == "direct"]
    direct = await open_pairs(tx, pairs)
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
            answers.append(direct[pair_of(one.creator, one.members[0])])
        elif one.id in free:
            told = {"kind": one.kind, "title": one.title, "by": one.creator}
            membership.enter(one.id, one.creator, "owner", told)
            for user_id in one.members:
                if user_id != one.creator:
                    membership.enter(one.id, user_id, "member", told)
            answers.append(Made(id=one.id, is_new=True, position=membership.position))
        else:
            answers.append(Conflict("there is a room with this id already", code="room_taken"))
    await membership.write()
    return answers


async def _refused(tx: Transaction, commands: Sequence[CreateRoom]) -> Mapping[int, Refused]:
    """Return of those commands that may not be, why: because of whom they would bring together."""
    rows = [
        {"n": n, "user_id": user_id, "creator": one.creator}
        for n, one in enumerate(commands)
        for user_id in dict.fromkeys((one.creator, *one.members))
    ]
    refused: dict[int, Refused] = {}
    for n, user_id, is_blocker, rooms in await tx.run("first_members", rows=rows):
        one = commands[n]
        if is_blocker:
            refused[n] = has_blocked(user_id)
        elif one.kind != "direct" and 0 < one.max_rooms <= rooms:
            refused[n] = too_many_rooms(user_id, one.max_rooms)
    return refused


async def edit_rooms(tx: Transaction, commands: Sequence[EditRoom]) -> Sequence[object]:
    """Write new titles: a `committer.Handler`. One that is there already is no event."""
    rooms = await load_room_contexts(tx, [(one.room_id, one.caller) for one in commands])
    membership = Membership(tx)
    rows: list[dict[str, Any]] = []
    answers: list[object] = []
    for n, one in enumerate(commands):
        try:
            found(rooms.get(n)).require_moderator()
        except Refused as refused:
            answers.append(refused)
            continue
        if one.title != rooms[n].title:
            rows.append({"room_id": one.room_id, "title": one.title})
            membership.tell_room(one.room_id, {"title": one.title, "by": one.caller})
        answers.append(membership.position)
    if rows:
        tx.add("set_titles", rows=rows)
    await membership.write()
    return answers


async def open_pairs(tx: Transaction, pairs: Sequence[tuple[str, str]]) -> Mapping[str, Made]:
    """Find the direct room of each two, or make it. The answers by `pair_of`.

    Part of another writer too: the events come before what that one appends later.
    """
    if not pairs:
        return {}
    wanted = {pair_of(user_id, other_id): (user_id, other_id) for user_id, other_id in pairs}
    rows_found = await tx.run("rooms_of_pairs", rows=[{"pair": pair} for pair in wanted])
    made = {pair: Made(id=id_, is_new=False, position=tx.position) for pair, id_ in rows_found}
    missing = {pair: new_id() for pair in wanted if pair not in made}
    if missing:
        rows = [_row(id_, "direct", wanted[pair][0], tx.now, pair=pair) for pair, id_ in missing.items()]
        await tx.run("insert_rooms", rows=rows)
        membership = Membership(tx)
        for pair, id_ in missing.items():
            user_id, other_id = wanted[pair]
            told = {"kind": "direct", "title": None, "by": user_id}
            membership.enter(id_, user_id, "member", {**told, "peer_id": other_id})
            membership.enter(id_, other_id, "member", {**told, "peer_id": user_id})
            made[pair] = Made(id=id_, is_new=True, position=membership.position)
        await membership.write()
    return made


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
    """Reads rooms as a user may see them."""

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
        """Read one, or None if there is none that the user may see."""
        rows = await self._database.fetch("get_room", user_id=user_id, room_id=room_id)
        return _room(rows[0], user_id) if rows else None


def _room(row: Sequence[Any], user_id: str) -> Room:
    (id_, kind, title, created_at, created_by, members_count, last_seq, pair, *own) = row
    role, last_read_seq, joined_position, last_message, active_at = own
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
        last_message=last_message,
        active_at=active_at,
    )
