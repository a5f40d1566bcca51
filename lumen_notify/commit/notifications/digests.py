"""Bundles: what is of low priority waits for a user who wants it so, and comes together, as one event.

Promises: durable once answered; each is a row of its own in list and counts, from the bundle on; a bundle
leaves within a second of its time, which is the user's number of minutes after the first that waits; none
leaves twice, because the transaction that publishes a bundle also takes it out. What is silenced when it
leaves is left out of the event.

What has a group key merges when its bundle leaves.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from lumen_notify.commit.counts import counts_in
from lumen_notify.commit.notifications.group import Copy, Group, row_of
from lumen_notify.commit.notifications.grouping import Groups
from lumen_notify.commit.transaction import Transaction
from lumen_notify.model import Audience, Counts, to_json, value
from lumen_notify.model.events import DigestDelivered

STEP_ROWS = 250
"""Waiting notifications whose users a step serves: some 10 ms of the writer's time."""

MAX_BUNDLE_ROWS = 1000
MAX_BUNDLE_BYTES = 256 * 1024
"""What one event bundles, so that a stream can take it; what is beyond it is the next one, at once."""


@value
class Bundle:
    """Publish one step of bundles that are due. The result: how many notifications that were."""

    @property
    def conflict_key(self) -> str:
        """One a transaction: a step is to stay small."""
        return "bundle"


async def hold(tx: Transaction, copies: Sequence[Copy]) -> frozenset[tuple[str, str]]:
    """Keep those whose users want bundles; return which: (user_id, id) each."""
    if not copies:
        return frozenset()
    users = [{"user_id": user_id} for user_id in sorted({copy.user_id for copy in copies})]
    minutes = {row[0]: row[1] for row in await tx.run("digest_minutes", users=users)}
    held = [copy for copy in copies if copy.user_id in minutes]
    rows = [
        {
            "user_id": copy.user_id,
            "id": copy.id,
            "due_at": tx.now + minutes[copy.user_id] * 60_000,
            "publication": to_json(copy.as_kept()),
        }
        for copy in held
    ]
    if rows:
        tx.add("hold_for_bundles", rows=rows)
    return frozenset((copy.user_id, copy.id) for copy in held)


async def bundle(tx: Transaction, commands: Sequence[Bundle]) -> Sequence[int]:
    """Publish bundles that are due: a `committer.Handler`, to stand beside `publish`."""
    due = await tx.run("take_bundles", now=tx.now, rows_limit=STEP_ROWS, user_limit=MAX_BUNDLE_ROWS)
    taken: dict[str, list[Copy]] = {}
    sizes: Counter[str] = Counter()
    left: list[dict[str, Any]] = []
    seen: set[tuple[str, str, str]] = set()
    for user_id, id_, due_at, publication in sorted(map(tuple, due)):
        copy = Copy.from_kept(user_id, id_, json.loads(publication))
        if copy.expires_at is not None and copy.expires_at <= tx.now:
            continue
        sizes[user_id] += 0 if copy.group_key and copy.place in seen else len(publication)
        if copy.group_key:
            seen.add(copy.place)
        if sizes[user_id] > MAX_BUNDLE_BYTES and user_id in taken:
            row = {"user_id": user_id, "id": id_, "due_at": due_at, "publication": publication}
            left.append(row)
        else:
            taken.setdefault(user_id, []).append(copy)
    if left:
        tx.add("hold_for_bundles", rows=left)
    await _publish(tx, taken)
    return [len(due)] * len(commands)


async def _publish(tx: Transaction, bundles: Mapping[str, Sequence[Copy]]) -> None:
    if not bundles:
        return
    copies = [copy for mine in bundles.values() for copy in mine]
    groups = await Groups.gather(tx, [copy for copy in copies if copy.group_key], at_once=True)
    await groups.clear(tx)
    new: list[Copy | Group] = [*(copy for copy in copies if not copy.group_key), *groups.begun]
    tally = Counter((one.audience, one.category) for one in new)
    rows = [
        {"audience": audience, "category": category, "live": number}
        for (audience, category), number in tally.items()
    ]
    if rows:
        tx.add("add_to_tally", rows=rows)
    counts = await counts_in(tx, list(bundles))
    inserted: list[dict[str, Any]] = []
    for user_id, mine in bundles.items():
        items = _items(mine, groups)
        position = _append(tx, user_id, counts[user_id], items)
        for item in items:
            if isinstance(item, Group):
                item.position = position
            if isinstance(item, Copy) or item.is_new:
                inserted.append(row_of(item, position))
    if inserted:
        tx.add("insert_notifications", rows=inserted)
    groups.write(tx)


def _items(copies: Sequence[Copy], groups: Groups) -> list[Copy | Group]:
    """List the rows of a bundle as the list will have them: of one position, by id, the last first."""
    rows = [groups.of(copy) if copy.group_key else copy for copy in copies]
    return sorted({row.id: row for row in rows}.values(), key=lambda row: row.id, reverse=True)


def _append(tx: Transaction, user_id: str, counts: Counts, items: Sequence[Copy | Group]) -> int:
    shown = [item.as_fields() for item in items if item.category not in counts.silent]
    return tx.append(
        Audience.user(user_id),
        DigestDelivered.of(counts, {"items": shown}),
        # With nothing to show, it is an event of a silenced category, which no stream shows.
        category=None if shown else items[0].category,
    )
