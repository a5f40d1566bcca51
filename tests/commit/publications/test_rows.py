"""Rows: where a publication is, a page at a time."""

from __future__ import annotations

from lumen_notify.commit.publications.callers import Caller
from lumen_notify.commit.publications.rows import (
    load_digest_item,
    load_parts,
    load_rows,
    load_scheduled,
    may_change,
    may_change_waiting,
)
from lumen_notify.model import Audience

from ..notifications.merging import want_digest
from ..store import Store
from .desk import ADMIN, APP, OTHER, edit, publish, retract


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
        assert (waiting.owner, waiting.audiences, waiting.sender_id) == ("app", [Audience.user("ann")], "app")
        assert await load_digest_item(tx, id_) is None


async def test_what_waits_for_several_users_needs_the_scope_for_all_of_them(store: Store) -> None:
    without_scope = Caller(user_id="bob")
    for user in ("ann", "bob", "cyd"):
        await want_digest(store, user, 10)
    for others in (("cyd",), ("ann",), ("ann", "cyd"), ()):
        to = ("bob", *others)
        digest = await publish(store, *to, owner="bob", priority="low")
        scheduled = await publish(store, *to, owner="bob", deliver_at=store.now + 1000)
        for id_, load in ((digest, load_digest_item), (scheduled, load_scheduled)):
            async with store.log.transaction() as tx:
                waiting = await load(tx, id_)
                assert waiting is not None
                assert await may_change_waiting(tx, ADMIN, waiting)
                assert await may_change_waiting(tx, without_scope, waiting) is (not others)
            assert (await edit(store, id_, without_scope, content="forged")).found == (not others)
            assert (await retract(store, id_, without_scope)).number == (not others)
