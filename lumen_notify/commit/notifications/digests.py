"""Digests: low-priority notifications are stored per user and delivered together as one event.

A stage of `publish`, which `PublishDigests` enters again. Promises: acknowledged notifications are durable;
each is a row of its own in list and counts once its digest was delivered; the text of one for several users
is stored once; a digest is delivered within a
second of its time, which is the user's number of minutes after its first notification; none is delivered
twice, because the transaction that publishes it also deletes it here. The event leaves out categories that
the user has silenced by then.

Notifications with a group key merge when their digest is delivered.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from operator import itemgetter
from typing import Any

from lumen_notify.commit.budget import Cost
from lumen_notify.commit.notifications.batch import Batch, GroupKey
from lumen_notify.commit.notifications.publication import Publication, Published
from lumen_notify.commit.transaction import Transaction
from lumen_notify.model import Audience, to_json, value
from lumen_notify.model.shared_text import SharedText

STEP_ROWS = 250
"""Stored notifications whose users one step serves: some 10 ms of the writer's time."""

MAX_DIGEST_ROWS = 1000
MAX_DIGEST_BYTES = 256 * 1024
"""Limits of one event, so that a stream can take it; the rest follows at once, as the next digest."""

MAX_SKEW_SECONDS = 60
"""How far the clocks of two instances may differ. A digest that began further ahead is due: the clock was set
back since, and its time may be far away."""


@value
class PublishDigests:
    """Publish one step of the digests that are due. The result: the number of notifications."""

    @property
    def conflict_key(self) -> str:
        """At most one step per transaction, so that it stays short."""
        return "publish-digests"

    @property
    def cost(self) -> Cost:
        """Of one step."""
        return Cost(rows=STEP_ROWS)


def ahead_of(now: int) -> int:
    """Return the time after which a digest cannot have begun. now: milliseconds."""
    return now + MAX_SKEW_SECONDS * 1000


async def enqueue_digests(batch: Batch) -> None:
    """Store low-priority notifications for users who want digests; answer those without other recipients."""
    low = [item for item in batch.items if item.publication.fields.get("priority") == "low"]
    user_ids = {audience.user_id for item in low for audience in item.publication.audiences} - {None}
    if not user_ids:
        return
    users = [{"user_id": user_id} for user_id in sorted(filter(None, user_ids))]
    minutes = {row[0]: row[1] for row in await batch.tx.run("digest_minutes", users=users)}
    rows: list[dict[str, Any]] = []
    for item in low:
        waiting = [
            user_id
            for audience in item.publication.audiences
            if (user_id := audience.user_id) is not None and user_id in minutes
        ]
        if len(waiting) > 1 and item.publication.fields:
            item.publication = replace(item.publication, shared=batch.tx.texts.share(item.publication.fields))
        rows += _rows(batch.tx, item.publication, waiting, minutes)
    if not rows:
        return
    batch.tx.add("enqueue_digest_items", rows=rows)
    for item in low:
        publication = item.publication
        others = tuple(one for one in publication.audiences if one.user_id not in minutes)
        item.publication = replace(publication, audiences=others)
        if not others:
            item.answer = Published(
                id=publication.id, recipients=publication.recipients, position=None, status="bundled"
            )
    batch.drop_answered()


async def take_due_digests(tx: Transaction) -> tuple[int, Sequence[Publication]]:
    """Delete one step of the items that are due; return their number, and the publications to deliver now.

    Each publication is for one user. Items that do not fit into the user's event are stored again; expired
    ones are dropped.
    """
    due = await tx.run(
        "take_due_digest_items",
        now=tx.now,
        ahead=ahead_of(tx.now),
        rows_limit=STEP_ROWS,
        user_limit=MAX_DIGEST_ROWS,
    )
    texts = await tx.texts.load(row[4] for row in due)
    fields = {id_: text.fields for id_, text in texts.items()}
    publications: list[Publication] = []
    sizes: Counter[str] = Counter()
    postponed: list[dict[str, Any]] = []
    seen: set[GroupKey] = set()
    for user_id, id_, due_at, stored, text_id in sorted(map(tuple, due), key=itemgetter(0, 1)):
        tx.texts.release(text_id)
        shared = texts.get(text_id)
        publication = _publication(user_id, id_, stored, shared, fields.get(text_id))
        if publication.expires_at is not None and publication.expires_at <= tx.now:
            continue
        is_first = user_id not in sizes
        key = (user_id, publication.category, publication.group_key or "")
        size = len(stored) + (0 if shared is None else len(shared.text))
        sizes[user_id] += 0 if publication.group_key and key in seen else size
        if publication.group_key:
            seen.add(key)
        if sizes[user_id] > MAX_DIGEST_BYTES and not is_first:
            tx.texts.use(text_id)
            postponed.append(
                {
                    "user_id": user_id,
                    "id": id_,
                    "due_at": due_at,
                    "begun_at": 0,
                    "publication": stored,
                    "text_id": text_id,
                }
            )
        else:
            publications.append(publication)
    tx.add("enqueue_digest_items", rows=postponed)
    return len(due), publications


def encode_waiting(stored: Mapping[str, Any], shared: SharedText | None) -> str:
    """Encode a publication without the fields that are shared."""
    return to_json({name: one for name, one in stored.items() if name != "fields" or shared is None})


def _rows(
    tx: Transaction, publication: Publication, user_ids: Sequence[str], minutes: Mapping[str, int]
) -> list[dict[str, Any]]:
    stored = {
        "category": publication.category,
        "fields": publication.fields,
        "group_key": publication.group_key,
        "created_at": tx.now,
        "expires_at": publication.expires_at,
    }
    kept = {"owner": publication.owner, "delivery": publication.delivery}
    text = encode_waiting(stored | {name: value for name, value in kept.items() if value}, publication.shared)
    text_id = None if publication.shared is None else publication.shared.id
    tx.texts.use(text_id, len(user_ids))
    return [
        {
            "user_id": user_id,
            "id": publication.id,
            "due_at": tx.now + minutes[user_id] * 60_000,
            "begun_at": tx.now,
            "publication": text,
            "text_id": text_id,
        }
        for user_id in user_ids
    ]


def _publication(
    user_id: str, id_: str, stored: str, shared: SharedText | None, fields: Mapping[str, Any] | None
) -> Publication:
    waiting = json.loads(stored)
    if fields is not None:
        waiting["fields"] = fields
    return Publication(id=id_, audiences=(Audience.user(user_id),), recipients=1, shared=shared, **waiting)
