"""Write: appends the events of a batch and writes its notifications.

A stage of `publish`. Promises: nothing is written per recipient of a room or of everyone; a publication to
several users is one event and one body for all of them, and for each a row with the same id; where it merges
into groups or waited in digests, an event and a row for each, with one text; events are in the order of the
publications, and events of groups come last.

A notification's `body` is JSON as frames and lists show it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat
from typing import Any

from lumen_notify.commit.counts import add_to_totals, counts_in
from lumen_notify.commit.notifications.batch import Batch, Group, Item
from lumen_notify.commit.notifications.publication import Publication, Published, shown_fields
from lumen_notify.commit.transaction import Transaction
from lumen_notify.model import Audience, Counts, rfc3339, to_json, users_of
from lumen_notify.model.events import DigestDelivered, NotificationPublished, NotificationUpdated
from lumen_notify.model.shared_text import SharedText


async def write(batch: Batch) -> None:
    """Write the remaining items of a batch, and answer them."""
    groups = list(batch.groups.values())
    if batch.is_digest:
        await _write_digests(batch.tx, batch.items)
    else:
        _write_notifications(batch.tx, batch.items, [group for group in groups if group.is_new])
        await _announce(batch.tx, [group for group in groups if group.is_announced and not group.is_new])
    if groups:
        _write_groups(batch.tx, groups)
        for item in batch.items:
            if item.groups:
                item.answer = _answer_grouped(item, batch.tx.position)


def _write_notifications(tx: Transaction, items: Iterable[Item], new_groups: Iterable[Group]) -> None:
    rows: list[dict[str, Any]] = []
    lists: list[dict[str, Any]] = []
    of_groups: list[dict[str, Any]] = []
    added: Counter[tuple[str, str]] = Counter()
    for item in items:
        if not item.groups:
            publication = item.publication
            if publication.events_number == len(publication.audiences):
                rows += _append(tx, publication)
                added.update(zip(publication.audiences, repeat(publication.category)))
            else:
                lists.append(_append_list(tx, publication))
            item.answer = Published(
                id=publication.id, recipients=publication.recipients, position=tx.position
            )
    for group in new_groups:
        body = to_json(group.as_fields())
        payload = NotificationPublished(notification=body)
        group.position = tx.append(group.audience, payload, category=group.category, shared=group.texts)
        of_groups.append(_row(tx, group, group.audience, group.position, body))
        added[group.audience, group.category] += 1
    tx.add("insert_notifications", rows=rows)
    tx.add("insert_lists", rows=lists)
    tx.add("insert_listed_notifications", rows=[_listed(row) for row in lists])
    tx.add("count_listed_notifications", rows=[_listed(row) for row in lists])
    _insert(tx, of_groups)
    add_to_totals(tx, added)


def _insert(tx: Transaction, rows: Sequence[dict[str, Any]]) -> None:
    """Write notifications of groups and digests."""
    tx.add("insert_notifications", rows=[row for row in rows if row["text_id"] is None])
    tx.add("insert_sharing_notifications", rows=[row for row in rows if row["text_id"] is not None])


def _append(tx: Transaction, publication: Publication) -> list[dict[str, Any]]:
    """Append the event of a publication, or one for each user; return the rows."""
    body = _body(tx, publication)
    events = tx.append_for_each(
        publication.audiences,
        NotificationPublished(notification=body),
        category=publication.category,
        notification_id=publication.id,
    )
    shared = {
        "id": publication.id,
        "category": publication.category,
        "body": body if len(events) == 1 else "",
        "created_at": tx.now,
        "expires_at": publication.expires_at,
        **_origin(publication),
    }
    return [
        {
            **shared,
            "audience": str(event.audience),  # the drivers take longer for a subclass
            "position": event.position,
            "content_position": event.content_position,
        }
        for event in events
    ]


def _append_list(tx: Transaction, publication: Publication) -> dict[str, Any]:
    """Append the event of a publication to a list; return what its users share."""
    body, users = _body(tx, publication), users_of(publication.audiences)
    payload = NotificationPublished(notification=body)
    position = tx.append_to_list(users, payload, category=publication.category)
    return {
        "position": position,
        "first_position": position,
        "notification_id": publication.id,
        "body": body,
        "users": to_json(users),
        "kept": len(users),
        "created_at": tx.now,
        **_origin(publication),
        "category": publication.category,
        "expires_at": publication.expires_at,
    }


def _listed(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("position", "category", "expires_at")}


def _body(tx: Transaction, publication: Publication) -> str:
    return to_json(
        shown_fields(
            publication.id,
            publication.category,
            publication.fields,
            created_at=tx.now_text,
            expires_at=publication.expires_at,
        )
    )


def _origin(publication: Publication) -> dict[str, Any]:
    """Return who published it, and how it is to be pushed, as columns."""
    return {
        "publisher": publication.owner or None,
        "delivery": None if publication.delivery is None else to_json(publication.delivery),
    }


async def _announce(tx: Transaction, groups: Sequence[Group]) -> None:
    """Append an `update` for each group: after it, only later events may change the users' counts."""
    if not groups:
        return
    # These are the counts after the last update. An update of a group that the user had read adds one, so,
    # going backwards, the update before it states one less.
    counts = dict(await counts_in(tx, list({group.user_id: None for group in groups})))
    payloads = []
    for group in reversed(groups):
        user_counts = counts[group.user_id]
        payloads.append(NotificationUpdated.of(user_counts, group.as_fields()))
        if group.was_read and group.category not in user_counts.silent:
            counts[group.user_id] = user_counts.with_fewer({group.category: 1})
    for group, payload in zip(groups, reversed(payloads), strict=True):
        group.position = tx.append(group.audience, payload, category=group.category, shared=group.texts)


