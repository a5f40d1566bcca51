"""Publications that go to devices alone."""

from __future__ import annotations

from lumen_notify.model import Audience

from ..push.outbox_rows import add_devices, pushes, sent, to
from ..store import Store


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
