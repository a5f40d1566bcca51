"""Silent rooms: the rooms from which a user gets no push, as their members choose.

Promise: only a member of a room silences it. Who leaves and joins again gets its pushes again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from lumen_notify.commit.database import Database, Rows
from lumen_notify.commit.transaction import Transaction

MAX_SILENT_ROOMS = 500
"""The most silent rooms of one user, who reads all of them at once."""


async def silent_rooms_in(tx: Transaction, user_ids: Sequence[str]) -> Mapping[str, frozenset[str]]:
    """Return the ids of the silent rooms of each of the users, with what the transaction has written."""
    rows = await tx.run("silent_rooms", users=[{"user_id": user_id} for user_id in user_ids])
    return _by_user(user_ids, rows)


async def fetch_silent_rooms(database: Database, user_id: str) -> frozenset[str]:
    """Read the ids of the silent rooms of one user."""
    rows = await database.fetch("silent_rooms", users=[{"user_id": user_id}])
    return frozenset(room_id for _, room_id in rows)


async def rooms_of_members(
    tx: Transaction, wanted: Mapping[str, Sequence[str]]
) -> Mapping[str, frozenset[str]]:
    """Return which of the rooms each user is a member of. wanted: the rooms, by user id."""
    rows = [{"user_id": user_id, "room_id": one} for user_id, rooms in wanted.items() for one in rooms]
    return _by_user(wanted, await tx.run("rooms_of_members", rows=rows) if rows else ())


def set_silent_rooms(tx: Transaction, user_id: str, before: frozenset[str], after: frozenset[str]) -> None:
    """Write the silent rooms of a user."""
    tx.add(
        "set_silent_rooms",
        rows=[
            {"user_id": user_id, "room_id": one, "is_silent": int(one in after)}
            for one in sorted(before ^ after)
        ],
    )


def _by_user(user_ids: Iterable[str], rows: Rows) -> Mapping[str, frozenset[str]]:
    found: dict[str, list[str]] = {user_id: [] for user_id in user_ids}
    for user_id, room_id in rows:
        found[user_id].append(room_id)
    return {user_id: frozenset(rooms) for user_id, rooms in found.items()}
