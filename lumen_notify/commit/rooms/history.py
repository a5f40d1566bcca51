"""History: reads the messages of a room back, and how far its members have read.

Promise: only to members, looked up in the same snapshot.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from lumen_notify.commit.database import Database
from lumen_notify.commit.permissions import refusal
from lumen_notify.errors import NotFound


class ReadUpTo(NamedTuple):
    """How far a member has read."""

    user_id: str
    last_read_seq: int


class History:
    """Reads committed messages and marks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self, room_id: str, user_id: str, *, seq: int, older: int, newer: int
    ) -> Sequence[tuple[int, str]]:
        """Read at most `older` messages below a seq, and at most `newer` from it on.

        List of (seq, JSON), ascending. Raises NotFound, Forbidden.
        """
        rows = await self._database.fetch(
            "list_messages", room_id=room_id, user_id=user_id, seq=seq, older=older, newer=newer
        )
        _check(rows)
        return [(row[2], row[3]) for row in rows if row[2] is not None]

    async def get(self, room_id: str, user_id: str, id_: str) -> str:
        """Read one message: JSON. Raises NotFound, Forbidden."""
        rows = await self._database.fetch("get_message", room_id=room_id, user_id=user_id, id=id_)
        _check(rows)
        body: str | None = rows[0][3]
        if body is None:
            raise NotFound("there is no such message in this room")
        return body

    async def newest_of(self, room_id: str, user_id: str, ids: Sequence[str]) -> int:
        """Return the seq of the newest of some messages. Raises NotFound, Forbidden."""
        rows = await self._database.fetch(
            "newest_of_messages", room_id=room_id, user_id=user_id, rows=[{"id": id_} for id_ in ids]
        )
        _check(rows)
        seq: int | None = rows[0][2]
        if seq is None:
            raise NotFound("there is no such message in this room")
        return seq

    async def reads(self, room_id: str, user_id: str, *, after: str, limit: int) -> Sequence[ReadUpTo]:
        """Read how far the members after a user id have read: ascending, at most limit. Raises NotFound,
        Forbidden."""
        rows = await self._database.fetch(
            "list_reads", room_id=room_id, user_id=user_id, after=after, limit=limit
        )
        _check(rows)
        return [ReadUpTo(row[2], row[3]) for row in rows if row[2] is not None]


def _check(rows: Sequence[Sequence[Any]]) -> None:
    kind, role = rows[0][:2] if rows else (None, None)
    if (refused := refusal(kind, role)) is not None:
        raise refused
