"""Counts: how much is unread, for many users in one query.

Promise: the numbers and the position at which they hold come from one snapshot.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lumen_notify.commit.database import Database, Rows
from lumen_notify.commit.transaction import Draft
from lumen_notify.model import Counts, to_json


class UnreadCounts:
    """Reads committed counts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def fetch(self, user_ids: Sequence[str]) -> Mapping[str, Counts]:
        """Count for each of the users; every one of them is in the answer."""
        rows = await self._database.fetch("unread_counts", users=_users(user_ids))
        return _by_user(rows)


async def counts_in(draft: Draft, user_ids: Sequence[str]) -> Mapping[str, Counts]:
    """Count for each of the users as the draft has it so far."""
    return _by_user(await draft.run("unread_counts", users=_users(user_ids)))


def unread_fields(counts: Counts) -> dict[str, Any]:
    """Shape counts for the wire: `{unread_count, unread: {categories, rooms}}`, without zeros."""
    rooms = {room: unread for room, unread in counts.rooms.items() if unread}
    return {"unread_count": counts.total, "unread": {"categories": dict(counts.categories), "rooms": rooms}}


def stated_body(counts: Counts, data: Mapping[str, Any], **more: Any) -> str:
    """Make the body of an event that states a user's numbers, whatever they were before.

    counts: as they are at the event. data: what the frame tells. more: `type`, where it is content.
    """
    return to_json(
        {
            **more,
            "data": data,
            "categories": counts.categories,
            "rooms": counts.rooms,
            "silent": sorted(counts.silent),
        }
    )


def _users(user_ids: Iterable[str]) -> list[dict[str, str]]:
    return [{"user_id": user_id} for user_id in user_ids]


def _by_user(rows: Rows) -> Mapping[str, Counts]:
    position = rows[0][0] if rows else 0
    kinds: dict[str, dict[str, dict[str, int]]] = {}
    since: dict[str, dict[str, int]] = {}
    for _, user_id, kind, name, unread, joined_position in rows:
        mine = kinds.setdefault(user_id, {"category": {}, "room": {}, "silent": {}})
        if kind is not None:
            mine[kind][name] = unread
        if kind == "room":
            since.setdefault(user_id, {})[name] = joined_position
    return {
        user_id: Counts(
            position=position,
            categories={name: n for name, n in mine["category"].items() if name not in mine["silent"]},
            rooms=mine["room"],
            silent=frozenset(mine["silent"]),
            since=since.get(user_id, {}),
        )
        for user_id, mine in kinds.items()
    }
