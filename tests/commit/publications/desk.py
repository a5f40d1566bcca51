"""Desk: a publisher, `app`, who publishes to users of a store, edits and takes back."""

from __future__ import annotations

import json
from typing import Any

from lumen_notify.commit.notifications.publication import Publication
from lumen_notify.commit.notifications.publish import Publish
from lumen_notify.commit.publications.callers import Caller
from lumen_notify.commit.publications.edits import Edited, EditNotification
from lumen_notify.commit.publications.retraction import Retract, Retracted
from lumen_notify.model import EVERYONE, Audience, new_id

from ..store import Store

APP = Caller(user_id="app", may_publish=True)
OTHER = Caller(user_id="other", may_publish=True)
ADMIN = Caller(user_id="root", is_admin=True)


async def publish(
    store: Store,
    *users: str,
    content: str = "hello",
    sender: str = "app",
    owner: str = "app",
    priority: str | None = None,
    **fields: Any,
) -> str:
    """Publish to users, to everyone if there are none; return the id of the publication."""
    one = Publication(
        id=new_id(),
        audiences=tuple(map(Audience.user, users)) or (EVERYONE,),
        recipients=len(users) or None,
        category="like",
        fields={"content": content, "sender": {"id": sender}} | ({"priority": priority} if priority else {}),
        owner=owner,
        **fields,
    )
    (published,) = await store.committer.submit(Publish(publications=(one,)))
    id_: str = published.id
    return id_


async def edit(store: Store, id_: str, caller: Caller = APP, **changes: Any) -> Edited:
    edited: Edited = await store.committer.submit(EditNotification(id=id_, caller=caller, changes=changes))
    return edited


async def retract(store: Store, id_: str, caller: Caller = APP, sender: str | None = None) -> Retracted:
    retracted: Retracted = await store.committer.submit(Retract(id=id_, caller=caller, sender=sender))
    return retracted


async def bodies(store: Store, user: str) -> list[dict[str, Any]]:
    """Return what a user's list shows, newest first."""
    rows, _ = await store.inbox.page(
        user, before=2**62, limit=1000, category=None, is_unread=None, is_archived=None
    )
    return [json.loads(row.body) for row in rows]


async def text_of_log(store: Store) -> str:
    """Return the bodies of all events, with those that they share."""
    events = await store.log.after(0)
    return "\n".join(text for event in events for text in (event.body, *(one.text for one in event.shared)))
