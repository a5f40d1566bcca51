"""All rooms: reads every room as an administrator sees it, and its messages.

Promise: whenever an administrator reads the messages of a room, this is in the audit log before.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from lumen_notify.commit.audit.audit import note, target
from lumen_notify.commit.database import Database
from lumen_notify.commit.permissions import load_room_contexts, room_not_found
from lumen_notify.commit.prefix import page_of_prefix
from lumen_notify.commit.rooms.rooms import Kind
from lumen_notify.commit.transaction import Transaction
from lumen_notify.model import value


@value
class AnyRoom:
    """A room. users: the two of a direct room. Times in milliseconds; active_at: of the newest message, else
    created_at."""

    id: str
    kind: Kind
    title: str | None
    users: Sequence[str] | None
    created_at: int
    created_by: str
    members_count: int
    last_seq: int
    active_at: int


@value
class NoteReading:
    """Note that an administrator reads a room's messages. The result: None, or NotFound."""

    room_id: str
    admin: str

    @property
    def conflict_key(self) -> None:
        """None: any number may be noted together."""
        return None


async def note_readings(tx: Transaction, commands: Sequence[NoteReading]) -> Sequence[object]:
    """Handle NoteReading: a `committer.Handler`."""
    rooms = await load_room_contexts(tx, [(one.room_id, one.admin) for one in commands])
    for n, one in enumerate(commands):
        if n in rooms:
            note(tx, "messages.read", one.admin, target("room", one.room_id), kind=rooms[n].kind)
    return [None if n in rooms else room_not_found() for n in range(len(commands))]


class AllRooms:
    """Reads committed rooms, whoever is in them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, *, prefix: str, after: str, limit: int) -> tuple[Sequence[AnyRoom], str | None]:
        """Read the rooms whose id begins with a text, after an id: ascending, at most limit. Returns also
        after which id the next page begins."""

        async def read(after: str) -> Sequence[AnyRoom]:
            rows = await self._database.fetch("list_all_rooms", prefix=prefix, after=after, limit=limit + 1)
            return [_room(row) for row in rows]

        return await page_of_prefix(read, _id, prefix=prefix, after=after, limit=limit)

    async def get(self, room_id: str) -> AnyRoom:
        """Read one room. Raises NotFound."""
        rows = await self._database.fetch("get_any_room", room_id=room_id)
        if not rows:
            raise room_not_found()
        return _room(rows[0])

    async def messages(self, room_id: str, *, before: int, limit: int) -> Sequence[tuple[int, str]]:
        """Read the messages below a seq: list of (seq, JSON), descending, at most limit."""
        rows = await self._database.fetch("messages_of_any_room", room_id=room_id, before=before, limit=limit)
        return [(seq, body) for seq, body in rows]


def _id(room: AnyRoom) -> str:
    return room.id


def _room(row: Sequence[Any]) -> AnyRoom:
    id_, kind, title, pair, created_at, created_by, members_count, last_seq, active_at = row
    return AnyRoom(
        id=id_,
        kind=kind,
        title=title,
        users=None if pair is None else json.loads(pair),
        created_at=created_at,
        created_by=created_by,
        members_count=members_count,
        last_seq=last_seq,
        active_at=active_at,
    )
