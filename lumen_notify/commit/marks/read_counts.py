"""Read counts: how many notifications each user has seen, read and archived, by audience and category.

The invariant: a row of the table `lumen_read_count` tells, for one user, audience and category, of how many
notifications this is true:

| column | the notification |
|---|---|
| `seen`, `read`, `archived` | is marked so |
| `read_or_archived` | is read or archived |
| `earlier` | is older than the user's membership of the room; it is included in all of the others |

It counts the notifications that exist, and those that were removed while a row of
`lumen_removed_notification` says that the user's counts still include them (`removal`). How a notification
is marked: by its receipt or by its span, whichever is later (`spans`, and the fragments in marks.sql). A
missing row is zeros.

So unread is the number that exist, minus `read_or_archived`, plus those removed ones that are read or
archived: see `unread_counts`. Whatever changes marks changes these numbers in the same transaction.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lumen_notify.commit.transaction import Transaction
from lumen_notify.model import value

NUMBERS = ("seen", "read", "archived", "read_or_archived", "earlier")

Key = tuple[str, str, str]
"""User, audience and category."""


@value
class MarkedRow:
    """How the one user to whom a notification goes has marked it."""

    user_id: str
    id: str
    audience: str
    category: str
    is_seen: bool
    is_read: bool
    is_archived: bool

    @property
    def is_read_or_archived(self) -> bool:
        """Whether it does not count as unread."""
        return self.is_read or self.is_archived


async def load_marks(tx: Transaction, rows: Iterable[Mapping[str, Any]]) -> Sequence[MarkedRow]:
    """Return how notifications to one user each are marked. rows: user_id, audience and id of each."""
    keys = [{name: row[name] for name in ("user_id", "audience", "id")} for row in rows]
    found = await tx.run("marks_of_rows", rows=keys) if keys else ()
    return [
        MarkedRow(
            user_id=user_id,
            id=id_,
            audience=audience,
            category=category,
            is_seen=bool(seen),
            is_read=bool(read),
            is_archived=bool(archived),
        )
        for user_id, id_, audience, category, seen, read, archived in found
    ]


def subtract_marks(tx: Transaction, marks: Iterable[MarkedRow]) -> None:
    """Take notifications out of the read counts."""
    numbers: dict[Key, list[int]] = defaultdict(lambda: [0, 0, 0, 0, 0])
    for one in marks:
        if one.is_seen or one.is_read_or_archived:
            sums = numbers[one.user_id, one.audience, one.category]
            sums[0] -= one.is_seen
            sums[1] -= one.is_read
            sums[2] -= one.is_archived
            sums[3] -= one.is_read_or_archived
    add_read_counts(tx, numbers)


def add_read_counts(tx: Transaction, numbers: Mapping[Key, Sequence[int]]) -> None:
    """Add to read counts. numbers: in the order of NUMBERS; rows that become zeros are deleted."""
    rows = count_rows({key: sums for key, sums in numbers.items() if any(sums)})
    tx.add("add_to_read_counts", rows=rows)
    if any(min(sums) < 0 for sums in numbers.values()):
        tx.add("delete_empty_read_counts", rows=key_rows(numbers))


def count_rows(numbers: Mapping[Key, Sequence[int]]) -> list[dict[str, Any]]:
    """Return rows for the queries that write read counts."""
    return [
        {**row, **dict(zip(NUMBERS, sums, strict=True))}
        for row, sums in zip(key_rows(numbers), numbers.values(), strict=True)
    ]


def key_rows(keys: Iterable[Key]) -> list[dict[str, Any]]:
    """Return a row for each user, audience and category."""
    return [
        {"user_id": user_id, "audience": audience, "category": category}
        for user_id, audience, category in keys
    ]
