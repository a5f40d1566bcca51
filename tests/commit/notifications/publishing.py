"""Publishing: publish without a committer, and read what users then have in their lists."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from lumen_notify.commit.database import Database
from lumen_notify.commit.log import Log
from lumen_notify.commit.notifications.inbox import Inbox, Listed
from lumen_notify.commit.notifications.publication import IdempotencyKey, Publication
from lumen_notify.commit.notifications.publish import Publish, publish
from lumen_notify.model import EVERYONE, Audience, new_id


def publication(*users: str, category: str = "like", content: str = "hello") -> Publication:
    """Make one; without users it is for everyone."""
    return Publication(
        id=new_id(),
        audiences=tuple(map(Audience.user, users)) or (EVERYONE,),
        recipients=len(users) or None,
        category=category,
        fields={"content": content},
    )


async def write(log: Log, *commands: Publish) -> list[Any]:
    """Publish in one transaction; return the answers."""
    async with log.transaction() as tx:
        return list(await publish(tx, commands))


async def count(database: Database, table: str) -> int:
    """Count the rows of a table."""
    async with database.transaction() as transaction:
        ((number,),) = await transaction.run_sql(f"SELECT count(*) FROM {table}")  # noqa: S608
    return int(number)


async def listed(database: Database, user: str, **filters: Any) -> Sequence[Listed]:
    given = {"before": 2**63 - 1, "limit": 100, "category": None, "is_unread": None, "is_archived": False}
    rows, _ = await Inbox(database).page(user, **{**given, **filters})
    return rows


def contents(rows: Sequence[Listed]) -> list[str]:
    return [json.loads(row.body)["content"] for row in rows]


def key(text: str, digest: str = "d", owner: str = "app") -> IdempotencyKey:
    return IdempotencyKey(owner=owner, key=text, digest=digest)
