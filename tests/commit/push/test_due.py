"""What is due: urgent pushes first, and pages of whole users."""

from __future__ import annotations

import pytest

from lumen_notify.commit.push import due
from lumen_notify.commit.push.due import DuePushes, OutboxPush
from lumen_notify.model import EVERYONE, Audience

from ..rooms.conversation import open_room
from ..store import Store
from .outbox_rows import add_devices, sent, show, to


async def only_push(store: Store, reader: DuePushes) -> OutboxPush:
    (push,) = await reader.due(store.now)
    return push


async def test_urgent_pushes_come_first_and_those_that_are_not_due_wait(store: Store) -> None:
    await add_devices(store, "bob")
    normal = to(Audience.user("bob"))
    urgent = to(Audience.user("bob"))
    urgent = urgent.with_fields({**urgent.fields, "priority": "urgent"})
    await sent(store, normal, urgent)
    reader = DuePushes(store.database)
    assert [push.notification_id for push in await reader.due(store.now)] == [urgent.id]
    found = await reader.due(store.now + 10_000)
    assert [push.notification_id for push in found] == [urgent.id, normal.id]


async def test_a_page_has_all_devices_of_each_of_its_users(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(due, "PAGE_DEVICES", 3)
    await add_devices(store, "ann", "ann", "bob", "bob", "cid")
    await sent(store, to(EVERYONE))
    store.now += 10_000
    reader = DuePushes(store.database, max_devices=2)
    push = await only_push(store, reader)
    pages, after, has_more = [], "", True
    while has_more:
        devices, has_more = await reader.page(push, after)
        pages.append([device.user_id for device in devices])
        after = pages[-1][-1]
    assert pages == [["ann", "ann"], ["bob", "bob", "cid"]]


async def test_the_users_of_a_room_are_its_members(store: Store) -> None:
    await open_room(store, "ann", "bob")
    await add_devices(store, "ann", "bob", "cid")
    await sent(store, to(Audience.room("r")))
    store.now += 10_000
    reader = DuePushes(store.database)
    devices, has_more = await reader.page(await only_push(store, reader), "")
    assert ([device.user_id for device in devices], has_more) == (["ann", "bob"], False)


async def test_the_users_of_a_list_are_those_with_the_notification(store: Store) -> None:
    await add_devices(store, "ann", "bob", "cid")
    await sent(store, to(Audience.user("bob"), Audience.user("ann")))
    store.now += 10_000
    reader = DuePushes(store.database)
    push = await only_push(store, reader)
    assert push.users is None
    devices, _ = await reader.page(push, "")
    assert [device.user_id for device in devices] == ["ann", "bob"]
    devices, _ = await reader.page(push, "ann")
    assert [device.user_id for device in devices] == ["bob"]


async def test_dropped_devices_are_left_out(store: Store) -> None:
    await add_devices(store, "ann")
    async with store.database.transaction() as transaction:
        await transaction.run_sql("UPDATE lumen_device SET dropped_at = 1")
    assert await DuePushes(store.database).devices(["ann"]) == []


async def test_a_withdrawal_from_everyone_is_for_devices_that_show_it(store: Store) -> None:
    await add_devices(store, "ann", "bob", "cid")
    await show(store, "bob", "other", "it")
    await show(store, "cid", "other")
    async with store.database.transaction() as transaction:
        await transaction.run_sql(
            "INSERT INTO lumen_push (id, kind, audience, notification_id, priority, policy, created_at,"
            " due_at) VALUES ('p', 'withdrawal', 'all', 'it', 'normal', 'offline', 0, 0)"
        )
    reader = DuePushes(store.database)
    devices, _ = await reader.page(await only_push(store, reader), "")
    assert [(device.user_id, device.shown) for device in devices] == [("bob", ("other", "it"))]
