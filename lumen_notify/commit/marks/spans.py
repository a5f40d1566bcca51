"""Spans: a mark of many notifications is one row for each audience and category that it changes.

A row of the table `lumen_span` says how a user has marked the notifications of an audience and a category,
up to a position and down to the next lower row. A mark up to a position ends a span there, and changes all
below it. Marks by id are receipts; a receipt holds all marks of one notification. The later one of receipt
and span decides (`marked` of a receipt, `read_marked` and so on of a span are positions of marks). The time
that a list shows may be that of an earlier mark of the same kind.

Promises: counts and lists are what a receipt for each notification would have said; the cost does not depend
on how many notifications a span covers, only on how many came after the position that the request names.

What was removed stays as it was marked: before a span changes, the marks of removed notifications that counts
still include are kept as receipts (`removal`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from lumen_notify.commit.database import Rows
from lumen_notify.commit.marks.read_counts import Key, count_rows, key_rows
from lumen_notify.commit.transaction import Transaction
from lumen_notify.model import Audience, value


@value
class Span:
    """A user's mark of everything up to a position. category: None for all."""

    user_id: str
    action: str
    category: str | None
    up_to: int


class Numbers(NamedTuple):
    """How many notifications there are, and how many are marked so; see `read_counts`."""

    all: int = 0
    seen: int = 0
    read: int = 0
    archived: int = 0
    read_or_archived: int = 0
    earlier: int = 0

    def without(self, other: Numbers) -> Numbers:
        """Subtract; `all` stays."""
        return Numbers(self.all, *(mine - its for mine, its in zip(self[1:], other[1:], strict=True)))


NONE = Numbers()


async def mark_spans(tx: Transaction, spans: Sequence[Span], marked: int) -> Mapping[str, int]:
    """Mark spans, at most one of each user; return by user how many notifications change.

    marked: the position of the marks.
    """
    changed: dict[str, int] = defaultdict(int)
    by_user = {span.user_id: span for span in spans}
    rows = {
        "users": [{"user_id": user_id} for user_id in by_user],
        "spans": [{"user_id": one.user_id, "category": one.category, "up_to": one.up_to} for one in spans],
    }
    totals = await tx.run("totals_of_spans", **rows)
    removed = _by_key(await tx.run("removed_in_spans", **rows))
    later: Mapping[Key, Numbers] = {}
    if any(span.up_to < tx.position for span in spans):
        later = _by_key(await tx.run("later_than_spans", **rows))
    numbers: dict[Key, Sequence[int]] = {}
    ends: dict[Key, int] = {}
    for user_id, audience, category, end, *total in totals:
        key = user_id, audience, category
        gone = removed.get(key, NONE)
        number, after = _after(by_user[user_id].action, Numbers(*total).without(gone), later.get(key, NONE))
        if number:
            changed[user_id] += number
            ends[key] = end
            numbers[key] = [mine + its for mine, its in zip(after[1:], gone[1:], strict=True)]
    if numbers:
        shared = [key for key in numbers if key in removed and not Audience(key[1]).is_personal]
        tx.add("keep_marks_of_removed", rows=key_rows(shared))
        rows_of_spans = [
            {**row, "up_to": end, "action": by_user[row["user_id"]].action}
            for row, end in zip(key_rows(ends), ends.values(), strict=True)
        ]
        tx.add("split_spans", rows=rows_of_spans)
        tx.add("mark_spans", rows=rows_of_spans, now=tx.now, marked=marked)
        tx.add("delete_needless_spans", rows=key_rows(ends))
        tx.add("set_read_counts", rows=count_rows(numbers))
        tx.add("delete_empty_read_counts", rows=key_rows(numbers))
    return changed


def _after(action: str, now: Numbers, later: Numbers) -> tuple[int, Numbers]:
    """Return how many notifications a mark changes, and the numbers after it.

    now: of those that exist. later: of those that exist beyond the span; they stay as they are.
    """
    whole = now.all - later.all  # of the span, with what is older than the membership
    seen, read, archived = (mine - its for mine, its in zip(now[1:4], later[1:4], strict=True))
    earlier = now.earlier - later.earlier
    match action:
        case "seen":
            return whole - seen, now._replace(seen=whole + later.seen)
        case "read":
            return whole - read, now._replace(
                seen=whole + later.seen,
                read=whole + later.read,
                read_or_archived=whole + later.read_or_archived,
            )
        case "unread":
            return read - earlier, now._replace(
                read=earlier + later.read, read_or_archived=archived + later.read_or_archived
            )
        case "archive":
            return whole - archived, now._replace(
                archived=whole + later.archived, read_or_archived=whole + later.read_or_archived
            )
        case "unarchive":
            return archived - earlier, now._replace(
                archived=earlier + later.archived, read_or_archived=read + later.read_or_archived
            )
        case "delete":
            return whole - earlier, Numbers(now.all, *(whole + its for its in later[1:]))
    raise ValueError(action)


def _by_key(rows: Rows) -> dict[Key, Numbers]:
    return {
        (user_id, audience, category): Numbers(number, *sums)
        for user_id, audience, category, number, *sums in rows
    }
