"""Removal: deletes notifications for good, and their receipts later.

Promises: every count is exact at every moment; each change of a count is an event (`expire`) with the ids of
the removed notifications; a notification is removed within a second of its `expires_at`, also after a
restart; no step is larger than its limit of rows, however many users had read a notification.

Unread is a subtraction: the active total of an audience (column `tally.live`) minus the number that the user
has read or archived (column `settled.count`). A removal lowers the first number at once, in one row.
It cannot lower the second one at once, because that is one row for each user who had read the notification:
up to everyone. So the removal leaves a tombstone (table `removed`) with the notification's position and the
removal's position, and keeps the receipts. While the tombstone exists, `unread_counts` adds 1 for each user
whose read-or-archived count still includes the notification. `PurgeReceipts` then works the tombstones off in
small steps: it subtracts from the counts, deletes receipts, and in the end the tombstone. Each of its steps
changes both sides alike, so no unread count changes and no event is needed.

Whose count includes a removed notification? A user who joins a room starts with all that is active in it as
read: their count starts as the room's active total.

| the member joined | their read-or-archived count includes it | `unread_counts` and the purge find it by |
|---|---|---|
| before it was published | if they had read or archived it | their receipt |
| after that, before its removal | always, whatever their receipts | the two positions of the tombstone |
| after its removal | never | |

For one user and for everyone only the first row applies. After the removal nothing can change these
receipts, and no further member can join in between, so the rows to purge only become fewer.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Literal

from lumen_notify.commit.budget import Cost
from lumen_notify.commit.counts import counts_in
from lumen_notify.commit.database import Rows
from lumen_notify.commit.database.readers import Reads
from lumen_notify.commit.transaction import Transaction
from lumen_notify.model import Audience, value
from lumen_notify.model.events import NotificationsRemoved, Payload, SharedNotificationsRemoved

STEP_NOTIFICATIONS = 200
"""Notifications to one user each that a step removes: some 10 ms of the writer's time."""

STEP_SHARED = 20
"""Notifications to a room or to everyone that a step removes: delivering the event takes one look-up for each
pair of a connected user and a notification."""

PURGE_SECONDS = 60
"""How long receipts are kept after the removal: an instance that lags behind may still ask for them."""

STEP_TOMBSTONES = 100
STEP_RECEIPTS = 500
"""Rows that one step purges, at most: some 10 ms of the writer's time."""

ExpiryQuery = Literal["expired_before", "created_before"]
"""A query that selects notifications to remove; it takes `before`, in milliseconds, and `limit`."""


@value
class Remove:
    """Remove notifications: (id, audience) each. The result: how many still existed.

    archived_before: milliseconds; remove only those to one user each that the user archived before it and
    has not unarchived since. None: remove all of them.
    """

    rows: Sequence[tuple[str, Audience]]
    archived_before: int | None = None

    @property
    def conflict_key(self) -> str:
        """At most one step per transaction, so that it stays short."""
        return "removal"

    @property
    def cost(self) -> Cost:
        """A row for each notification."""
        return Cost(rows=len(self.rows))


@value
class RemoveOldest:
    """Remove one step of an audience's oldest notifications. The result: their number.

    kept: how many of the newest ones stay. They are counted in the transaction, so that concurrent removals
    do not remove too many. limit: of the step.
    """

    audience: Audience
    kept: int
    limit: int

    @property
    def conflict_key(self) -> str:
        """At most one step per transaction, so that it stays short."""
        return "removal"

    @property
    def cost(self) -> Cost:
        """Of one step."""
        return Cost(rows=self.limit)


@value
class Expire:
    """Remove one step of expired or old notifications. The result: their number.

    query: selects them, in the transaction that removes them, so that a group that was just updated stays.
    before: milliseconds, None for now.
    """

    query: ExpiryQuery
    before: int | None = None

    @property
    def conflict_key(self) -> str:
        """At most one step per transaction, so that it stays short."""
        return "expire"

    @property
    def cost(self) -> Cost:
        """Of one step."""
        return Cost(rows=STEP_NOTIFICATIONS)


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


async def remove(tx: Transaction, commands: Sequence[Remove]) -> Sequence[int]:
    """Remove notifications: a `committer.Handler`; it runs before `mark`, whose counts include it."""
    return [await remove_notifications(tx, await _select(tx, command)) for command in commands]


async def remove_oldest(tx: Transaction, commands: Sequence[RemoveOldest]) -> Sequence[int]:
    """Remove the oldest notifications: a `committer.Handler`; it runs before `mark`, like `remove`."""
    answers = []
    for command in commands:
        ((active,),) = await tx.run("active_total", audience=command.audience)
        limit = min(active - command.kept, command.limit)
        rows: Rows = ()
        if limit > 0:
            rows = await tx.run("oldest_notifications", audience=command.audience, limit=limit)
        answers.append(await remove_notifications(tx, [(id_, command.audience) for (id_,) in rows]))
    return answers


