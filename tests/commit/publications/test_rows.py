"""Rows: where a publication is, a page at a time."""

from __future__ import annotations

from lumen_notify.commit.publications.rows import (
    load_digest_item,
    load_parts,
    load_rows,
    load_scheduled,
    may_change,
)
from lumen_notify.model import Audience

from ..store import Store
from .desk import APP, OTHER, publish


async def test_rows_come_by_audience_with_bodies_on_request(store: Store) -> None:
    id_ = await publish(store, "cyd", "ann", "bob")
    async with store.log.transaction() as tx:
        first = await load_rows(tx, id_, after="", limit=2, has_bodies=False)
        rest = await load_rows(tx, id_, after=first[-1].audience, limit=2, has_bodies=True)
        assert [row.audience.user_id for row in (*first, *rest)] == ["ann", "bob", "cyd"]
        assert [bool(row.body) for row in (*first, *rest)] == [False, False, True]
        assert {row.publisher for row in first} == {"app"}
        assert rest[0].sender_id == "app"
        assert await may_change(tx, OTHER, first) == []
        assert await may_change(tx, APP, first) == list(first)


async def test_the_latest_parts_of_a_group_come_newest_first(store: Store) -> None:
    id_ = await publish(store, "ann", sender="bob", group_key="k")
    for sender in ("cyd", "dan", "eve", "bob"):
        await publish(store, "ann", sender=sender, group_key="k")
    async with store.log.transaction() as tx:
        rows = await load_rows(tx, id_, after="", limit=2, has_bodies=False)
        parts = (await load_parts(tx, rows))[Audience.user("ann")]
    assert rows[0].is_group
    assert [part.actor_id for part in parts] == ["bob", "eve", "dan"]


async def test_a_scheduled_publication_is_found_by_its_id(store: Store) -> None:
    id_ = await publish(store, "ann", deliver_at=store.now + 1000)
    async with store.log.transaction() as tx:
        waiting = await load_scheduled(tx, id_)
        assert waiting is not None
        assert (waiting.owner, waiting.audience.user_id, waiting.sender_id) == ("app", "ann", "app")
        assert await load_digest_item(tx, id_) is None
