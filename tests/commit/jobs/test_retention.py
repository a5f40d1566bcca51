"""Retention takes what is too old, nothing else, and says in the log's head what it took."""

from __future__ import annotations

import asyncio
import json

import pytest

from lumen_notify.commit.jobs import retention as module
from lumen_notify.commit.notifications.publication import IdempotencyKey
from lumen_notify.model import EVERYONE

from ..store import DAY_MS, Store

KEY = IdempotencyKey(owner="app", key="k", digest="d")


async def test_events_go_by_age_and_the_floor_says_so(store: Store) -> None:
    await store.publish(number=3)
    store.now += DAY_MS
    await store.publish(number=2)

    await store.retention(events_seconds=86_399).sweep()

    assert [event.position for event in await store.log.after(0)] == [4, 5]
    head = await store.log.head()
    assert (head.floor, head.position) == (3, 5)


async def test_events_go_by_number_once_they_are_a_minute_old(store: Store) -> None:
    await store.publish(number=5)
    retention = store.retention(events=2)

    await retention.sweep()
    assert (await store.log.head()).floor == 0

    store.now += 60_001
    await retention.sweep()
    assert [event.position for event in await store.log.after(0)] == [4, 5]
    assert (await store.log.head()).floor == 3


async def test_positions_go_on_after_all_events_have_gone(store: Store) -> None:
    await store.publish(number=2)
    store.now += DAY_MS
    await store.retention(events_seconds=60).sweep()
    assert await store.number_of("event") == 0

    ((published),) = await store.publish()

    assert published.position == 3
    assert await store.unread("ann") == {"like": 3}


async def test_nothing_goes_where_everything_is_kept_for_ever(store: Store) -> None:
    await store.publish("ann", key=KEY)
    await store.mark("ann", "archive")
    store.now += 10_000 * DAY_MS

    await store.retention().sweep()

    for table in ("event", "notification", "receipt", "idempotency"):
        assert await store.number_of(table) > 0, table


async def test_idempotency_keys_go_by_age_and_can_be_used_again(store: Store) -> None:
    await store.publish("ann", key=KEY)
    retention = store.retention(idempotency_seconds=3600)
    store.now += 3_600_000
    await retention.sweep()
    await store.publish("ann", key=KEY)
    assert await store.unread("ann") == {"like": 1}

    store.now += 1
    await retention.sweep()
    await store.publish("ann", key=KEY)

    assert await store.unread("ann") == {"like": 2}


async def test_what_a_user_archived_goes_from_his_archive_by_an_event(store: Store) -> None:
    one, two = await store.publish("ann", "bob", number=2)
    await store.mark("ann", "read", ids=(one.id,))
    await store.mark("ann", "archive", ids=(one.id,))
    store.now += DAY_MS
    await store.mark("ann", "archive", ids=(two.id,))

    await store.retention(archived_seconds=86_399).sweep()

    assert two.position is not None
    assert await store.positions("ann") == [two.position - 1]
    assert len(await store.positions("bob")) == 2
    (event,) = [event for event in store.events if event.kind == "expire"]
    assert event.audience == "user:ann"
    assert json.loads(event.body) == {"data": {"ids": [one.id]}, "categories": {}, "rooms": {}, "silent": []}


