"""Removal: takes notifications away for good, and forgets later who had read them.

Promises: the counts are exact at every moment, and each change of them is an event (`expire`) with the
ids that are gone; no step is larger than its rows, however many users had read one.

A notification leaves list, tally and log order at once. A user's settled number may still have it: he had
read or archived it, or he had joined the room after it, so that it was in the tally that he began with.
This is taken out step by step, from FORGET_SECONDS on; until then `unread_counts` makes up for it, by the
rows of `removed`. From the removal on these receipts change no more, and of the members who joined in
between none are added.

| a member joined | his settled number has it | made up for, and forgotten, by |
|---|---|---|
| before it came | if he had settled it | his receipt |
| after it came, before it was removed | always | the positions in `removed`, whatever receipts he has |
| after it was removed | never | |
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from lumen_notify.commit.counts import counts_in
from lumen_notify.commit.database import Database, Rows
from lumen_notify.commit.transaction import Transaction
from lumen_notify.model import Audience, value
from lumen_notify.model.events import NotificationsRemoved, Payload, SharedNotificationsRemoved

FORGET_SECONDS = 60
"""How long the receipts of what is gone are kept: an instance that lags behind may ask for them."""

STEP_REMOVED = 100
STEP_SETTLED = 500
"""What one step forgets, at most: some 10 ms of the writer's time."""


@value
class Remove:
    """Remove notifications: (id, audience) each. The result: how many were still there.

    archived_before: milliseconds; only those to one user each that are still in his archive since before it.
    None: all of them.
    """

    rows: Sequence[tuple[str, Audience]]
    archived_before: int | None = None

    @property
    def conflict_key(self) -> str:
        """One a transaction: a step is to stay small."""
        return "removal"


@value
class RemoveOldest:
    """Remove one step of what an audience has beyond its newest. The result: how many that were.

    kept: how many it keeps: counted in the transaction, whoever else removes some at this time.
    """

    audience: Audience
    kept: int
    limit: int

    @property
    def conflict_key(self) -> str:
        """One a transaction: a step is to stay small."""
        return "removal"


@value
class Forget:
    """Forget one step of the receipts of what is gone. The result: how many rows that were."""

    @property
    def conflict_key(self) -> str:
        """One a transaction: a step is to stay small."""
        return "removal"


async def remove(tx: Transaction, commands: Sequence[Remove]) -> Sequence[int]:
    """Write removals: a `committer.Handler`, to stand before the marks, whose counts come after it.

    Appends one event to each audience: to a user with his counts, to a room or to all without numbers.
    """
    return [await take_away(tx, await _still(tx, command)) for command in commands]


async def remove_oldest(tx: Transaction, commands: Sequence[RemoveOldest]) -> Sequence[int]:
    """Write removals of what is too much: a `committer.Handler`, to stand before the marks, like `remove`."""
    answers = []
    for command in commands:
        ((live,),) = await tx.run("audience_number", audience=command.audience)
        limit = min(live - command.kept, command.limit)
        rows: Rows = ()
        if limit > 0:
            rows = await tx.run("oldest_notifications", audience=command.audience, limit=limit)
        answers.append(await take_away(tx, [(id_, command.audience) for (id_,) in rows]))
    return answers


async def _still(tx: Transaction, command: Remove) -> Sequence[tuple[str, Audience]]:
    if command.archived_before is None:
        return command.rows
    rows = [{"user_id": audience.user_id, "id": id_, "audience": audience} for id_, audience in command.rows]
    found = await tx.run("still_archived", rows=rows, before=command.archived_before)
    return [(id_, Audience(audience)) for id_, audience in found]


