"""Merging: publications that merge or wait in digests, and the rows and events that they become."""

from __future__ import annotations

import json
from typing import Any

from lumen_notify.commit.notifications.publication import IdempotencyKey, Publication, Published
from lumen_notify.commit.notifications.publish import Publish
from lumen_notify.commit.preferences.preferences import ChangePreferences
from lumen_notify.model import Audience, Event, new_id

from ..store import Store


def publication(
    *users: str,
    sender: str = "bob",
    group_key: str | None = "photo-7",
    category: str = "like",
    content: str = "liked your photo",
    priority: str = "normal",
    **more: Any,
) -> Publication:
    shown = {"sender": {"id": sender, "username": sender.title(), "avatar": None}, "content": content}
    return Publication(
        id=new_id(),
        audiences=tuple(map(Audience.user, users or ("ann",))),
        recipients=len(users) or 1,
        category=category,
        fields={**shown, "priority": priority},
        group_key=group_key,
        **more,
    )


async def publish(
    store: Store, *publications: Publication, key: IdempotencyKey | None = None
) -> list[Published]:
    published: list[Published] = await store.committer.submit(Publish(publications=publications, key=key))
    return published


async def like(store: Store, *senders: str, user: str = "ann", **more: Any) -> list[Published]:
    """Publish one for each sender, each in a transaction of its own."""
    return [(await publish(store, publication(user, sender=sender, **more)))[0] for sender in senders]


async def want_digest(store: Store, user: str, minutes: int) -> None:
    await store.committer.submit(ChangePreferences(user_id=user, digest_minutes=minutes))


async def rows_of(store: Store, user: str = "ann") -> list[dict[str, Any]]:
    """Read the list, newest first, archived ones too."""
    rows, _ = await store.inbox.page(
        user, before=2**62, limit=1000, category=None, is_unread=None, is_archived=None
    )
    return [
        {
            **json.loads(row.body),
            "position": row.position,
            "is_seen": row.seen_at is not None,
            "is_read": row.read_at is not None,
            "is_archived": row.archived_at is not None,
        }
        for row in rows
    ]


def body_of(event: Event) -> dict[str, Any]:
    """Return an event's body, with the texts that it shares."""
    body: dict[str, Any] = json.loads(event.body)
    data = body.get("data", body)
    texts = {one.id: one.fields for one in event.shared}
    for item in data["items"] if event.kind == "bundle" else [data]:
        if "text_id" in item:
            item.update(texts[item.pop("text_id")])
    return body


def announced(store: Store) -> list[tuple[str, int]]:
    """List the events: kind, and the number of actors that each names."""
    bodies = [(event.kind, body_of(event)) for event in store.events]
    return [
        (kind, (body["data"] if kind == "update" else body).get("actors_count", 0)) for kind, body in bodies
    ]
