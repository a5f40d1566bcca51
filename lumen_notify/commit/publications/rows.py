"""Rows: where a publication is: the rows of its notification, and what still waits to be published.

One id may have a row for each of several users, one row for a room or everyone, a scheduled notification for
those whom a limit has delayed, and an item in the digests of others.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

from lumen_notify.commit.notifications.batch import SHOWN_ACTORS
from lumen_notify.commit.publications.callers import Caller
from lumen_notify.commit.transaction import Transaction
from lumen_notify.model import Audience, value
from lumen_notify.model.shared_text import SharedText


@value
class PublishedRow:
    """One row of a notification. body: JSON; empty if it was not asked for. Times in milliseconds."""

    id: str
    audience: Audience
    category: str
    position: int
    content_position: int | None
    text_id: str | None
    publisher: str | None
    expires_at: int | None
    is_group: bool
    body: str

    @property
    def sender_id(self) -> str | None:
        """The user shown as the sender. Needs the body."""
        sender: str | None = json.loads(self.body).get("sender", {}).get("id")
        return sender

    @property
    def key(self) -> tuple[str, Audience]:
        """What tells it from all other rows."""
        return self.id, self.audience


@value
class Part:
    """What one actor of a group has published last. publication: None in rows of earlier versions.

    shared: the text of its fields, if several groups share it.
    """

    actor_id: str
    publication_id: str | None
    publisher: str | None
    publication: Mapping[str, Any] | None
    shared: SharedText | None = None


async def load_rows(
    tx: Transaction, id_: str, *, after: str, limit: int, has_bodies: bool
) -> Sequence[PublishedRow]:
    """Load the rows of a notification after an audience, ascending, at most limit.

    Groups have bodies anyway.
    """
    found = await tx.run("published_rows", id=id_, after=after, limit=limit, has_bodies=int(has_bodies))
    return [
        PublishedRow(
            id=id_,
            audience=Audience(audience),
            category=category,
            position=position,
            content_position=content_position,
            text_id=text_id,
            publisher=publisher,
            expires_at=expires_at,
            is_group=bool(is_group),
            body=body or "",
        )
        for (
            audience,
            category,
            position,
            content_position,
            text_id,
            publisher,
            expires_at,
            is_group,
            body,
        ) in found
    ]


async def may_change(tx: Transaction, caller: Caller, rows: Sequence[PublishedRow]) -> list[PublishedRow]:
    """Return those rows, groups left out, that a caller may change."""
    return [
        row for row in rows if not row.is_group and await caller.may_change(tx, row.publisher, row.audience)
    ]


async def load_parts(tx: Transaction, groups: Sequence[PublishedRow]) -> Mapping[Audience, Sequence[Part]]:
    """Load what the latest SHOWN_ACTORS actors of each group have published, newest first."""
    parts: dict[Audience, list[Part]] = defaultdict(list)
    rows = [{"id": row.id, "audience": row.audience} for row in groups]
    found = await tx.run("latest_group_parts", rows=rows, limit=SHOWN_ACTORS) if rows else ()
    texts = await tx.texts.load(row[-1] for row in found)
    fields = {id_: {"fields": text.fields} for id_, text in texts.items()}
    for audience, actor_id, publication_id, publisher, stored, text_id in found:
        parts[Audience(audience)].append(
            Part(
                actor_id=actor_id,
                publication_id=publication_id,
                publisher=publisher,
                publication=None if stored is None else fields.get(text_id, {}) | json.loads(stored),
                shared=texts.get(text_id),
            )
        )
    return parts


@value
class Waiting:
    """A publication that is scheduled, or waits in digests: what is stored of it.

    audiences: to whom it goes; of the users of digests, the first and the last one. text_ids: how many items
    of digests share which text; None: they have their own.
    """

    owner: str
    audiences: Sequence[Audience]
    stored: dict[str, Any]
    text_ids: Mapping[str | None, int] = field(default_factory=dict)

    @property
    def sender_id(self) -> str | None:
        """The user shown as its sender."""
        sender: str | None = self.stored["fields"].get("sender", {}).get("id")
        return sender


async def load_scheduled(tx: Transaction, id_: str) -> Waiting | None:
    """Load a scheduled notification; None if there is none."""
    rows = await tx.run("scheduled_publication", id=id_)
    return _waiting(rows[0][0], json.loads(rows[0][1])) if rows else None


async def load_digest_item(tx: Transaction, id_: str) -> Waiting | None:
    """Load what waits in the digests of some users; None if nothing does. It is the same in all of them."""
    rows = await tx.run("digest_publication", id=id_)
    if not rows:
        return None
    *_, text, text_id, _ = rows[0]
    stored: dict[str, Any] = json.loads(text)
    if text_id is not None:
        stored["fields"] = (await tx.texts.load([text_id]))[text_id].fields
    return Waiting(
        owner=stored.get("owner", ""),
        audiences=[Audience.user(user_id) for row in rows for user_id in row[:2]],
        stored=stored,
        text_ids={row[3]: row[4] for row in rows},
    )


async def may_change_waiting(tx: Transaction, caller: Caller, waiting: Waiting) -> bool:
    """Return whether a caller may change it, for all to whom it goes."""
    for audience in waiting.audiences:
        if not await caller.may_change(tx, waiting.owner, audience):
            return False
    return True


def _waiting(owner: str, stored: dict[str, Any]) -> Waiting:
    return Waiting(owner=owner, audiences=list(map(Audience, stored["audiences"])), stored=stored)
