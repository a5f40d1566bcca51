"""Inbox: users see what is for them, newest first."""

from __future__ import annotations

import json

from lumen_notify.commit.database import Database
from lumen_notify.commit.log import Log
from lumen_notify.commit.notifications.inbox import Inbox
from lumen_notify.commit.notifications.marks import Mark, Selection, mark
from lumen_notify.commit.notifications.publish import Publish

from .publishing import contents, listed, publication, write


async def test_pages_are_newest_first_and_filtered(log: Log, database: Database) -> None:
    for number in range(6):
        category = ("like", "system")[number % 2]
        await write(log, Publish(publications=(publication("ann", category=category, content=f"{number}"),)))
        await write(log, Publish(publications=(publication(category="system", content=f"all {number}"),)))
    rows = await listed(database, "ann")
    assert [row.position for row in rows] == list(range(12, 0, -1))
    assert contents(await listed(database, "ann", before=rows[2].position, limit=2)) == ["4", "all 3"]
    assert contents(await listed(database, "ann", category="like")) == ["4", "2", "0"]
    ids = [json.loads(row.body)["id"] for row in rows]
    async with log.transaction() as tx:
        await mark(tx, [Mark(user_id="ann", action="read", selection=Selection(ids=tuple(ids[:3])))])
    async with log.transaction() as tx:
        await mark(tx, [Mark(user_id="ann", action="archive", selection=Selection(ids=tuple(ids[2:4])))])
    everything = contents(rows)
    assert contents(await listed(database, "ann")) == everything[:2] + everything[4:]
    assert contents(await listed(database, "ann", is_archived=True)) == everything[2:4]
    assert contents(await listed(database, "ann", is_archived=None)) == everything
    assert contents(await listed(database, "ann", is_unread=True)) == everything[4:]
    assert contents(await listed(database, "ann", is_unread=False)) == everything[:2]
    assert contents(await listed(database, "bob")) == [one for one in everything if one.startswith("all")]


async def test_notification_is_found_by_its_recipients_alone(log: Log, database: Database) -> None:
    one, everyones = publication("ann"), publication()
    await write(log, Publish(publications=(one, everyones)))
    inbox = Inbox(database)
    assert (await inbox.get("ann", one.id)) is not None
    assert (await inbox.get("bob", one.id)) is None
    assert (await inbox.get("bob", everyones.id)) is not None
    assert (await inbox.get("ann", "nothing")) is None
