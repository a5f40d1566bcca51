"""Progress: a page is written as a whole, and once."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lumen_notify.commit.push.dead_letters import DeadLetter
from lumen_notify.commit.push.progress import (
    AdvancePushes,
    DeviceResult,
    Progress,
    PushOutcome,
    TakePushes,
    WaitingKey,
    WaitingRow,
)
from lumen_notify.model import EVERYONE, Audience

from ..rooms.conversation import open_room, send
from ..store import Store
from .outbox_rows import add_devices, pushes, sent, to


async def push_id(store: Store) -> str:
    ((id_,),) = await store.rows("SELECT id FROM lumen_push")
    return str(id_)


def page(id_: str, from_user: str, done_user: str, *, is_done: bool = False, **more: Any) -> AdvancePushes:
    progress = Progress(push_id=id_, from_user=from_user, done_user=done_user, is_done=is_done)
    return AdvancePushes(progress=(progress,), **more)


async def test_a_page_is_written_once(store: Store) -> None:
    await add_devices(store, "bob")
    await sent(store, to(EVERYONE))
    id_ = await push_id(store)
    key = WaitingKey(user_id="bob", push_id=id_, notification_id="", device_id="")
    letter = DeadLetter(
        push_id=id_, notification_id="n", user_id="bob", device_id="d", provider="log", reason="why"
    )
    outcome = PushOutcome(push_id=id_, user_id="bob", device_id=None, word="quiet", notification_id="n")
    command = page(
        id_,
        "",
        "bob",
        outcomes=(outcome,),
        waiting=(WaitingRow(key=key, category="news", reason="quiet", due_at=5),),
        dead_letters=(letter,),
        pushed=((id_, "bob", "news"),),
    )
    assert await store.committer.submit(command) is False
    assert await store.committer.submit(command) is True
    assert await store.rows("SELECT page, outcomes FROM lumen_push_report") == [(1, '[["bob",null,"quiet"]]')]
    assert await store.rows("SELECT user_id, reason, due_at FROM lumen_push_waiting") == [("bob", "quiet", 5)]
    assert await store.number_of("lumen_push_dead_letter") == 1
    assert await store.rows("SELECT pushed_at FROM lumen_push_rate") == [(f"[{store.now}]",)]
    assert (await pushes(store))[0]["done_user"] == "bob"
    assert await store.committer.submit(page(id_, "bob", "cid", is_done=True)) is False
    assert (await pushes(store))[0]["done_at"] == store.now
    assert await store.committer.submit(page(id_, "cid", "dan")) is True, "it is done"


async def test_what_has_waited_is_decided_about_once(store: Store) -> None:
    await add_devices(store, "bob")
    await sent(store, to(Audience.user("bob")))
    id_ = await push_id(store)
    key = WaitingKey(user_id="bob", push_id=id_, notification_id="", device_id="")
    row = WaitingRow(key=key, category="news", reason="quiet", due_at=5)
    await store.committer.submit(page(id_, "", "bob", is_done=True, waiting=(row,)))
    outcome = PushOutcome(push_id=id_, user_id="bob", device_id="d", word="pushed", notification_id="n")
    command = AdvancePushes(waited=((key, 5),), outcomes=(outcome,))
    assert await store.committer.submit(command) is False
    assert await store.number_of("lumen_push_waiting") == 0
    assert await store.committer.submit(command) is True
    assert await store.number_of("lumen_push_report") == 1


async def test_devices_learn_what_became_of_their_pushes(store: Store) -> None:
    await add_devices(store, "bob", "ann", "cid")

    async def result(**fields: Any) -> dict[str, Any]:
        one = DeviceResult(**{"device_id": "device-0", "user_id": "bob", "registered_at": 0, **fields})
        await store.committer.submit(AdvancePushes(devices=(one,)))
        names = "last_used_at", "failures", "failure", "dropped_at", "shown", "badge"
        (row,) = await store.rows(f"SELECT {', '.join(names)} FROM lumen_device WHERE id = 'device-0'")  # noqa: S608
        found = dict(zip(names, row, strict=True))
        return {**found, "shown": json.loads(found["shown"])}

    never: dict[str, Any] = {"last_used_at": None, "dropped_at": None, "badge": 0, "shown": []}
    assert await result(failure="too long") == {**never, "failures": 1, "failure": "too long"}
    assert await result(failure="no") == {**never, "failures": 2, "failure": "no"}
    works = {**never, "last_used_at": store.now, "failures": 0, "failure": None}
    assert await result(is_sent=True, shown=("a",), badge=3) == {**works, "shown": ["a"], "badge": 3}
    assert await result(is_sent=True, shown=("b",), badge=4) == {**works, "shown": ["a", "b"], "badge": 4}
    assert (await result(is_sent=True, shown=("a",)))["shown"] == ["b", "a"]
    assert (await result(is_sent=True, hidden=("b", "x")))["shown"] == ["a"]
    keys = tuple(map(str, range(60)))
    assert (await result(is_sent=True, shown=keys))["shown"] == list(keys[10:])
    assert (await result(user_id="eve", is_gone=True))["dropped_at"] is None, "it has another owner now"
    assert (await result(is_gone=True))["dropped_at"] == store.now


async def test_a_device_that_is_at_fault_is_dropped_after_several_failures_in_a_row(store: Store) -> None:
    await add_devices(store, "bob")

    async def is_dropped(**fields: Any) -> bool:
        one = DeviceResult(device_id="device-0", user_id="bob", registered_at=0, **fields)
        await store.committer.submit(AdvancePushes(devices=(one,)))
        return await store.rows("SELECT dropped_at FROM lumen_device") != [(None,)]

    refused: dict[str, Any] = {"failure": "status 400", "max_failures": 3}
    for _ in range(2):
        assert [await is_dropped(**refused) for _ in range(2)] == [False, False]
        assert not await is_dropped(is_sent=True), "which begins a new row"
    assert [await is_dropped(failure="too long") for _ in range(5)] == [False] * 5
    assert await is_dropped(**refused)


@pytest.mark.parametrize("registered_at", [11, -11], ids=["later", "after the clock was set back"])
async def test_a_device_that_was_registered_again_since_is_not_dropped(
    store: Store, registered_at: int
) -> None:
    await add_devices(store, "bob")
    async with store.database.transaction() as transaction:
        await transaction.run_sql(f"UPDATE lumen_device SET registered_at = {registered_at}")  # noqa: S608
    gone = DeviceResult(device_id="device-0", user_id="bob", registered_at=0, is_gone=True)
    await store.committer.submit(AdvancePushes(devices=(gone,)))
    assert await store.rows("SELECT dropped_at FROM lumen_device") == [(None,)]


async def test_pushes_of_more_than_an_hour_ago_are_forgotten(store: Store) -> None:
    await add_devices(store, "bob")
    for _ in range(3):
        await sent(store, to(EVERYONE))
        ((id_,),) = await store.rows("SELECT max(id) FROM lumen_push")
        await store.committer.submit(page(id_, "", "x", pushed=((id_, "bob", "news"), (id_, "ann", id_))))
        store.now += 1_800_000
    rows = await store.rows("SELECT user_id, pushed_at FROM lumen_push_rate ORDER BY user_id, last_at")
    half, whole = store.now - 2 * 1_800_000, store.now - 1_800_000
    assert [(user, json.loads(times)) for user, times in rows] == [
        ("ann", [half]),
        ("ann", [whole]),
        ("bob", [half, whole]),
    ]


async def test_nothing_joins_a_push_that_was_taken(store: Store) -> None:
    await open_room(store, "ann", "bob")
    await add_devices(store, "bob")
    await send(store, "ann", "one")
    await store.committer.submit(TakePushes(ids=(await push_id(store),)))
    await send(store, "ann", "two")
    assert [push["first_seq"] for push in await pushes(store)] == [1, 2]