async def take_away(tx: Transaction, places: Sequence[tuple[str, Audience]]) -> int:
    """Remove notifications, (id, audience) each, in a writer's tx; return how many were still there."""
    if not places:
        return 0
    rows = [{"id": id_, "audience": audience} for id_, audience in places]
    gone: dict[Audience, list[tuple[str, str, int]]] = defaultdict(list)
    for id_, audience, category, position in await tx.run("remove_notifications", rows=rows):
        gone[Audience(audience)].append((id_, category, position))
    if gone:
        tx.add("forget_groups", rows=rows)
        # Those without numbers first: a user's counts are those after all of this.
        order = sorted(gone, key=lambda audience: (audience.is_personal, audience))
        _keep(tx, {audience: sorted(gone[audience]) for audience in order})
        fewer = Counter((audience, category) for audience in order for _, category, _ in gone[audience])
        tally = [
            {"audience": audience, "category": category, "live": -number}
            for (audience, category), number in fewer.items()
        ]
        tx.add("add_to_tally", rows=tally)
        await _append(tx, {audience: sorted(gone[audience]) for audience in order})
    return sum(map(len, gone.values()))


def _keep(tx: Transaction, gone: Mapping[Audience, Sequence[tuple[str, str, int]]]) -> None:
    kept = [
        {
            "audience": audience,
            "id": id_,
            "category": category,
            "removed_at": tx.now,
            "position": position,
            "removed_position": removed_position,
        }
        for removed_position, (audience, mine) in enumerate(gone.items(), start=tx.position + 1)
        for id_, category, position in mine
    ]
    tx.add("keep_removed", rows=kept)


async def _append(tx: Transaction, gone: Mapping[Audience, Sequence[tuple[str, str, int]]]) -> None:
    users = [audience.user_id for audience in gone if audience.user_id is not None]
    counts = await counts_in(tx, users) if users else {}
    for audience, mine in gone.items():
        payload: Payload
        if audience.user_id is not None:
            ids = [id_ for id_, _, _ in mine]
            payload = NotificationsRemoved.of(counts[audience.user_id], {"ids": ids})
        else:
            payload = SharedNotificationsRemoved.of(mine)
        tx.append(audience, payload)


async def forget(tx: Transaction, commands: Sequence[Forget]) -> Sequence[int]:
    """Write one step of forgetting: a `committer.Handler`. No count changes, so there is no event."""
    step = {"before": tx.now - FORGET_SECONDS * 1000, "rows_limit": STEP_REMOVED}
    settled: Counter[tuple[str, str, str]] = Counter()
    receipts = await tx.run("removed_receipts", **step, limit=STEP_SETTLED)
    for user_id, _, audience, category, counts in receipts:
        settled[user_id, audience, category] -= counts
    if receipts:
        rows = [{"user_id": user_id, "id": id_} for user_id, id_, *_ in receipts]
        tx.add("forget_receipts", rows=rows)
    left = STEP_SETTLED - len(receipts)
    joined = await tx.run("removed_before_joining", **step, limit=left) if left else ()
    passed: dict[tuple[str, str], int] = {}
    for audience, id_, category, user_id, joined_position in joined:
        settled[user_id, audience, category] -= 1
        passed[audience, id_] = joined_position + 1
    if passed:
        rows = [
            {"audience": audience, "id": id_, "position": position}
            for (audience, id_), position in passed.items()
        ]
        tx.add("pass_joined", rows=rows)
    moved = [
        {"user_id": user_id, "audience": audience, "category": category, "count": number}
        for (user_id, audience, category), number in settled.items()
        if number
    ]
    if moved:
        tx.add("add_to_settled", rows=moved)
    left -= len(joined)
    actors = await tx.run("forget_actors", **step, limit=left) if left else ()
    done = await tx.run("forget_removed", **step)
    return [len(receipts) + len(joined) + len(actors) + len(done)] * len(commands)


async def settled_of(
    database: Database, ids: Sequence[str], user_ids: Sequence[str]
) -> Mapping[str, frozenset[str]]:
    """Tell which of some removed notifications each of these users had read or archived.

    Exact for FORGET_SECONDS after the removal, in which no receipt of them changes. user_ids: at most
    1,000 a call. Every user is in the answer. Raises Unavailable.
    """
    rows = await database.fetch(
        "settled_of", users=[{"user_id": user_id} for user_id in user_ids], ids=[{"id": id_} for id_ in ids]
    )
    settled: dict[str, set[str]] = {user_id: set() for user_id in user_ids}
    for user_id, id_ in rows:
        settled[user_id].add(id_)
    return {user_id: frozenset(mine) for user_id, mine in settled.items()}
