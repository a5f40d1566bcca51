"""Removal: deletes notifications for good, and their receipts later.

Promises: every count is exact at every moment; each change of a count is an event (`expire`) with the ids of
the removed notifications; a notification is removed within a second of its `expires_at`, also after a
restart; no step is larger than its limit of rows, however many users had read a notification.

How the counts stay exact when many users have read what is removed: `marks/purge`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from lumen_notify.commit.budget import Cost
from lumen_notify.commit.counts import add_to_totals, counts_in
from lumen_notify.commit.database import Rows
from lumen_notify.commit.marks.read_counts import load_marks, subtract_marks
from lumen_notify.commit.transaction import Transaction
from lumen_notify.model import Audience, value
from lumen_notify.model.events import NotificationsRemoved, Payload, SharedNotificationsRemoved

STEP_NOTIFICATIONS = 200
"""Notifications to one user each that a step removes: some 10 ms of the writer's time."""

STEP_SHARED = 20
"""Notifications to a room or to everyone that a step removes: delivering the event takes one look-up for each
pair of a connected user and a notification."""

ExpiryQuery = Literal["expired_before", "created_before"]
"""A query that selects notifications to remove; it takes `before`, in milliseconds, and `limit`."""


RemovedRow = tuple[str, str, int]
"""The id, category and position of a notification that was deleted."""


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
    removed = await delete_rows(tx, rows)
    if removed:
        await announce_removed(tx, removed)
    return sum(map(len, removed.values()))


async def delete_rows(
    tx: Transaction, rows: Sequence[tuple[str, Audience]]
) -> Mapping[Audience, Sequence[RemovedRow]]:
    """Delete the rows of notifications, (id, audience) each, and take them out of all counts.

    Return those that still existed, by audience: those to one user come last. The caller appends an event for
    each audience, in this order and before any other.
    """
    if not rows:
        return {}
    keys = [{"id": id_, "audience": audience} for id_, audience in rows]
    by_audience: dict[Audience, list[RemovedRow]] = defaultdict(list)
    marks = await load_marks(
        tx,
        [
            {"user_id": audience.user_id, "audience": audience, "id": id_}
            for id_, audience in rows
            if audience.is_personal
        ],
    )
    contents: set[int] = set()
    listed: list[dict[str, Any]] = []
    for id_, audience, category, position, content_position, text_id, is_listed in await tx.run(
        "delete_notifications", rows=keys
    ):
        tx.texts.release(text_id)
        by_audience[Audience(audience)].append((id_, category, position))
        if content_position is not None:
            contents.add(content_position)
        if is_listed:
            listed.append({"audience": audience, "position": position})
    _remove_from_lists(tx, listed)
    # Personal audiences last: their events state counts, after which nothing may change.
    order = sorted(by_audience, key=lambda audience: (audience.is_personal, audience))
    removed = {audience: sorted(by_audience[audience]) for audience in order}
    if removed:
        tx.add("delete_unused_contents", rows=[{"position": position} for position in sorted(contents)])
        tx.add("delete_groups", rows=keys)
        _add_tombstones(tx, removed)
        fewer = Counter((audience, category) for audience in order for _, category, _ in removed[audience])
        add_to_totals(tx, {key: -number for key, number in fewer.items()})
        subtract_marks(tx, marks)
        tx.add(
            "delete_empty_totals",
            rows=[{"audience": audience, "category": category} for audience, category in fewer],
        )
    return removed


def _remove_from_lists(tx: Transaction, rows: Sequence[dict[str, Any]]) -> None:
    """Count notifications of lists that were deleted, and keep to whom their events went."""
    numbers = Counter(row["position"] for row in rows)
    tx.add(
        "subtract_from_lists",
        rows=[{"position": position, "number": number} for position, number in numbers.items()],
    )
    tx.add("add_removed_recipients", rows=rows)


async def _select(tx: Transaction, command: Remove) -> Sequence[tuple[str, Audience]]:
    if command.archived_before is None:
        return command.rows
    rows = [{"user_id": audience.user_id, "id": id_, "audience": audience} for id_, audience in command.rows]
    found = await tx.run("still_archived", rows=rows, before=command.archived_before)
    return [(id_, Audience(audience)) for id_, audience in found]


def _add_tombstones(tx: Transaction, removed: Mapping[Audience, Sequence[RemovedRow]]) -> None:
    rows = [
        {
            "audience": audience,
            "id": id_,
            "category": category,
            "removed_at": tx.now,
            "position": position,
            "removed_position": removed_position,
            "is_purged": int(audience.is_personal),
        }
        for removed_position, (audience, mine) in enumerate(removed.items(), start=tx.position + 1)
        for id_, category, position in mine
    ]
    tx.add("add_tombstones", rows=rows)


async def announce_removed(tx: Transaction, removed: Mapping[Audience, Sequence[RemovedRow]]) -> None:
    """Append an event for each audience, as `delete_rows` has returned them."""
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
