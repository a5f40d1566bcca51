"""Shared text uses: the numbers that are stored of shared texts, held to the rows that refer to them;
and what users and clients see of the texts."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

from lumen_notify.commit.log import TrimEvents
from lumen_notify.commit.marks.marks import Selection
from lumen_notify.commit.marks.purge import PurgeReceipts
from lumen_notify.commit.publications.deletion import DeleteOwn
from lumen_notify.model import Audience, AudienceSpan
from lumen_notify.model.shared_text import unwrapped

from .notifications.merging import body_of
from .publications.desk import bodies
from .store import Store

USERS = ("ann", "bob", "cyd", "dan")
MINUTE_MS = 60_000

_COLUMNS = ("lumen_notification", "lumen_notification_group_actor", "lumen_digest_item")


async def check_uses(store: Store) -> int:
    """Assert that each text is used as often as it says, and no other one is; return their number."""
    used: Counter[str] = Counter()
    async with store.database.transaction() as sql:
        for table in _COLUMNS:
            used.update(id_ for (id_,) in await sql.run_sql(f"SELECT text_id FROM {table}") if id_)  # noqa: S608
        for (body,) in await sql.run_sql("SELECT body FROM lumen_event WHERE body LIKE '{\"shared\"%'"):
            used.update(unwrapped(body)[1])
        texts = dict(map(tuple, await sql.run_sql("SELECT id, uses FROM lumen_shared_text")))
    assert texts == dict(used)
    return len(texts)


def secret(size: int = 400) -> str:
    return random.Random(size).randbytes(size // 2).hex()


async def stored_bytes(store: Store) -> int:
    """Sum up all texts in the tables that have any of a notification."""
    sums = [
        *(("lumen_event", "body"), ("lumen_notification", "body"), ("lumen_content", "body")),
        *(("lumen_notification_group_actor", "publication"), ("lumen_digest_item", "publication")),
        ("lumen_shared_text", "text"),
    ]
    total = 0
    for table, column in sums:
        ((number,),) = await store.rows(f"SELECT coalesce(sum(length({column})), 0) FROM {table}")  # noqa: S608
        total += int(number)
    return total


async def delete(store: Store, user: str) -> None:
    await store.committer.submit(DeleteOwn(user_id=user, selection=Selection(up_to=2**62)))


async def trim(store: Store) -> None:
    await store.committer.submit(TrimEvents(up_to=store.events[-1].position))


async def purge(store: Store) -> None:
    store.now += 61_000
    while await store.committer.submit(PurgeReceipts()):
        pass


async def contents(store: Store) -> list[list[str]]:
    """Return what each user's list shows."""
    return [[row["content"] for row in await bodies(store, user)] for user in USERS]


async def replayed(store: Store, user: str) -> list[Any]:
    """Return what a client of the user gets that missed everything: contents of digests together."""
    span = AudienceSpan(audience=Audience.user(user), after=0, up_to=2**62)
    events = await store.log.for_audiences([span], limit=1000, max_characters=10**6)
    found: list[Any] = []
    for event in events:
        body = body_of(event)
        data = body.get("data", body)
        if event.kind == "bundle":
            found.append([item["content"] for item in data["items"]])
        elif data and event.kind in {"notification", "update", "notification_edited"}:
            found.append(data["content"])
    return found
