"""Pushes: writes what of a batch is to be pushed to devices.

A stage of `publish`. Promise: it is written with the notifications: a row for each publication, for all
groups that are pushed in the same way, and for a step of digests.

Not here: the table (`commit/push/outbox`), and what goes to devices alone (`push_only`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lumen_notify.commit.notifications.batch import Batch, Group, Item
from lumen_notify.commit.push.outbox import PushRow, enqueue, targets_of
from lumen_notify.model import Audience, to_json


async def enqueue_pushes(batch: Batch) -> None:
    """Write what is to be pushed of a batch that was written."""
    if batch.pushing is None or not batch.tx.has_devices:
        return
    rows: Iterable[PushRow]
    if batch.is_digest:
        rows = _of_digests(batch.items)
    else:
        plain = [item for item in batch.items if not item.groups]
        announced = [group for group in batch.groups.values() if group.is_announced]
        rows = [*map(_of_item, plain), *_of_groups(announced)]
    enqueue(batch.tx, batch.pushing, rows)


def _of_item(item: Item) -> PushRow:
    publication = item.publication
    audiences = publication.audiences
    last = None if item.answer is None else item.answer.position
    first = None if last is None else last - publication.events_number + 1
    return PushRow(
        category=publication.category,
        priority=publication.push_priority,
        delivery=publication.delivery,
        audience=audiences[0] if len(audiences) == 1 else None,
        notification_id=publication.id,
        positions=None if len(audiences) == 1 or first is None or last is None else (first, last),
        sender_id=publication.sender_id,
        publisher=publication.owner or None,
        expires_at=publication.expires_at,
    )


def _of_groups(groups: Iterable[Group]) -> Iterator[PushRow]:
    """Make a row for all groups that are pushed in the same way; a group alone waits for further changes."""
    alike: dict[str, list[Group]] = defaultdict(list)
    for group in groups:
        how = (group.category, group.priority, group.delivery, group.owner, group.expires_at)
        alike[to_json(how)].append(group)
    for key, same in alike.items():
        first = same[0]
        is_alone = len(same) == 1
        yield PushRow(
            category=first.category,
            priority=first.priority,
            delivery=first.delivery,
            audience=first.audience if is_alone else None,
            notification_id=first.id if is_alone else None,
            targets=None if is_alone else targets_of((group.audience, group.id) for group in same),
            publisher=first.owner or None,
            expires_at=first.expires_at,
            coalesce_key=f"group:{first.id}:{first.audience}:{key}" if is_alone else None,
        )


def _of_digests(items: Iterable[Item]) -> Iterator[PushRow]:
    """Make a row for all notifications of digests that are pushed in the same way."""
    alike: dict[str, dict[tuple[Audience, str], Mapping[str, Any] | None]] = defaultdict(dict)
    for item in items:
        entry = item.groups[0] if item.groups else item.publication
        alike[to_json(entry.delivery)][item.publication.audiences[0], entry.id] = entry.delivery
    for same in alike.values():
        yield PushRow(
            category=None,
            priority="normal",
            delivery=next(iter(same.values())),
            targets=targets_of(same),
        )
