"""Inbox: users see what is for them, newest first."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lumen_notify.commit.database import Database
from lumen_notify.commit.log import Log
from lumen_notify.commit.marks.marks import Mark, Selection, mark
from lumen_notify.commit.notifications import inbox as module
from lumen_notify.commit.notifications.inbox import Inbox, Listed
from lumen_notify.commit.notifications.publish import Publish

from ..store import Store
from .merging import publication as to_merge
from .merging import publish, want_digest
from .publishing import contents, listed, publication, write

ANY: dict[str, Any] = {"category": None, "is_unread": None, "is_archived": None}


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


@pytest.mark.parametrize("limit", [1, 3])
@pytest.mark.parametrize("max_examined", [1, 7])
async def test_pages_that_examine_few_rows_are_together_the_whole_list(
    store: Store, monkeypatch: pytest.MonkeyPatch, limit: int, max_examined: int
) -> None:
    for number in range(12):
        users = ("ann",) if number % 3 else ()
        await store.publish(*users, category=("like", "news")[number % 2], number=1 + number % 3)
    await want_digest(store, "ann", 5)
    for _ in range(9):
        await publish(store, to_merge(group_key=None, priority="low"))
    store.now += 300_000
    await store.publish_digests()
    ids = [row.id for row in (await store.inbox.page("ann", before=2**62, limit=100, **ANY))[0]]
    await store.mark("ann", "read", ids=tuple(ids[3:-3]))
    await store.mark("ann", "archive", ids=tuple(ids[::4]))

    for filters in (
        {"is_unread": True},
        {"is_unread": False, "is_archived": True},
        {"category": "like"},
        {"category": "news", "is_unread": True, "is_archived": False},
        {"category": "nothing"},
        {},
    ):
        whole, following = await store.inbox.page("ann", before=2**62, limit=100, **{**ANY, **filters})
        assert following is None
        with monkeypatch.context() as patch:
            patch.setattr(module, "MAX_EXAMINED", max_examined)
            found: list[Listed] = []
            at: tuple[int, str] | None = (2**62, "")
            while at is not None:
                page, at = await store.inbox.page(
                    "ann", before=at[0], before_id=at[1], limit=limit, **{**ANY, **filters}
                )
                assert len(page) <= limit
                found += page
        assert found == whole, filters


async def test_page_ends_after_so_many_rows_and_goes_on_from_there(store: Store) -> None:
    for _ in range(5):
        await store.publish("ann", number=1000)
    (oldest,) = (await store.inbox.page("ann", before=2, limit=1, **ANY))[0]
    await store.mark("ann", "read", up_to=2**62)
    await store.mark("ann", "unread", ids=(oldest.id,))
    found: list[str] = []
    pages = 0
    at: tuple[int, str] | None = (2**62, "")
    while at is not None:
        page, at = await store.inbox.page(
            "ann", before=at[0], before_id=at[1], limit=20, **ANY | {"is_unread": True}
        )
        pages += 1
        found += [row.id for row in page]
    assert found == [oldest.id]
    assert pages == 3


async def test_rows_with_a_category_that_is_reserved_since_are_listed_and_marked(store: Store) -> None:
    await store.publish("ann", category="chat")
    assert (await store.unread("ann")) == {"chat": 1}
    assert [row.position for row in await listed(store.database, "ann", category="chat")] == [1]
    assert (await store.mark("ann", "read", category="chat")).changed == 1
