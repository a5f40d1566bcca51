"""Outbox rows: devices put in by SQL, and what is to be pushed."""

from __future__ import annotations

import json
from typing import Any

from lumen_notify.commit.notifications.publication import Publication, Published
from lumen_notify.commit.notifications.publish import Publish
from lumen_notify.model import Audience, new_id

from ..store import Store

_COLUMNS = (
    "kind", "audience", "notification_id", "first_position", "last_position", "targets", "room_id",
    "first_seq", "sender_id", "category", "priority", "policy", "device_kinds", "body", "publisher",
    "expires_at", "created_at", "due_at", "coalesce_key", "done_user", "done_at",
)  # fmt: skip

_JSON = ("targets", "device_kinds", "body")


async def add_devices(store: Store, *users: str, shown: str = "[]", badge: int = 0) -> None:
    """Give each user one more device. shown: JSON; badge: the number that it shows."""
    for user in users:
        number = await store.number_of("lumen_device")
        async with store.database.transaction() as transaction:
            await transaction.run_sql(
                "INSERT INTO lumen_device (id, user_id, provider, token, token_hash, created_at,"  # noqa: S608
                f" registered_at, shown, badge) VALUES ('device-{number}', '{user}', 'log', 'token',"
                f" 'hash-{number}', 0, 0, '{shown}', {badge})"
            )


async def show(store: Store, user: str, *shown: str, badge: int = 0) -> None:
    """Let a user's devices show something."""
    async with store.database.transaction() as transaction:
        await transaction.run_sql(
            f"UPDATE lumen_device SET shown = '{json.dumps(shown)}', badge = {badge}"  # noqa: S608
            f" WHERE user_id = '{user}'"
        )


async def pushes(store: Store) -> list[dict[str, Any]]:
    """Return the rows in the order in which they were written, without what is NULL."""
    async with store.database.transaction() as transaction:
        rows = await transaction.run_sql(f"SELECT {', '.join(_COLUMNS)} FROM lumen_push ORDER BY id")  # noqa: S608
    given = [{n: one for n, one in zip(_COLUMNS, row, strict=True) if one not in (None, "")} for row in rows]
    return [{name: json.loads(one) if name in _JSON else one for name, one in row.items()} for row in given]


def to(*audiences: Audience, **more: Any) -> Publication:
    shown = {"sender": {"id": "bob", "username": "Bob", "avatar": None}, "content": "hello"}
    return Publication(
        id=new_id(), audiences=audiences, recipients=None, category="news", fields=shown, owner="app", **more
    )


async def sent(store: Store, *publications: Publication) -> list[Published]:
    answers: list[Published] = await store.committer.submit(Publish(publications=publications))
    return answers
