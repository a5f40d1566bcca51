"""Retention: removes what is too old and nothing else; the log's head states what was trimmed."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from lumen_notify.commit.jobs import retention as module
from lumen_notify.commit.log import TrimEvents
from lumen_notify.commit.notifications.publication import IdempotencyKey
from lumen_notify.commit.publications.removal import Remove
from lumen_notify.model import EVERYONE, Audience
from supervised import supervised

from ..store import DAY_MS, Store

ANY: dict[str, Any] = {
    "before": 2**62,
    "limit": 20,
    "category": None,
    "is_unread": None,
    "is_archived": None,
}
KEY = IdempotencyKey(owner="app", key="k", digest="d")


async def test_old_events_are_trimmed_and_the_floor_moves(store: Store) -> None:
    await store.publish(number=3)
    store.now += DAY_MS
    await store.publish(number=2)

    await store.retention(events_seconds=86_399).sweep()

    assert [event.position for event in await store.log.after(0)] == [4, 5]
    head = await store.log.head()
    assert (head.floor, head.position) == (3, 5)


async def test_events_over_the_number_are_trimmed_once_they_are_a_minute_old(store: Store) -> None:
    await store.publish(number=5)
    retention = store.retention(events=2)

    await retention.sweep()
    assert (await store.log.head()).floor == 0

    store.now += 60_001
    await retention.sweep()
    assert [event.position for event in await store.log.after(0)] == [4, 5]
    assert (await store.log.head()).floor == 3


@pytest.mark.parametrize("is_trimmed_first", [True, False])
async def test_shared_body_goes_with_the_last_row_that_has_it(store: Store, is_trimmed_first: bool) -> None:
    store.now += DAY_MS
    ((one,), (other,)) = await store.publish("ann", "bob", "cyd"), await store.publish("ann", "bob")
    users = [Audience.user(user) for user in ("ann", "bob", "cyd")]

    async def trim() -> None:
        await store.committer.submit(TrimEvents(up_to=1))
        await store.committer.submit(TrimEvents(up_to=2))

    async def remove() -> None:
        await store.committer.submit(Remove(rows=[(one.id, users[0])]))
        assert await store.number_of("lumen_content") == 2
        await store.committer.submit(Remove(rows=[(one.id, user) for user in users[1:]]))

    for step in (trim, remove) if is_trimmed_first else (remove, trim):
        assert await store.number_of("lumen_content") == 2
        await step()
    assert await store.number_of("lumen_content") == 1
    ((kept,), _) = await store.inbox.page("bob", **ANY)
    assert (kept.id, json.loads(kept.body)["id"]) == (other.id, other.id)
    await store.retention(notifications_seconds=1, events_seconds=1).sweep()
    store.now += DAY_MS
    await store.retention(notifications_seconds=1, events_seconds=1).sweep()
    assert await store.number_of("lumen_content") == 0


async def test_positions_continue_after_all_events_are_trimmed(store: Store) -> None:
    await store.publish(number=2)
    store.now += DAY_MS
    await store.retention(events_seconds=60).sweep()
    ((position, body),) = await store.rows("SELECT position, body FROM lumen_event")
    assert (position, body) == (2, "{}"), "which event was the newest is still known"

    ((published),) = await store.publish()

    assert published.position == 3
    assert await store.unread("ann") == {"like": 3}


async def test_nothing_is_removed_if_everything_is_kept_for_ever(store: Store) -> None:
    ((one,),) = [await store.publish("ann", key=KEY)]
    await store.mark("ann", "archive")
    await store.mark("ann", "read", ids=(one.id,))
    store.now += 10_000 * DAY_MS

    await store.retention().sweep()

    for table in (
        "lumen_event",
        "lumen_notification",
        "lumen_receipt",
        "lumen_span",
        "lumen_idempotency_key",
    ):
        assert await store.number_of(table) > 0, table


async def test_old_idempotency_keys_are_deleted_and_can_be_used_again(store: Store) -> None:
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


async def test_old_archived_notifications_are_removed_by_an_event(store: Store) -> None:
    one, two = await store.publish("ann", "bob", number=2)
    await store.mark("ann", "read", ids=(one.id,))
    await store.mark("ann", "archive", ids=(one.id,))
    store.now += DAY_MS
    await store.mark("ann", "archive", ids=(two.id,))

    await store.retention(archived_seconds=86_399).sweep()

    assert await store.positions("ann") == [two.position]
    assert len(await store.positions("bob")) == 2
    (event,) = [event for event in store.events if event.kind == "expire"]
    assert event.audience == "user:ann"
    assert json.loads(event.body) == {"data": {"ids": [one.id]}, "categories": {}, "rooms": {}, "silent": []}


async def test_archived_notifications_are_removed_in_time_while_others_stay(
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
        left.append(await store.number_of("lumen_notification"))

    assert left == [9, 18, 21, 24]
    store.now += DAY_MS
    await retention.sweep()
    assert await store.number_of("lumen_notification") == 12


async def test_shared_notification_stays_if_one_user_archived_it(store: Store) -> None:
    await store.publish()
    await store.mark("ann", "archive")
    store.now += DAY_MS

    await store.retention(archived_seconds=60).sweep()

    assert await store.positions("ann", is_archived=True) == [1]
    assert await store.unread("bob") == {"like": 1}
    assert {event.audience for event in store.events if event.kind == "expire"} <= {EVERYONE}


async def test_old_notifications_are_removed_read_or_not_for_any_audience(store: Store) -> None:
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


async def test_newest_notifications_of_each_audience_stay(
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


async def test_concurrent_sweeps_keep_what_is_to_be_kept(store: Store) -> None:
    await store.publish("ann", number=7)
    await store.publish(number=8)

    await asyncio.gather(*(store.retention(notifications=3).sweep() for _ in range(4)))

    assert await store.number_of("lumen_notification") == 6
    assert await store.unread("ann") == {"like": 6}


async def test_sweep_continues_at_the_audience_where_the_last_one_stopped(
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


async def test_large_sweep_takes_small_steps_with_other_writes_between_them(
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

    assert await store.number_of("lumen_event") == len(store.events) - 9, (
        "the newest one that was trimmed is empty"
    )
    assert await store.positions("ann") == []
    expired = [json.loads(event.body)["data"]["ids"] for event in store.events if event.kind == "expire"]
    assert [len(ids) for ids in expired] == [2, 2, 2, 2, 1]
    assert len(await store.positions("bob")) > 5


async def test_sweeps_continue_after_one_that_failed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
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
    async with supervised(retention.run):
        await asyncio.wait_for(done.wait(), 10)

    assert (await store.log.head()).floor == 3
