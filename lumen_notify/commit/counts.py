"""Counts: how much is unread, for many users in one query.

Promise: the numbers and the position at which they hold come from one snapshot.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lumen_notify.commit.database import Database, Rows
from lumen_notify.commit.log import Draft
from lumen_notify.model import Counts


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
    """Shape counts for the wire: `{unread_count, unread: {categories, rooms}}`."""
    unread = {"categories": dict(counts.categories), "rooms": dict(counts.rooms)}
    return {"unread_count": counts.total, "unread": unread}


def _users(user_ids: Iterable[str]) -> list[dict[str, str]]:
    return [{"user_id": user_id} for user_id in user_ids]


def _by_user(rows: Rows) -> Mapping[str, Counts]:
    categories: dict[str, dict[str, int]] = {}
    for _, user_id, category, unread in rows:
        mine = categories.setdefault(user_id, {})
        if category is not None:
            mine[category] = unread
    position = rows[0][0] if rows else 0
    return {
        user_id: Counts(position=position, categories=mine, rooms={}) for user_id, mine in categories.items()
    }