async def expire(tx: Transaction, commands: Sequence[Expire]) -> Sequence[int]:
    """Remove expired or old notifications: a `committer.Handler`; it runs before `mark`, like `remove`."""
    answers = []
    for command in commands:
        before = tx.now + 1 if command.before is None else command.before
        found = await tx.run(command.query, before=before, limit=STEP_NOTIFICATIONS)
        rows = [(id_, Audience(audience)) for id_, audience in found]
        personal = [row for row in rows if row[1].is_personal]
        shared = [row for row in rows if not row[1].is_personal]
        answers.append(await remove_notifications(tx, personal + shared[:STEP_SHARED]))
    return answers


async def remove_notifications(tx: Transaction, rows: Sequence[tuple[str, Audience]]) -> int:
    """Remove notifications, (id, audience) each; return how many still existed.

    Appends one event per audience: for a user with their counts, for a room or everyone without numbers.
    """
    if not rows:
        return 0
    keys = [{"id": id_, "audience": audience} for id_, audience in rows]
    by_audience: dict[Audience, list[tuple[str, str, int]]] = defaultdict(list)
    contents: set[int] = set()
    for id_, audience, category, position, content_position in await tx.run(
        "delete_notifications", rows=keys
    ):
        by_audience[Audience(audience)].append((id_, category, position))
        if content_position is not None:
            contents.add(content_position)
    if by_audience:
        tx.add("delete_unused_contents", rows=[{"position": position} for position in sorted(contents)])
        tx.add("delete_groups", rows=keys)
        # Personal audiences last: their events state counts, after which nothing may change.
        order = sorted(by_audience, key=lambda audience: (audience.is_personal, audience))
        removed = {audience: sorted(by_audience[audience]) for audience in order}
        _add_tombstones(tx, removed)
        fewer = Counter((audience, category) for audience in order for _, category, _ in removed[audience])
        totals = [
            {"audience": audience, "category": category, "live": -number}
            for (audience, category), number in fewer.items()
        ]
        tx.add("add_to_active_totals", rows=totals)
        await _append(tx, removed)
    return sum(map(len, by_audience.values()))


async def _select(tx: Transaction, command: Remove) -> Sequence[tuple[str, Audience]]:
    if command.archived_before is None:
        return command.rows
    rows = [{"user_id": audience.user_id, "id": id_, "audience": audience} for id_, audience in command.rows]
    found = await tx.run("still_archived", rows=rows, before=command.archived_before)
    return [(id_, Audience(audience)) for id_, audience in found]


def _add_tombstones(tx: Transaction, removed: Mapping[Audience, Sequence[tuple[str, str, int]]]) -> None:
    rows = [
        {
            "audience": audience,
            "id": id_,
            "category": category,
            "removed_at": tx.now,
            "position": position,
            "removed_position": removed_position,
        }
        for removed_position, (audience, mine) in enumerate(removed.items(), start=tx.position + 1)
        for id_, category, position in mine
    ]
    tx.add("add_tombstones", rows=rows)


async def _append(tx: Transaction, removed: Mapping[Audience, Sequence[tuple[str, str, int]]]) -> None:
    users = [audience.user_id for audience in removed if audience.user_id is not None]
    counts = await counts_in(tx, users) if users else {}
    for audience, mine in removed.items():
        payload: Payload
        if audience.user_id is not None:
            ids = [id_ for id_, _, _ in mine]
            payload = NotificationsRemoved.of(counts[audience.user_id], {"ids": ids})
        else:
            payload = SharedNotificationsRemoved.of(mine)
        tx.append(audience, payload)


async def purge_receipts(tx: Transaction, commands: Sequence[PurgeReceipts]) -> Sequence[int]:
    """Purge tombstones and receipts: a `committer.Handler`. Unread counts stay, so it appends no event."""
    step = {"before": tx.now - PURGE_SECONDS * 1000, "rows_limit": STEP_TOMBSTONES}
    counted: Counter[tuple[str, str, str]] = Counter()
    receipts = await tx.run("purgeable_receipts", **step, limit=STEP_RECEIPTS)
    for user_id, _, audience, category, counts in receipts:
        counted[user_id, audience, category] -= counts
    tx.add("delete_receipts", rows=[{"user_id": user_id, "id": id_} for user_id, id_, *_ in receipts])
    left = STEP_RECEIPTS - len(receipts)
    members = await tx.run("purgeable_members", **step, limit=left) if left else ()
    purged_up_to: dict[tuple[str, str], int] = {}
    for audience, id_, category, user_id, joined_position in members:
        counted[user_id, audience, category] -= 1
        purged_up_to[audience, id_] = joined_position + 1
    tombstones = [
        {"audience": audience, "id": id_, "position": position}
        for (audience, id_), position in purged_up_to.items()
    ]
    tx.add("advance_tombstones", rows=tombstones)
    read_counts = [
        {"user_id": user_id, "audience": audience, "category": category, "count": number}
        for (user_id, audience, category), number in counted.items()
        if number
    ]
    tx.add("add_to_read_counts", rows=read_counts)
    left -= len(members)
    actors = await tx.run("purge_group_actors", **step, limit=left) if left else ()
    done = await tx.run("delete_tombstones", **step)
    return [len(receipts) + len(members) + len(actors) + len(done)] * len(commands)


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