def _write_groups(tx: Transaction, groups: Sequence[Group]) -> None:
    changed = [one for one in groups if not one.is_new]
    for one in changed:
        tx.texts.release(one.earlier_text_id)
    rows = [_row(tx, one, one.audience, one.position, to_json(one.as_fields())) for one in changed]
    tx.add("update_notifications", rows=rows)
    tx.add(
        "add_copies",
        rows=[
            {"notification_id": one.id, "audience": one.audience, "position": one.earlier_position}
            for one in changed
            if one.position != one.earlier_position
        ],
    )
    tx.add(
        "upsert_groups",
        rows=[
            {
                "audience": one.audience,
                "category": one.category,
                "group_key": one.group_key,
                "notification_id": one.id,
                "actors": to_json(one.actors),
                "actors_count": one.actors_count,
                "announced_at": one.announced_at,
                "is_pending": 0 if one.is_announced else 1,
            }
            for one in groups
        ],
    )


def _answer_grouped(item: Item, newest: int) -> Published:
    publication = item.publication
    return Published(
        id=item.groups[0].id,
        recipients=publication.recipients,
        position=max(group.position if group.is_announced else newest for group in item.groups),
        status="merged" if any(group.id != publication.id for group in item.groups) else "sent",
    )


async def _write_digests(tx: Transaction, items: Iterable[Item]) -> None:
    digests: dict[Audience, dict[str, Publication | Group]] = defaultdict(dict)
    for item in items:
        entry = item.groups[0] if item.groups else item.publication
        digests[item.publication.audiences[0]][entry.id] = entry
    if not digests:
        return
    add_to_totals(
        tx,
        Counter(
            (audience, entry.category)
            for audience, entries in digests.items()
            for entry in entries.values()
            if _is_new(entry)
        ),
    )
    counts = await counts_in(tx, [audience.user_id or "" for audience in digests])
    rows: list[dict[str, Any]] = []
    for audience, by_id in digests.items():
        # The order of the list: all rows of a digest have one position, and are listed by id, newest first.
        entries = sorted(by_id.values(), key=lambda entry: entry.id, reverse=True)
        fields = [_fields(entry) for entry in entries]
        texts = [entry.shared for entry in entries]
        position = _append_digest(tx, audience, counts[audience.user_id or ""], fields, texts)
        for entry, shown in zip(entries, fields, strict=True):
            if isinstance(entry, Group):
                entry.position = position
            if _is_new(entry):
                rows.append(_row(tx, entry, audience, position, to_json(shown)))
    _insert(tx, rows)


def _append_digest(
    tx: Transaction,
    audience: Audience,
    counts: Counts,
    entries: Sequence[dict[str, Any]],
    texts: Sequence[SharedText | None],
) -> int:
    shown = [entry for entry in entries if entry["category"] not in counts.silent]
    shared = {
        text.id: text
        for entry, text in zip(entries, texts, strict=True)
        if text is not None and entry["category"] not in counts.silent
    }
    return tx.append(
        audience,
        DigestDelivered.of(counts, {"items": shown}),
        shared=tuple(shared.values()),
        # An event without items belongs to a silenced category, so that no stream shows it.
        category=None if shown else entries[0]["category"],
    )


def _is_new(entry: Publication | Group) -> bool:
    return not isinstance(entry, Group) or entry.is_new


def _fields(entry: Publication | Group) -> dict[str, Any]:
    if isinstance(entry, Group):
        return entry.as_fields()
    return shown_fields(
        entry.id,
        entry.category,
        entry.own_fields,
        created_at=rfc3339(entry.created_at or 0),
        expires_at=entry.expires_at,
    )


def _row(
    tx: Transaction, entry: Publication | Group, audience: Audience, position: int, body: str
) -> dict[str, Any]:
    text_id = None if entry.shared is None else entry.shared.id
    tx.texts.use(text_id)
    return {
        "id": entry.id,
        "audience": audience,
        "position": position,
        "category": entry.category,
        "body": body,
        "content_position": None,
        "text_id": text_id,
        "created_at": entry.created_at,
        "expires_at": entry.expires_at,
        "publisher": entry.owner or None,
        "delivery": None if entry.delivery is None else to_json(entry.delivery),
    }