async def test_each_goes_from_the_archive_in_its_time_however_much_stays_there(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STEP_NOTIFICATIONS", 2)
    retention = store.retention(archived_seconds=60)
    left = []
    for _ in range(4):
        await store.publish("ann", "bob", number=3)
        await store.publish(number=3)
        await store.mark("ann", "archive")
        await store.mark("bob", "archive", category="like")
        store.now += 30_000
        await retention.sweep()
        left.append(await store.number_of("notification"))

    assert left == [9, 18, 21, 24]
    store.now += DAY_MS
    await retention.sweep()
    assert await store.number_of("notification") == 12


async def test_what_is_for_all_stays_when_one_archives_it(store: Store) -> None:
    await store.publish()
    await store.mark("ann", "archive")
    store.now += DAY_MS

    await store.retention(archived_seconds=60).sweep()

    assert await store.positions("ann", is_archived=True) == [1]
    assert await store.unread("bob") == {"like": 1}
    assert {event.audience for event in store.events if event.kind == "expire"} <= {EVERYONE}


async def test_notifications_go_by_age_read_or_not_whoever_they_are_for(store: Store) -> None:
    old = [(await store.publish("ann"))[0], (await store.publish("ann"))[0], (await store.publish())[0]]
    await store.mark("ann", "read", ids=(old[0].id,))
    store.now += DAY_MS
    await store.publish("ann")
    await store.publish()

    await store.retention(notifications_seconds=86_399).sweep()

    assert len(await store.positions("ann")) == 2
    assert (await store.unread("ann"), await store.unread("bob")) == ({"like": 2}, {"like": 1})
    events = [event for event in store.events if event.kind == "expire"]
    assert [event.audience for event in events] == [EVERYONE, "user:ann"]
    assert {id_ for event in events for id_ in json.loads(event.body)["data"]["ids"]} == {
        one.id for one in old
    }


async def test_the_newest_of_each_audience_stay_however_many_have_too_many(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("STEP_AUDIENCES", "STEP_NOTIFICATIONS", "STEP_SHARED"):
        monkeypatch.setattr(module, name, 2)
    await store.publish("ann", "bob", number=7)
    await store.publish("cyd", number=3)
    await store.publish(number=8)
    newest = {user: (await store.positions(user))[8:11] for user in ("ann", "bob", "cyd")}

    await store.retention(notifications=3).sweep()

    for user, positions in newest.items():
        assert (await store.positions(user))[3:] == positions
        assert await store.unread(user) == {"like": 6}


async def test_two_that_trim_at_once_leave_what_is_to_be_kept(store: Store) -> None:
    await store.publish("ann", number=7)
    await store.publish(number=8)

    await asyncio.gather(*(store.retention(notifications=3).sweep() for _ in range(4)))

    assert await store.number_of("notification") == 6
    assert await store.unread("ann") == {"like": 6}


async def test_with_many_audiences_a_round_goes_on_where_the_last_one_stopped(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STEP_AUDIENCES", 2)
    monkeypatch.setattr(module, "ROUND_STEPS", 1)
    users = [f"u{number}" for number in range(5)]
    await store.publish(*users, number=2)
    retention = store.retention(notifications=1)

    rounds = []
    for _ in range(4):
        await retention.sweep()
        rounds.append([len(await store.positions(user)) for user in users])
        await store.publish("u0")

    assert rounds == [[1, 1, 2, 2, 2], [2, 1, 1, 1, 2], [3, 1, 1, 1, 1], [1, 1, 1, 1, 1]]


async def test_a_long_way_is_gone_in_small_steps_with_other_writes_between_them(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("STEP_EVENTS", "STEP_KEYS", "STEP_NOTIFICATIONS"):
        monkeypatch.setattr(module, name, 2)
    monkeypatch.setattr("lumen_notify.commit.notifications.idempotency.STEP_KEYS", 2)
    await store.publish("ann", number=9)
    await store.mark("ann", "archive")
    store.now += DAY_MS
    sweep = asyncio.create_task(store.retention(events_seconds=60, archived_seconds=60).sweep())
    while not sweep.done():
        await store.publish("bob")
    await sweep

    assert await store.number_of("event") == len(store.events) - 10
    assert await store.positions("ann") == []
    expired = [json.loads(event.body)["data"]["ids"] for event in store.events if event.kind == "expire"]
    assert [len(ids) for ids in expired] == [2, 2, 2, 2, 1]
    assert len(await store.positions("bob")) > 5


async def test_rounds_go_on_after_one_that_failed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROUND_SECONDS", 0)
    await store.publish(number=3)
    store.now += DAY_MS
    retention = store.retention(events_seconds=60)
    tries = 0
    done = asyncio.Event()
    sweep = retention.sweep

    async def fail_once() -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise RuntimeError("made up by a test")
        await sweep()
        done.set()

    monkeypatch.setattr(retention, "sweep", fail_once)
    retention.start()
    await asyncio.wait_for(done.wait(), 10)
    await retention.close()

    assert (await store.log.head()).floor == 3
