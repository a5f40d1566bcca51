"""Counts: reads the unread numbers of many users with one query; changes the totals that they are made of.

Promise: the numbers, and the end of the log at which they hold, come from one snapshot of the database.

Not here: the type that holds them (`model/counts`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from lumen_notify.commit.database import Rows
from lumen_notify.commit.database.readers import Reads
from lumen_notify.commit.transaction import Transaction, texts_of
from lumen_notify.model import Counts, CountsSnapshot, Cursor, check_of_row
from lumen_notify.model.counts import NO_ROOMS


class UnreadCounts:
    """Reads committed counts. reads: the database, or its connections for streams."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    async def fetch(self, user_ids: Sequence[str]) -> Mapping[str, CountsSnapshot]:
        """Return the counts of each of the users. Raises DatabaseUnavailable."""
        rows = await self._reads.fetch("counts_snapshot", users=_users(user_ids))
        if not rows:
            return {}
        epoch, position, audience, created_at = rows[0][5:]
        cursor = Cursor(epoch, position, check_of_row(audience, created_at))
        return {
            user_id: CountsSnapshot(cursor=cursor, counts=counts)
            for user_id, counts in _by_user(rows).items()
        }


async def counts_in(tx: Transaction, user_ids: Sequence[str]) -> Mapping[str, Counts]:
    """Return the counts of each of the users, with what the transaction has written so far."""
    return _by_user(await tx.run("unread_counts", users=_users(user_ids)))


def add_to_totals(tx: Transaction, numbers: Mapping[tuple[str, str], int]) -> None:
    """Change how many notifications some audiences have. numbers: by audience and category."""
    audiences: dict[tuple[str, int], list[str]] = defaultdict(list)
    for (audience, category), number in numbers.items():
        audiences[category, number].append(audience)
    rows = [
        {"category": category, "total": number, "audiences": texts_of(same)}
        for (category, number), same in audiences.items()
    ]
    tx.add("add_to_active_totals", rows=rows)


def _users(user_ids: Iterable[str]) -> list[dict[str, str]]:
    return [{"user_id": user_id} for user_id in user_ids]


def _by_user(rows: Rows) -> Mapping[str, Counts]:
    kinds: dict[str, dict[str, dict[str, int]]] = {}
    since: dict[str, dict[str, int]] = {}
    for user_id, kind, name, unread, joined_position, *_ in rows:
        numbers = kinds.setdefault(user_id, {"category": {}, "room": {}, "silent": {}})
        if kind is not None:
            numbers[kind][name] = unread
        if kind == "room":
            since.setdefault(user_id, {})[name] = joined_position
    return {
        user_id: Counts(
            {name: n for name, n in numbers["category"].items() if name not in numbers["silent"]},
            numbers["room"] or NO_ROOMS,
            frozenset(numbers["silent"]),
            since.get(user_id, NO_ROOMS),
        )
        for user_id, numbers in kinds.items()
    }
