"""Notifications: publishes them.

Promises: nothing is written per recipient of a room or of all; a publish with an Idempotency-Key is
done once, and repeats get the first answer.

A notification's `body` is JSON as frames and lists show it. One that goes to a list of users is one
row and one event for each of them, under one id.

Not here: reading them back (`inbox`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from lumen_notify.commit.notifications.digests import hold
from lumen_notify.commit.notifications.group import Copy, Group, row_of
from lumen_notify.commit.notifications.grouping import Groups
from lumen_notify.commit.notifications.idempotency import IdempotencyKey, kept_answers, key_row, repeated
from lumen_notify.commit.notifications.limits import Limiting, Share, share_out
from lumen_notify.commit.notifications.publication import Publication, Published
from lumen_notify.commit.notifications.recipients import look_up, room_of
from lumen_notify.commit.preferences.categories import Category, categories_in
from lumen_notify.commit.transaction import Transaction
from lumen_notify.errors import Refused
from lumen_notify.model import rfc3339, to_json, value
from lumen_notify.model.events import NotificationPublished


@value
class Publish:
    """Publish all, or none. The result: one Published per publication, in order."""

    publications: tuple[Publication, ...]
    key: IdempotencyKey | None = None

    @property
    def conflict_key(self) -> str | None:
        """Two publishes with one key do not meet in one transaction."""
        return None if self.key is None else f"key:{self.key.owner}:{self.key.key}"


async def publish(
    tx: Transaction, commands: Sequence[Publish], limiting: Limiting | None = None
) -> Sequence[object]:
    """Write publishes: a `committer.Handler`. Answers a list of Published each, or Conflict, RateLimited or
    Invalid; of what is for a room also NotFound, Forbidden. limiting: None for no limits at all."""
    kept = await kept_answers(tx, [command.key for command in commands if command.key])
    in_rooms = await look_up_rooms(tx, [one for command in commands for one in command.publications])
    categories = await categories_in(tx)
    answers: list[Any] = [_answered(command, kept, in_rooms) for command in commands]
    fresh = {
        n: [with_priority(_counted(one, in_rooms), categories) for one in commands[n].publications]
        for n, answer in enumerate(answers)
        if answer is None
    }
    shared = await share_out(tx, list(fresh.values()), categories, limiting)
    parts = [part for some in shared if isinstance(some, list) for share in some for part in share.parts]
    scheduled = [_scheduled_row(one) for one in parts if one.deliver_at is not None]
    if scheduled:
        tx.add("schedule_notifications", rows=scheduled)
    written = iter(await write_publications(tx, [one for one in parts if one.deliver_at is None]))
    new_keys: list[dict[str, Any]] = []
    for n, some in zip(fresh, shared, strict=True):
        if not isinstance(some, list):
            answers[n] = some
            continue
        answers[n] = [
            _published(
                share, [next(written) if one.deliver_at is None else _scheduled(one) for one in share.parts]
            )
            for share in some
        ]
        if (key := commands[n].key) is not None:
            new_keys.append(key_row(key, answers[n], tx.now))
    if new_keys:
        tx.add("keep_idempotent_answers", rows=new_keys)
    return answers


def _answered(
    command: Publish,
    kept: Mapping[tuple[str, str], tuple[str, str]],
    in_rooms: Mapping[str, int | Refused],
) -> object:
    """Return what a repeat was answered before, or why a room may not be published to; None: go on."""
    key = command.key
    if key is not None and (key.owner, key.key) in kept:
        return repeated(key, *kept[key.owner, key.key])
    refusals = (in_rooms.get(one.id) for one in command.publications)
    return next((one for one in refusals if isinstance(one, Refused)), None)


def _counted(publication: Publication, in_rooms: Mapping[str, int | Refused]) -> Publication:
    number = in_rooms.get(publication.id)
    return replace(publication, recipients=number) if isinstance(number, int) else publication


def _published(share: Share, published: Sequence[Published]) -> Published:
    """Make one answer of those of its parts."""
    first = published[0]
    if not (len(published) > 1 or share.delayed or share.refused):
        return first
    is_late = share.delayed > 0 and len(published) == 1
    return replace(
        first,
        recipients=None if first.recipients is None else sum(one.recipients or 0 for one in published),
        position=max((one.position for one in published if one.position is not None), default=None),
        status="delayed" if is_late else first.status,
        delayed=0 if is_late else share.delayed,
        refused=share.refused,
        deliver_at=share.parts[-1].deliver_at if share.delayed else None,
    )


async def write_publications(tx: Transaction, publications: Sequence[Publication]) -> Sequence[Published]:
    """Publish at once, whatever their `deliver_at` says: in this order, but what merges after the rest.

    What is of low priority waits for those users who want it in bundles.
    """
    low = [one for one in publications if one.fields.get("priority") == "low"]
    held = await hold(tx, [copy for one in low for copy in _copies(one, tx.now)])
    if held:
        publications = [_without(one, held) for one in publications]
    rows: list[dict[str, Any]] = []
    positions = [None if one.group_key else _append(tx, one, rows) for one in publications]
    copies = {number: _copies(one, tx.now) for number, one in enumerate(publications) if one.group_key}
    groups = await Groups.gather(tx, [copy for some in copies.values() for copy in some])
    rows += [_begin(tx, group) for group in groups.begun]
    _insert(tx, rows)
    await groups.clear(tx)
    await groups.tell(tx)
    groups.write(tx)
    return [
        _merged(publication, [groups.of(copy) for copy in copies[number]], tx.position)
        if copies.get(number)
        else _alone(publication, positions[number])
        for number, publication in enumerate(publications)
    ]


async def look_up_rooms(tx: Transaction, publications: Sequence[Publication]) -> Mapping[str, int | Refused]:
    """Return of those that are for a room, by id, how many members it has, or why it may not be."""
    wanted = [
        (one.id, room_id, one.required_moderator)
        for one in publications
        if (room_id := room_of(one.audiences)) is not None
    ]
    return await look_up(tx, wanted) if wanted else {}


def with_priority(publication: Publication, categories: Mapping[str, Category]) -> Publication:
    """Return it with its category's priority, unless it has one of its own."""
    if "priority" in publication.fields:
        return publication
    category = categories.get(publication.category)
    priority = (category and category.priority) or "normal"
    return publication.having({**publication.fields, "priority": priority})


