"""Purge: takes removed notifications out of the counts of those who had marked them, and deletes receipts.

Promises: every count is exact at every moment; no step is larger than its limit, however many users had read
a notification.

Unread is a subtraction: the active total of an audience (`lumen_active_total.total`) minus the number that
the user has read or archived (`lumen_read_count.read_or_archived`). A removal lowers the first number at
once, in one row. For a notification to one user it lowers the second one, too. For a room or everyone it
cannot, because that is one row for each user who has read or archived something: up to everyone. So the
removal leaves a tombstone (a row of `lumen_removed_notification`) with the notification's position and the
removal's position. While the tombstone exists, `unread_counts` adds 1 for each user whose counts still
include it as read or archived. `PurgeReceipts` then works the tombstones off in small steps, user by user:
it subtracts from the counts, and in the end deletes the receipts and the tombstone. Each step changes both
sides alike, so no unread count changes and no event is needed.

Whose counts include a removed notification? A user who joins a room starts with all that is active in it as
read: their counts start as the room's active total.

| the member joined | their counts include it |
|---|---|
| before it was published | as they had marked it |
| after that, before its removal | as read, archived and seen, whatever their marks |
| after its removal | not |

For one user and for everyone only the first row applies. After the removal nothing can change how it was
marked (`spans` keeps that as receipts), and no further member can join in between.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lumen_notify.commit.budget import Cost
from lumen_notify.commit.database.readers import Reads
from lumen_notify.commit.marks.read_counts import add_read_counts
from lumen_notify.commit.transaction import Transaction
from lumen_notify.model import value

PURGE_SECONDS = 60
"""How long receipts are kept after the removal: an instance that lags behind may still ask for them."""

STEP_TOMBSTONES = 100
STEP_RECEIPTS = 500
"""Rows that one step purges, at most: some 10 ms of the writer's time."""

STEP_PAIRS = 2000
"""Pairs of a tombstone and a user that one step takes out of the counts, at most: some 10 ms, too."""


@value
class PurgeReceipts:
    """Purge one step of tombstones and receipts. The result: the number of rows, 0 when nothing is left."""

    @property
    def conflict_key(self) -> str:
        """At most one step per transaction, so that it stays short."""
        return "removal"

    @property
    def cost(self) -> Cost:
        """Of one step."""
        return Cost(rows=STEP_RECEIPTS)


async def purge_receipts(tx: Transaction, commands: Sequence[PurgeReceipts]) -> Sequence[int]:
    """Purge tombstones and receipts: a `committer.Handler`. Unread counts stay, so it appends no event."""
    before = tx.now - PURGE_SECONDS * 1000
    counted = await _purge_counts(tx, before)
    step = {"before": before, "rows_limit": STEP_TOMBSTONES}
    receipts = await tx.run("purge_receipts", **step, limit=STEP_RECEIPTS)
    left = STEP_RECEIPTS - len(receipts)
    actors = await tx.run("purge_group_actors", **step, limit=left) if left else ()
    for (text_id,) in actors:
        tx.texts.release(text_id)
    done = await tx.run("delete_tombstones", **step)
    return [counted + len(receipts) + len(actors) + len(done)] * len(commands)


async def _purge_counts(tx: Transaction, before: int) -> int:
    """Take tombstones of one audience and category out of the counts of some users; return how many pairs."""
    found = await tx.run("tombstones_to_count", before=before, limit=STEP_TOMBSTONES)
    if not found:
        return 0
    audience, category, after, _ = found[0]
    ids = [row[3] for row in found if tuple(row[:3]) == (audience, category, after)]
    limit = max(1, STEP_PAIRS // len(ids))
    rows = await tx.run(
        "counts_of_tombstones",
        audience=audience,
        category=category,
        after=after,
        ids=[{"id": id_} for id_ in ids],
        limit=limit,
    )
    add_read_counts(
        tx,
        {
            (user_id, audience, category): [-number for number in sums]
            for user_id, _, _, *sums in rows
            if any(sums)
        },
    )
    users = sorted({row[0] for row in rows})
    is_purged = len(users) < limit
    tx.add(
        "advance_tombstones",
        rows=[{"audience": audience, "id": id_} for id_ in ids],
        user_id=rows[-1][0] if rows else after,
        is_purged=int(is_purged),
    )
    if is_purged:
        tx.add("delete_empty_totals", rows=[{"audience": audience, "category": category}])
    return len(ids) * max(1, len(users))


async def fetch_readers(
    reads: Reads, ids: Sequence[str], user_ids: Sequence[str]
) -> Mapping[str, frozenset[str]]:
    """Return by user which of some removed notifications they had read or archived.

    Exact for PURGE_SECONDS after the removal, in which these receipts do not change. user_ids: at most 1,000
    a call. Every user is in the answer. Raises Unavailable.
    """
    rows = await reads.fetch(
        "receipts_of_removed",
        users=[{"user_id": user_id} for user_id in user_ids],
        ids=[{"id": id_} for id_ in ids],
    )
    read: dict[str, set[str]] = {user_id: set() for user_id in user_ids}
    for user_id, id_ in rows:
        read[user_id].add(id_)
    return {user_id: frozenset(mine) for user_id, mine in read.items()}
