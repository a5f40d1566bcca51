"""What of a publication is to be pushed."""

from __future__ import annotations

from typing import Any

import pytest

from lumen_notify.model import EVERYONE, Audience

from ..push.outbox_rows import add_devices, pushes, sent, to
from ..rooms.conversation import open_room
from ..store import Store
from .merging import publication, publish, want_digest


async def test_publication_to_a_user_is_one_row(store: Store) -> None:
    await add_devices(store, "ann")
    (one,) = await sent(store, to(Audience.user("ann"), delivery={"devices": ["mobile"]}))
    assert await pushes(store) == [
        {
            "kind": "notification",
            "audience": "user:ann",
            "notification_id": one.id,
            "sender_id": "bob",
            "category": "news",
            "priority": "normal",
            "policy": "offline",
            "device_kinds": ["mobile"],
            "publisher": "app",
            "created_at": store.now,
            "due_at": store.now + 10_000,
        }
    ]


@pytest.mark.parametrize(
    ("audiences", "where"),
    [
        ((Audience.room("r"),), {"audience": "room:r", "sender_id": "bob"}),
        ((EVERYONE,), {"audience": "all", "sender_id": "bob"}),
    ],
    ids=["room", "all"],
)
async def test_publication_to_many_is_one_row(
    store: Store, audiences: tuple[Audience, ...], where: dict[str, Any]
) -> None:
    await open_room(store, "ann", "bob")
    await add_devices(store, "ann", "bob", "eve")
    (one,) = await sent(store, to(*audiences))
    (row,) = await pushes(store)
    assert row.items() >= {**where, "notification_id": one.id}.items()


async def test_publication_to_a_list_is_one_row_with_the_positions_of_its_notifications(
    store: Store,
) -> None:
    await add_devices(store, "eve")
    (one,) = await sent(store, to(*map(Audience.user, ("ann", "bob", "eve"))))
    (row,) = await pushes(store)
    assert "audience" not in row
    assert (row["first_position"], row["last_position"]) == (one.position, one.position)
    assert row["notification_id"] == one.id


async def test_nothing_is_written_for_those_without_a_device(store: Store) -> None:
    await open_room(store, "ann")
    for audiences in ((Audience.user("ann"),), (EVERYONE,), (Audience.room("r"),)):
        await sent(store, to(*audiences))
    assert await pushes(store) == []
    await add_devices(store, "eve")
    await sent(store, to(Audience.user("ann")))
    assert await pushes(store) == []


async def test_nothing_is_written_with_policy_never(store: Store) -> None:
    await add_devices(store, "ann")
    await sent(store, to(Audience.user("ann"), delivery={"push": "never"}))
    assert await pushes(store) == []


@pytest.mark.parametrize(
    ("priority", "policy", "delay_ms"),
    [
        ("low", "offline", 10_000),
        ("normal", "offline", 10_000),
        ("high", "offline", 0),
        ("urgent", "offline", 0),
        ("normal", "always", 0),
        ("low", "always", 0),
    ],
)
async def test_higher_priorities_do_not_wait(store: Store, priority: str, policy: str, delay_ms: int) -> None:
    await add_devices(store, "ann")
    one = publication("ann", group_key=None, priority=priority, owner="app", delivery={"push": policy})
    await publish(store, one)
    ((kind, due_at),) = [(row["priority"], row["due_at"]) for row in await pushes(store)]
    assert (kind, due_at - store.now) == (priority, delay_ms)


@pytest.mark.parametrize(("moderator", "priority"), [("ann", "high"), (None, "urgent")])
async def test_urgent_push_to_a_room_needs_the_scope(
    store: Store, moderator: str | None, priority: str
) -> None:
    await store.define("news", priority="urgent")
    await open_room(store, "bob", ann="owner")
    await add_devices(store, "bob")
    room = Audience.room("r")
    await sent(store, to(room, required_moderator=moderator))
    await sent(store, to(room, required_moderator=moderator, deliver_at=store.now + 1))
    store.now += 1
    await store.publish_due()
    assert [row["priority"] for row in await pushes(store)] == [priority, priority]


async def test_scheduled_publication_is_pushed_when_it_is_due(store: Store) -> None:
    await add_devices(store, "ann")
    await sent(store, to(Audience.user("ann"), deliver_at=store.now + 60_000))
    assert await pushes(store) == []
    store.now += 60_000
    await store.publish_due()
    (row,) = await pushes(store)
    assert row["due_at"] == store.now + 10_000


async def test_group_of_one_user_is_one_row_while_it_waits(store: Store) -> None:
    await add_devices(store, "ann")
    (first,) = await publish(store, publication("ann", sender="bob", owner="app"))
    store.now += 2000
    await publish(store, publication("ann", sender="cid", owner="app"))
    (row,) = await pushes(store)
    assert row.items() >= {"audience": "user:ann", "notification_id": first.id}.items()
    assert row["due_at"] == store.now - 2000 + 10_000


async def test_pending_group_is_pushed_when_it_is_announced(store: Store) -> None:
    await add_devices(store, "ann", "bob")
    await publish(store, publication("ann", "bob", sender="cid", owner="app"))
    await publish(store, publication("ann", "bob", sender="dan"))
    assert len(await pushes(store)) == 1
    store.now += 2000
    await store.flush_groups()
    first, second = await pushes(store)
    assert first["targets"] == second["targets"]
    assert first["publisher"] == second["publisher"] == "app"
    assert [user for user, _ in first["targets"]] == ["ann", "bob"]


async def test_step_of_digests_is_one_row(store: Store) -> None:
    await add_devices(store, "ann", "bob")
    await want_digest(store, "ann", 5)
    await want_digest(store, "bob", 5)
    one, two = await publish(
        store,
        publication("ann", "bob", group_key=None, priority="low"),
        publication("ann", group_key=None, priority="low"),
    )
    assert await pushes(store) == []
    store.now += 300_000
    await store.publish_digests()
    (row,) = await pushes(store)
    assert row["targets"] == [["ann", one.id], ["ann", two.id], ["bob", one.id]]
    assert (row["priority"], row["due_at"]) == ("normal", store.now + 10_000)
