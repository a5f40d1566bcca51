"""Publications that go to devices alone."""

from __future__ import annotations

import pytest

from lumen_notify.commit.notifications.publication import IdempotencyKey
from lumen_notify.commit.preferences.categories import Limits
from lumen_notify.errors import RateLimited
from lumen_notify.model import Audience

from ..push.outbox_rows import add_devices, pushes, sent, to
from ..store import Store
from .merging import publication, publish, want_digest


async def test_policy_only_is_in_the_outbox_alone(store: Store) -> None:
    await add_devices(store, "ann", "bob")
    before = len(store.events)
    (one,) = await sent(store, to(Audience.user("ann"), delivery={"push": "only"}))
    assert (await store.positions("ann"), await store.unread("ann")) == ([], {})
    assert len(store.events) == before
    (row,) = await pushes(store)
    assert (row["policy"], row["audience"], row["due_at"]) == ("only", "user:ann", store.now)
    assert row["body"].items() >= {"id": one.id, "category": "news", "content": "hello"}.items()


async def test_policy_only_to_a_list_names_its_users(store: Store) -> None:
    await add_devices(store, "ann")
    (one,) = await sent(store, to(Audience.user("bob"), Audience.user("ann"), delivery={"push": "only"}))
    (row,) = await pushes(store)
    assert row["targets"] == [["ann", one.id], ["bob", one.id]]


async def test_policy_only_does_not_merge_over_a_limit(store: Store) -> None:
    await store.define("news", limits=Limits(per_recipient="1/hour", over="merge"))
    await add_devices(store, "ann")
    only = {"push": "only"}
    await sent(store, to(Audience.user("ann"), delivery=only))
    with pytest.raises(RateLimited):
        await sent(store, to(Audience.user("ann"), delivery=only))
    assert len(await pushes(store)) == 1


async def test_policy_only_waits_in_no_digest(store: Store) -> None:
    await want_digest(store, "ann", 5)
    await add_devices(store, "ann")
    low = publication("ann", group_key=None, priority="low", delivery={"push": "only"})
    (one,) = await publish(store, low)
    assert one.status == "sent"
    assert len(await pushes(store)) == 1


async def test_repeat_of_policy_only_is_answered_as_before(store: Store) -> None:
    await add_devices(store, "ann")
    key = IdempotencyKey(owner="app", key="k", digest="d")
    one = publication("ann", group_key=None, delivery={"push": "only"})
    assert await publish(store, one, key=key) == await publish(store, one, key=key)
    assert len(await pushes(store)) == 1


async def test_scheduled_publication_of_policy_only_is_pushed_when_it_is_due(store: Store) -> None:
    await add_devices(store, "ann")
    await sent(store, to(Audience.user("ann"), delivery={"push": "only"}, deliver_at=store.now + 60_000))
    assert await pushes(store) == []
    store.now += 60_000
    await store.publish_due()
    assert [row["due_at"] for row in await pushes(store)] == [store.now]
    assert await store.positions("ann") == []
