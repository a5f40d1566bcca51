"""History: reads the messages of a room, and how far its members have read.

Promise: only members can read them, checked in the same snapshot.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from lumen_notify.commit.database import Database
from lumen_notify.commit.permissions import view_refusal
from lumen_notify.errors import NotFound


class MemberReadMark(NamedTuple):
    """The seq of the newest message that a member has read; 0 for none."""

    user_id: str
    last_read_seq: int


class History:
    """Reads committed messages and read marks."""

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
        _require_member(rows)
        return [(row[2], row[3]) for row in rows if row[2] is not None]

    async def get(self, room_id: str, user_id: str, id_: str) -> str:
        """Read one message: JSON. Raises NotFound, Forbidden."""
        rows = await self._database.fetch("get_message", room_id=room_id, user_id=user_id, id=id_)
        _require_member(rows)
        body: str | None = rows[0][3]
        if body is None:
            raise message_not_found()
        return body

    async def newest_of(self, room_id: str, user_id: str, ids: Sequence[str]) -> int:
        """Return the seq of the newest of some messages. Raises NotFound, Forbidden."""
        rows = await self._database.fetch(
            "newest_of_messages", room_id=room_id, user_id=user_id, rows=[{"id": id_} for id_ in ids]
        )
        _require_member(rows)
        seq: int | None = rows[0][2]
        if seq is None:
            raise message_not_found()
        return seq

    async def read_marks(
        self, room_id: str, user_id: str, *, after: str, limit: int
    ) -> Sequence[MemberReadMark]:
        """Read the read marks of the members after a user id: ascending, at most limit. Raises NotFound,
        Forbidden."""
        rows = await self._database.fetch(
            "list_read_marks", room_id=room_id, user_id=user_id, after=after, limit=limit
        )
        _require_member(rows)
        return [MemberReadMark(row[2], row[3]) for row in rows if row[2] is not None]


def message_not_found() -> NotFound:
    """Return the refusal for a message that does not exist in the room, or was deleted."""
    return NotFound("Message not found in this room.")


def _require_member(rows: Sequence[Sequence[Any]]) -> None:
    """Raise NotFound or Forbidden if the reader is not a member. rows: each begins with kind and role."""
    kind, role = rows[0][:2] if rows else (None, None)
    if (refusal := view_refusal(kind, role)) is not None:
        raise refusal
