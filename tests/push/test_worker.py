"""Worker: what is due is pushed, once, page by page, and what became of it is written."""

from __future__ import annotations

import asyncio
import gc
import time
from typing import Any

import pytest

from clients import eventually
from lumen_notify.commit.push import due
from lumen_notify.errors import DatabaseUnavailable
from lumen_notify.push import defects
from lumen_notify.push import worker as module
from lumen_notify.push.pages.results import MAX_REFUSALS
from lumen_notify.push.push import SENT, Delivery, Result

from .push_desk import DELAY_MS, PushDesk

TURN_SECONDS = 0.008
"""The most of the loop that a page may take at once, by the processor's time: it takes 4 ms, without turns
10."""


async def test_a_publish_reaches_the_device_once_its_delay_is_over(desk: PushDesk) -> None:
    device = await desk.register("bob")
    id_ = await desk.publish("bob")
    assert await desk.later(DELAY_MS - 1) == []
    (sent,) = await desk.later(1)
    assert (sent.target.id, sent.notification_id) == (device, id_)
    assert sent.push.payload == {
        "type": "notification",
        "tag": id_,
        "unread_count": 1,
        "title": "Alice",
        "content": "hello",
        "priority": "normal",
        "id": id_,
        "created_at": "2027-01-15T08:00:00.000Z",
        "sender": {"id": "alice", "username": "Alice", "avatar": None},
        "category": "like",
    }
    assert await desk.later() == []
    assert await desk.outcomes() == [("bob", "pushed")]
    ((used_at, shown, badge),) = await desk.store.rows("SELECT last_used_at, shown, badge FROM lumen_device")
    assert (used_at, shown, badge) == (desk.store.now - DELAY_MS, f'["{id_}"]', 1)


async def test_a_device_whose_own_service_refuses_is_dropped(
    desk: PushDesk,
) -> None:
    device = await desk.register("bob")
    desk.answer = lambda _: Result(outcome="refused", reason="status 400", is_for_device=True)
    for _ in range(MAX_REFUSALS + 3):
        await desk.publish("bob")
        await desk.later()
    assert [one.target.id for one in desk.sent] == [device] * MAX_REFUSALS
    ((letters,),) = await desk.store.rows("SELECT count(*) FROM lumen_push_dead_letter")
    assert letters == MAX_REFUSALS
    ((failures, dropped_at),) = await desk.store.rows("SELECT failures, dropped_at FROM lumen_device")
    assert (failures, dropped_at) == (MAX_REFUSALS, desk.store.now - 3 * DELAY_MS)


async def test_streams_have_their_turn_every_few_milliseconds_of_a_large_push(desk: PushDesk) -> None:
    number = 4 * due.PAGE_DEVICES
    async with desk.store.database.transaction() as transaction:
        await transaction.run_sql(
            "INSERT INTO lumen_device (id, user_id, provider, token, token_hash, created_at, registered_at)"  # noqa: S608
            f" WITH RECURSIVE n(v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM n WHERE v < {number})"
            " SELECT 'd' || v, 'u' || v, 'log', 't', 'h' || v, 0, 0 FROM n"
        )
    longest = []
    for _ in range(3):
        await desk.publish(priority="urgent")
        longest.append(max(await _turns(desk, number)))
    assert min(longest) < TURN_SECONDS


async def _turns(desk: PushDesk, number: int) -> list[float]:
    """Push what is due; return the processor's time between the turns of others, without the collector's."""
    turns: list[float] = []

    async def stream() -> None:
        while True:
            before = time.thread_time()  # not the time in which others have the processor
            await asyncio.sleep(0)
            turns.append(time.thread_time() - before)

    gc.disable()
    try:
        task = asyncio.create_task(stream())
        assert len(await desk.later(0)) == number
        task.cancel()
    finally:
        gc.enable()
    return turns