def _insert(tx: Transaction, rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    tx.add("insert_notifications", rows=rows)
    live = Counter((row["audience"], row["category"]) for row in rows)
    tally = [
        {"audience": audience, "category": category, "live": number}
        for (audience, category), number in live.items()
    ]
    tx.add("add_to_tally", rows=tally)


def _append(tx: Transaction, publication: Publication, rows: list[dict[str, Any]]) -> int | None:
    if not publication.audiences:
        return None
    shown = {
        "id": publication.id,
        "category": publication.category,
        **publication.fields,
        "created_at": tx.now_text,
    }
    if publication.expires_at is not None:
        shown["expires_at"] = rfc3339(publication.expires_at)
    body = to_json(shown)
    payload = NotificationPublished(notification=body)
    for audience in publication.audiences:
        position = tx.append(audience, payload, category=publication.category)
        rows.append(
            {
                "id": publication.id,
                "audience": audience,
                "position": position,
                "category": publication.category,
                "body": body,
                "created_at": tx.now,
                "expires_at": publication.expires_at,
            }
        )
    return tx.position


def _begin(tx: Transaction, group: Group) -> dict[str, Any]:
    payload = NotificationPublished(notification=to_json(group.as_fields()))
    group.position = tx.append(group.audience, payload, category=group.category)
    return row_of(group, group.position)


def _copies(publication: Publication, now: int) -> Sequence[Copy]:
    return [
        Copy(
            user_id=user_id,
            id=publication.id,
            category=publication.category,
            fields=publication.fields,
            group_key=publication.group_key,
            created_at=now,
            expires_at=publication.expires_at,
        )
        for audience in publication.audiences
        if (user_id := audience.user_id) is not None
    ]


def _without(publication: Publication, held: Collection[tuple[str, str]]) -> Publication:
    audiences = tuple(
        audience for audience in publication.audiences if (audience.user_id, publication.id) not in held
    )
    return replace(publication, audiences=audiences)


def _alone(publication: Publication, position: int | None) -> Published:
    return Published(
        id=publication.id,
        recipients=publication.recipients,
        position=position,
        status="bundled" if position is None else "sent",
    )


def _merged(publication: Publication, groups: Sequence[Group], newest: int) -> Published:
    return Published(
        id=groups[0].id,
        recipients=publication.recipients,
        position=max(group.position if group.is_told else newest for group in groups),
        status="merged" if any(group.id != publication.id for group in groups) else "sent",
    )


def _scheduled_row(publication: Publication) -> dict[str, Any]:
    kept = {
        "audiences": publication.audiences,
        "recipients": publication.recipients,
        "category": publication.category,
        "fields": publication.fields,
        "expires_at": publication.expires_at,
        "group_key": publication.group_key,
    }
    return {
        "id": publication.id,
        "owner": publication.owner,
        "deliver_at": publication.deliver_at,
        "width": len(publication.audiences),
        "publication": to_json(kept),
    }


def _scheduled(publication: Publication) -> Published:
    return Published(id=publication.id, recipients=publication.recipients, position=None, status="scheduled")
