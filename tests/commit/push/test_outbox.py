"""What is written when rooms have messages, and when something may have to go from devices."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from lumen_notify.commit.publications.removal import Remove
from lumen_notify.commit.push.outbox import Pushing
from lumen_notify.commit.rooms.messages import SendMessage
from lumen_notify.commit.rooms.read_marks import MarkRoomRead
from lumen_notify.model import EVERYONE, Audience, new_id
from lumen_notify.settings import Settings

from ..rooms.conversation import message, open_room, run_sql, send
from ..store import Store
from .outbox_rows import add_devices, pushes, sent, show, to


def test_pushing_is_off_without_providers() -> None:
    assert Pushing.from_settings(Settings(push_providers=("off",))) is None
    delays = Pushing.from_settings(Settings(push_delay_seconds=2.5, push_bundle_seconds=60))
    assert delays == Pushing(normal_ms=2500)


async def test_messages_of_a_room_are_one_row_while_it_waits(store: Store) -> None:
    await open_room(store, "ann", "bob")
    await add_devices(store, "bob")
    for text in ("one", "two"):
        await send(store, "ann", text)
        store.now += 1000
    assert await pushes(store) == [
        {
            "kind": "messages",
            "audience": "room:r",
            "room_id": "r",
            "first_seq": 1,
            "priority": "normal",
            "policy": "offline",
            "created_at": store.now - 2000,
            "due_at": store.now + 8000,
            "coalesce_key": "messages:room:r",
        }
    ]


async def test_first_message_of_a_transaction_is_named(store: Store) -> None:
    await open_room(store, "ann", "bob")
    await add_devices(store, "bob")
    await asyncio.gather(*(store.committer.submit(message(content=text)) for text in ("one", "two")))
    assert [row["first_seq"] for row in await pushes(store)] == [1]


async def test_messages_are_not_written_if_there_is_no_device(store: Store) -> None:
    await open_room(store, "ann", "bob")
    await send(store, "ann")
    assert await pushes(store) == []


async def test_mention_is_pushed_at_once(store: Store) -> None:
    await open_room(store, "ann", "bob")
    await add_devices(store, "bob")
    await send(store, "ann", "@bob", mentions=("bob",))
    mention, room = await pushes(store)
    assert (mention["audience"], mention["priority"], mention["due_at"]) == ("user:bob", "high", store.now)
    assert room["kind"] == "messages"


async def read(store: Store, one: str) -> None:
    await store.mark("ann", "read", ids=(one,))


async def see(store: Store, one: str) -> None:
    await store.mark("ann", "seen", ids=(one,))


async def archive_all(store: Store, _: str) -> None:
    await store.mark("ann", "archive")


async def remove(store: Store, one: str) -> None:
    await store.committer.submit(Remove(rows=[(one, Audience.user("ann"))]))


async def mute(store: Store, _: str) -> None:
    await store.choose("ann", news={"muted": True})


@pytest.mark.parametrize("act", [read, see, archive_all, remove, mute], ids=lambda act: act.__name__)
async def test_what_a_user_does_is_one_row_if_a_device_shows_something(store: Store, act: Any) -> None:
    await add_devices(store, "ann", "bob")
    first, second = await sent(store, to(Audience.user("ann")), to(Audience.user("ann")))
    await show(store, "ann", first.id)
    before = len(await pushes(store))
    await act(store, first.id)
    await store.mark("ann", "read", ids=(second.id,))
    (row,) = (await pushes(store))[before:]
    assert row == {
        "kind": "withdrawal",
        "audience": "user:ann",
        "priority": "normal",
        "policy": "offline",
        "created_at": store.now,
        "due_at": store.now + 1000,
        "coalesce_key": "withdrawal:user:ann",
    }


@pytest.mark.parametrize(("badge", "rows"), [(0, 0), (2, 1)])
async def test_device_with_a_number_is_one_that_shows_something(store: Store, badge: int, rows: int) -> None:
    await add_devices(store, "ann")
    await sent(store, to(Audience.user("ann")))
    await show(store, "ann", badge=badge)
    await store.mark("ann", "read")
    assert [row["kind"] for row in await pushes(store)] == ["notification", *["withdrawal"] * rows]


async def test_device_that_was_dropped_shows_nothing(store: Store) -> None:
    await add_devices(store, "ann")
    await sent(store, to(Audience.user("ann")), to(EVERYONE))
    await show(store, "ann", "one", badge=2)
    await run_sql(store.database, "UPDATE lumen_device SET dropped_at = 1")
    await store.mark("ann", "read")
    await sent(store, to(Audience.user("ann")))
    assert [row["kind"] for row in await pushes(store)] == ["notification", "notification"]


async def test_who_reads_or_writes_in_a_room_is_one_row(store: Store) -> None:
    await open_room(store, "ann", "bob", "cid")
    await add_devices(store, "bob", "cid")
    await send(store, "ann")
    for user in ("bob", "cid"):
        await show(store, user, "room:r")
    await store.committer.submit(MarkRoomRead(room_id="r", user_id="bob", up_to=1))
    await send(store, "cid")
    withdrawals = [row["audience"] for row in await pushes(store) if row["kind"] == "withdrawal"]
    assert withdrawals == ["user:bob", "user:cid"]


async def test_what_is_taken_back_from_everyone_is_one_row(store: Store) -> None:
    await add_devices(store, "ann", "bob")
    (one,) = await sent(store, to(EVERYONE))
    await store.committer.submit(Remove(rows=[(one.id, EVERYONE)]))
    assert len(await pushes(store)) == 1
    (two,) = await sent(store, to(EVERYONE))
    await show(store, "bob", two.id)
    await store.committer.submit(Remove(rows=[(two.id, EVERYONE)]))
    *_, row = await pushes(store)
    assert row.items() >= {"kind": "withdrawal", "audience": "all", "notification_id": two.id}.items()
    assert "coalesce_key" not in row


async def test_system_messages_are_pushed_like_others(store: Store) -> None:
    await open_room(store, "ann")
    await add_devices(store, "ann")
    await store.committer.submit(
        SendMessage(
            id=new_id(),
            room_id="r",
            sender={"id": "system", "username": "system", "avatar": None},
            fields={"kind": "system", "content": "Tea is ready."},
            is_system=True,
        )
    )
    assert [row["kind"] for row in await pushes(store)] == ["messages"]