async def test_a_push_to_everyone_is_pushed_in_pages(desk: PushDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(due, "PAGE_DEVICES", 4)
    desk = PushDesk(desk.store, max_devices_per_user=2)
    devices = [await desk.register(f"user-{n}") for n in range(7) for _ in range(2)]
    await desk.publish()
    sent = await desk.later()
    assert [one.target.id for one in sent] == devices
    assert await desk.outcomes() == [(one.target.user_id, "pushed") for one in sent]
    ((pages,),) = await desk.store.rows("SELECT count(*) FROM lumen_push_report")
    assert pages == 4


async def test_another_instance_goes_on_from_the_last_page(
    desk: PushDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(due, "PAGE_DEVICES", 2)
    first, second = (PushDesk(desk.store, max_devices_per_user=1) for _ in range(2))
    users = [f"user-{n}" for n in range(9)]
    for user in users:
        await desk.register(user)
    await desk.publish()

    async def stop() -> None:
        first.may_run = len(first.sent) < 4

    first.meanwhile = stop
    assert [one.target.user_id for one in await first.later()] == users[:4]
    assert [one.target.user_id for one in await second.later(0)] == users[4:]


async def test_a_crash_between_hand_over_and_commit_repeats_one_page_with_its_collapse_keys(
    desk: PushDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(due, "PAGE_DEVICES", 2)
    first, second = (PushDesk(desk.store, max_devices_per_user=1) for _ in range(2))
    for number in range(6):
        await desk.register(f"user-{number}")
    id_ = await desk.publish()

    async def crash() -> None:
        if len(first.sent) == 4:
            raise asyncio.CancelledError

    first.meanwhile = crash
    with pytest.raises(asyncio.CancelledError):
        await first.later()
    await second.later(0)
    pushed = [one.target.user_id for one in [*first.sent, *second.sent]]
    assert pushed == ["user-0", "user-1", "user-2", "user-3", "user-2", "user-3", "user-4", "user-5"]
    assert {(one.push.collapse_key, one.push.id) for one in second.sent[:2]} == {
        (one.push.collapse_key, one.push.id) for one in first.sent[2:]
    }
    assert second.sent[0].push.collapse_key == id_


async def test_two_instances_at_once_write_each_page_once(desk: PushDesk) -> None:
    for number in range(3):
        await desk.register(f"user-{number}")
    await desk.publish()
    await desk.publish("user-1", priority="low")
    other = PushDesk(desk.store)
    desk.store.now += DELAY_MS
    await asyncio.gather(desk.later(0), other.later(0))
    assert sorted(await desk.outcomes()) == [
        ("user-0", "pushed"),
        ("user-1", "bundled"),
        ("user-1", "pushed"),
        ("user-2", "pushed"),
    ]


async def test_a_large_push_does_not_delay_an_urgent_one(
    desk: PushDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(due, "PAGE_DEVICES", 1)
    desk = PushDesk(desk.store, max_devices_per_user=1)
    for number in range(5):
        await desk.register(f"user-{number}")
    may_go_on = asyncio.Event()
    for _ in range(8):
        await desk.publish()
    desk.store.now += DELAY_MS
    desk.meanwhile = may_go_on.wait
    await desk.worker.look()
    await eventually(lambda: len(desk.sent) == 4, what="four large pushes")
    desk.meanwhile = None
    urgent = await desk.publish("user-3", priority="urgent")
    await desk.worker.look()
    await eventually(lambda: desk.sent[-1].notification_id == urgent, what="the urgent push")
    may_go_on.set()
    await desk.later(0)
    assert len(desk.sent) == 8 * 5 + 1


async def test_large_pushes_hide_no_personal_one(desk: PushDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(due, "MAX_DUE", 3)
    await desk.register("bob")
    may_go_on = asyncio.Event()
    for _ in range(10):
        await desk.publish()
    desk.store.now += DELAY_MS
    desk.meanwhile = may_go_on.wait
    for _ in range(2):
        await desk.worker.look()
    await eventually(lambda: len(desk.sent) == 4, what="large pushes")
    high = await desk.publish("bob", priority="high")
    await desk.worker.look()
    await eventually(lambda: desk.sent[-1].notification_id == high, what="the push to one user")
    may_go_on.set()
    await desk.later(0)


async def test_messages_of_many_small_rooms_are_pushed_at_once(desk: PushDesk) -> None:
    await desk.register("bob")
    await desk.register("carol")
    for n in range(30):
        await desk.open_room(f"room-{n}", "bob" if n % 2 else "carol")
        await desk.send(f"room-{n}", "alice", "hello")
    may_go_on = asyncio.Event()
    desk.store.now += DELAY_MS
    desk.meanwhile = may_go_on.wait
    await desk.worker.look()
    await eventually(lambda: len(desk.sent) == 20 + 10, what="all of them, while none is done")
    may_go_on.set()
    assert await desk.later(0) == []


async def test_small_rooms_that_are_more_than_a_page_are_pushed_once(
    desk: PushDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(due, "PAGE_DEVICES", 3)
    desk = PushDesk(desk.store, max_devices_per_user=1, push_max_per_hour=1000)
    users = [f"user-{n}" for n in range(5)]
    for user in users:
        await desk.register(user)
    rooms = {"none": ["guest"], "all": users, "one": users[:1], "two": users[1:3], "three": users[2:]}
    for room, members in rooms.items():
        await desk.open_room(room, *members)
        await desk.send(room, "alice", "hello")
    sent = await desk.later()
    assert sorted((one.push.payload["room_id"], one.target.user_id) for one in sent) == sorted(
        (room, user) for room, members in rooms.items() for user in members if user != "guest"
    )
    assert await desk.later() == []


async def test_large_pushes_begin_as_soon_as_others_are_done(
    desk: PushDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOK_SECONDS", 600.0)
    await desk.register("bob")
    for _ in range(3 * module.MAX_LARGE):
        await desk.publish()
    desk.store.now += DELAY_MS
    running = asyncio.create_task(desk.worker.run())
    await eventually(lambda: len(desk.sent) == 3 * module.MAX_LARGE, what="all pushes")
    desk.worker.close()
    await running


async def test_a_push_that_fails_by_a_defect_delays_no_other(
    desk: PushDesk, caplog: pytest.LogCaptureFixture
) -> None:
    await desk.register("bob")
    bad, good = await desk.publish("bob"), await desk.publish("bob")
    sql = f"UPDATE lumen_notification SET body = 'x' WHERE id = '{bad}' RETURNING 1"  # noqa: S608
    await desk.store.rows(sql)
    desk.store.now += DELAY_MS
    await desk.worker.work_off()
    assert [one.notification_id for one in desk.sent] == [good]
    assert "JSONDecodeError" in caplog.text
    await desk.worker.work_off()
    assert len(desk.sent) == 1, "the other one is put aside"


@pytest.mark.parametrize("to_everyone", [False, True])
async def test_a_page_that_fails_again_and_again_is_given_up(
    desk: PushDesk, monkeypatch: pytest.MonkeyPatch, to_everyone: bool
) -> None:
    monkeypatch.setattr(due, "PAGE_DEVICES", 1)
    monkeypatch.setattr(defects, "ASIDE_SECONDS", 0.0)
    desk = PushDesk(desk.store, max_devices_per_user=1)
    device = await desk.register("bob")
    await desk.register("carol")

    def fail(delivery: Delivery) -> Result:
        if delivery.target.user_id == "bob":
            raise RuntimeError
        return SENT

    desk.answer = fail
    bad = await desk.publish(*([] if to_everyone else ["bob"]))
    if not to_everyone:
        await desk.publish("carol")
    desk.store.now += DELAY_MS
    await desk.worker.work_off()
    assert [one.target.user_id for one in desk.sent].count("bob") == defects.MAX_DEFECTS + (not to_everyone)
    assert sorted(await desk.outcomes()) == [
        ("bob", "failed: a defect of the server, see its log"),
        ("carol", "pushed"),
    ]
    letters = await desk.store.rows("SELECT notification_id, user_id, device_id FROM lumen_push_dead_letter")
    assert letters == [(bad, "bob", device)]
    number = len(desk.sent)
    await desk.worker.work_off()
    assert len(desk.sent) == number


async def test_a_retry_that_fails_by_a_defect_is_given_up(
    desk: PushDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(defects, "ASIDE_SECONDS", 0.0)
    await desk.register("bob")
    desk.answer = lambda _: Result(outcome="retry", reason="HTTP 503")
    await desk.publish("bob")
    await desk.later()

    def fail(_: Delivery) -> Result:
        raise RuntimeError

    desk.answer = fail
    desk.store.now += 60_000
    await desk.worker.work_off()
    assert len(desk.sent) == 1 + defects.MAX_DEFECTS
    assert await desk.store.number_of("lumen_push_waiting") == 0
    assert await desk.store.number_of("lumen_push_dead_letter") == 1


async def test_what_was_pushed_while_the_database_is_away_is_written_once_it_is_there(
    desk: PushDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAUSE_SECONDS", 0)
    failures = 3

    async def submit(command: Any) -> Any:
        nonlocal failures
        failures -= 1
        if failures >= 0:
            raise DatabaseUnavailable("made up by a test")
        return await desk.store.committer.submit(command)

    desk = PushDesk(desk.store, submit=submit)
    await desk.register("bob")
    await desk.publish("bob")
    assert len(await desk.later()) == 1
    assert await desk.outcomes() == [("bob", "pushed")]


async def test_only_one_instance_pushes_and_it_stops_with_its_page(desk: PushDesk) -> None:
    await desk.register("bob")
    desk.may_run = False
    running = asyncio.create_task(desk.worker.run())
    await desk.publish("bob", priority="urgent")
    may_go_on = asyncio.Event()
    desk.meanwhile = may_go_on.wait
    await asyncio.sleep(0)
    assert desk.sent == []
    desk.may_run = True
    await eventually(lambda: len(desk.sent) == 1, what="a push")
    desk.worker.close()
    may_go_on.set()
    await running
    assert await desk.outcomes() == [("bob", "pushed")]


async def test_a_push_that_was_deleted_while_it_waited_is_forgotten(desk: PushDesk) -> None:
    await desk.register("bob")
    await desk.publish("bob", priority="low")
    await desk.later()
    await desk.store.rows("DELETE FROM lumen_push RETURNING 1")
    assert await desk.later(900_000) == []
    assert await desk.store.number_of("lumen_push_waiting") == 0
