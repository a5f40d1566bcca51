"""Grouping: notifications to one user with the same category and group key become one row, "alice and 3
others".

A stage of `publish`, which `FlushGroups` enters again. Promises: a group is one row, counted once, that names
its latest three senders and the number of all; every change of a group is announced, by an event with the
user's absolute counts; a group that stays unread is announced at most once in UPDATE_INTERVAL_SECONDS.

| the group | a further notification | event |
|---|---|---|
| does not exist, or was removed | creates it | `notification` |
| is read or archived, or was announced UPDATE_INTERVAL_SECONDS ago | moves it to the top, unread | `update` |
| is unread and was announced just now | changes its content; no count changes | pending: by `FlushGroups` |
| is one of more than STEP_ROWS into which a publication merges | the same | the same |

A pending group that the user reads before it is announced becomes unread again, because its last change was
not announced. Pending groups are found after a restart too.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from lumen_notify.commit.budget import Cost
from lumen_notify.commit.marks.read_counts import load_marks, subtract_marks
from lumen_notify.commit.notifications.batch import Batch, Group, GroupKey, Item
from lumen_notify.commit.notifications.publication import Publication, encode_part
from lumen_notify.commit.transaction import Transaction
from lumen_notify.model import Audience, rfc3339, value

UPDATE_INTERVAL_SECONDS = 1
"""The least time between two events about a group that stays unread."""

STEP_ROWS = 250
"""Groups that one transaction announces for one publication, and pending ones that one step announces."""


@value
class FlushGroups:
    """Announce one step of the pending groups. The result: the number of groups."""

    @property
    def conflict_key(self) -> str:
        """At most one step per transaction, so that it stays short."""
        return "flush-groups"

    @property
    def cost(self) -> Cost:
        """Of one step."""
        return Cost(rows=STEP_ROWS)


def announced_before(now: int) -> int:
    """Return the time at or before which a group must have been announced to be announced again."""
    return now - UPDATE_INTERVAL_SECONDS * 1000


async def coalesce(batch: Batch) -> None:
    """Merge items with a group key into groups; mark the groups that will be announced as unread.

    In a digest each group is announced. `write` writes the groups.
    """
    keyed = [(item, _keys(item)) for item in batch.items if item.publication.group_key]
    keys = {key for _, item_keys in keyed for key in item_keys}
    if keys:
        large = {key for _, item_keys in keyed if len(item_keys) > STEP_ROWS for key in item_keys}
        groups = await _load(batch.tx, keys, large, is_announced=batch.is_digest)
        senders: dict[tuple[Audience, str, str], Publication] = {}
        for item, item_keys in keyed:
            _share_text(batch.tx, item, len(item_keys))
            item.groups = _merge(item, item_keys, groups, batch.tx.now)
            for group in item.groups:
                senders[group.audience, group.id, item.publication.fields["sender"]["id"]] = item.publication
        await _count_actors(batch.tx, groups.values(), senders)
        batch.groups = groups
    announced = [one for one in batch.groups.values() if one.is_announced and not one.is_new]
    if announced:
        await _mark_unread(batch.tx, announced)


async def load_pending_groups(tx: Transaction) -> dict[GroupKey, Group]:
    """Load one step of the pending groups that may be announced again, longest waiting first."""
    rows = await tx.run("load_pending_groups", now=tx.now, before=announced_before(tx.now), limit=STEP_ROWS)
    texts = await tx.texts.load(row[-2] for row in rows)
    groups = {}
    for audience, category, group_key, id_, actors, actors_count, position, created_at, *rest in rows:
        expires_at, body, publisher, text_id, delivery = rest
        user_id = Audience(audience).user_id or ""
        groups[user_id, category, group_key] = Group(
            user_id=user_id,
            category=category,
            group_key=group_key,
            id=id_,
            actors=json.loads(actors),
            actors_count=actors_count,
            position=position,
            earlier_position=position,
            announced_at=tx.now,
            shown=json.loads(body),
            created_at=created_at,
            expires_at=expires_at,
            owner=publisher or "",
            delivery=None if delivery is None else json.loads(delivery),
            shared=texts.get(text_id),
            earlier_text_id=text_id,
        )
    return groups


def _keys(item: Item) -> list[GroupKey]:
    publication = item.publication
    return [
        (user_id, publication.category, publication.group_key or "")
        for audience in publication.audiences
        if (user_id := audience.user_id) is not None
    ]


def _share_text(tx: Transaction, item: Item, groups: int) -> None:
    """Let the groups into which an item merges share its text, if there are several."""
    publication = item.publication
    if groups > 1 and publication.shared is None and publication.fields:
        item.publication = replace(publication, shared=tx.texts.share(publication.fields))


def _merge(item: Item, keys: Sequence[GroupKey], groups: dict[GroupKey, Group], now: int) -> list[Group]:
    publication = item.publication
    created_at = now if publication.created_at is None else publication.created_at
    created = created_at, rfc3339(created_at)
    merged = []
    for key in keys:
        group = groups.get(key)
        if group is None:
            user_id, category, group_key = key
            group = groups[key] = Group(
                user_id=user_id,
                category=category,
                group_key=group_key,
                id=publication.id,
                announced_at=now,
                is_new=True,
            )
        group.merge(publication, *created)
        merged.append(group)
    return merged


async def _load(
    tx: Transaction, keys: Iterable[GroupKey], large: Collection[GroupKey], *, is_announced: bool
) -> dict[GroupKey, Group]:
    """Load the groups that exist. large: those that stay pending, because they are too many to announce."""
    rows = [
        {
            "user_id": user_id,
            "audience": Audience.user(user_id),
            "category": category,
            "group_key": group_key,
        }
        for user_id, category, group_key in sorted(keys)
    ]
    groups: dict[GroupKey, Group] = {}
    actors_of: dict[str, Any] = {}  # those of most groups of one publication are the same
    for row in await tx.run("load_groups", rows=rows):
        user_id, category, group_key, id_, actors, actors_count, announced_at, position, *rest = row
        text_id, was_read = rest
        if actors not in actors_of:
            actors_of[actors] = json.loads(actors)
        key = (user_id, category, group_key)
        announces = is_announced or (
            key not in large and (bool(was_read) or announced_at <= announced_before(tx.now))
        )
        groups[key] = Group(
            user_id=user_id,
            category=category,
            group_key=group_key,
            id=id_,
            actors=actors_of[actors],
            actors_count=actors_count,
            position=position,
            earlier_position=position,
            earlier_text_id=text_id,
            announced_at=tx.now if announces else announced_at,
            is_announced=announces,
        )
    return groups


async def _count_actors(
    tx: Transaction, groups: Iterable[Group], senders: Mapping[tuple[Audience, str, str], Publication]
) -> None:
    """Write who has sent to each group, and what last; count the senders."""
    parts = {publication.id: publication for publication in senders.values()}
    encoded = {id_: encode_part(publication, tx.now) for id_, publication in parts.items()}
    rows = [
        {
            "audience": audience,
            "notification_id": id_,
            "actor_id": actor_id,
            "publication_id": publication.id,
            "publisher": publication.owner or None,
            "publication": encoded[publication.id],
            "text_id": None if publication.shared is None else publication.shared.id,
        }
        for (audience, id_, actor_id), publication in senders.items()
    ]
    for row in rows:
        tx.texts.use(row["text_id"])
    counts: Counter[tuple[str, str]] = Counter()
    for audience, id_, merged, earlier_text_id in await tx.run("add_group_actors", rows=rows):
        if merged == 1:
            counts[audience, id_] += 1
        tx.texts.release(earlier_text_id)
    for group in groups:
        group.actors_count += counts[group.audience, group.id]


async def _mark_unread(tx: Transaction, groups: Iterable[Group]) -> None:
    """Forget how the users have marked groups that come to the top, where no span of theirs reaches."""
    by_row = {(one.user_id, one.id): one for one in groups}
    rows = [{"user_id": one.user_id, "audience": one.audience, "id": one.id} for one in by_row.values()]
    marks = await load_marks(tx, rows)
    for mark in marks:
        by_row[mark.user_id, mark.id].was_read = mark.is_read_or_archived
    subtract_marks(tx, marks)
    tx.add("delete_receipts", rows=rows)
