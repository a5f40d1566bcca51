"""Grouping: notifications with one group key are one row; state and events agree with a fetch."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections import Counter
from contextlib import AsyncExitStack

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from conftest import NewDatabase
from lumen_notify.commit.marks.purge import PurgeReceipts
from lumen_notify.commit.notifications import grouping as module
from lumen_notify.commit.notifications.grouping import FlushGroups
from lumen_notify.commit.notifications.publication import IdempotencyKey, Published
from lumen_notify.commit.publications.removal import Remove
from lumen_notify.model import Audience

from ..store import Store, opened
from .grouping_machine import GroupingMachine
from .merging import announced, like, publication, publish, rows_of


async def test_first_is_a_notification_and_the_next_is_an_update_of_its_row(store: Store) -> None:
    (first,) = await like(store, "bob")
    store.now += 1000
    (second,) = await like(store, "cyd")

    assert (first.status, first.position) == ("sent", 1)
    assert second == Published(id=first.id, recipients=1, position=2, status="merged")
    (row,) = await rows_of(store)
    assert (row["id"], row["position"], row["group_key"]) == (first.id, 2, "photo-7")
    assert [actor["username"] for actor in row["actors"]] == ["Cyd", "Bob"]
    assert row["sender"]["id"] == "cyd"
    assert await store.unread("ann") == {"like": 1}
    assert announced(store) == [("notification", 1), ("update", 2)]
    update = json.loads(store.events[1].body)
    assert (update["categories"], store.events[1].category) == ({"like": 1}, "like")
    assert update["data"] == {name: value for name, value in row.items() if name in update["data"]}


async def test_group_names_its_latest_three_senders_and_the_number_of_all(store: Store) -> None:
    for sender in ("a", "b", "c", "d", "b", "a"):
        store.now += 1000
        await like(store, sender, content=f"by {sender}")

    (row,) = await rows_of(store)
    assert [actor["id"] for actor in row["actors"]] == ["a", "b", "d"]
    assert row["actors_count"] == 4
    assert row["content"] == "by a"
    assert await store.unread("ann") == {"like": 1}


async def test_other_keys_categories_and_users_have_rows_of_their_own(store: Store) -> None:
    await publish(
        store,
        publication("ann", "bea"),
        publication("ann", group_key="photo-8"),
        publication("ann", category="comment"),
        publication("ann", group_key=None),
        publication("ann", group_key=None),
    )
    assert await store.unread("ann") == {"like": 4, "comment": 1}
    assert await store.unread("bea") == {"like": 1}
    assert [row.get("actors_count") for row in await rows_of(store)] == [1, 1, 1, None, None]


async def test_group_of_one_transaction_is_one_event(store: Store) -> None:
    answers = await publish(store, *(publication("ann", sender=sender) for sender in "abcde"))

    assert announced(store) == [("notification", 5)]
    assert {(one.id, one.position) for one in answers} == {(answers[0].id, 1)}
    assert [one.status for one in answers] == ["sent", *["merged"] * 4]


async def test_group_that_was_read_or_archived_is_unread_again_at_the_top_at_once(store: Store) -> None:
    (first,) = await like(store, "bob")
    await like(store, "bob", group_key=None)
    for action in ("read", "archive"):
        await store.mark("ann", action, ids=(first.id,))
        assert await store.unread("ann") == {"like": 1}
        (answer,) = await like(store, "cyd")

        assert answer.position == store.events[-1].position
        assert json.loads(store.events[-1].body)["categories"] == {"like": 2}
        row = (await rows_of(store))[0]
        assert (row["id"], row["position"]) == (first.id, answer.position)
        assert [row[mark] for mark in ("is_seen", "is_read", "is_archived")] == [False] * 3
        assert await store.unread("ann") == {"like": 2}


async def test_burst_is_announced_once_a_second_with_its_last_state(store: Store) -> None:
    (first,) = await like(store, "s0")
    answers = await like(store, *(f"s{number}" for number in range(1, 50)))

    assert announced(store) == [("notification", 1)]
    assert {(one.id, one.position, one.status) for one in answers} == {(first.id, 1, "merged")}
    assert [row["actors_count"] for row in await rows_of(store)] == [50]

    store.now += 999
    await store.flush_groups()
    assert len(store.events) == 1
    store.now += 1
    await store.flush_groups()
    await store.flush_groups()
    assert announced(store) == [("notification", 1), ("update", 50)]
    assert [row["position"] for row in await rows_of(store)] == [2]


async def test_group_that_was_read_before_its_update_becomes_unread(store: Store) -> None:
    (first, _) = await like(store, "bob", "cyd")
    await store.mark("ann", "read", ids=(first.id,))
    store.now += 1000

    await store.flush_groups()

    assert json.loads(store.events[-1].body)["categories"] == {"like": 1} == await store.unread("ann")
    assert not (await rows_of(store))[0]["is_read"]


async def test_pending_group_is_announced_even_if_the_clock_was_set_back(store: Store) -> None:
    await like(store, "bob", "cyd")
    store.now -= 3_600_000

    await store.flush_groups()

    assert announced(store) == [("notification", 1), ("update", 2)]


async def test_notification_after_a_removal_starts_a_new_group(store: Store) -> None:
    first, _ = await like(store, "bob", "cyd")
    await store.committer.submit(Remove(rows=[(first.id, Audience("user:ann"))]))
    store.now += 1000
    await store.flush_groups()

    (again,) = await like(store, "cyd")

    assert again.status == "sent"
    (row,) = await rows_of(store)
    assert (row["id"], row["actors_count"]) == (again.id, 1)
    assert [event.kind for event in store.events] == ["notification", "expire", "notification"]
    store.now += 61_000
    while await store.committer.submit(PurgeReceipts()):
        pass
    assert await store.number_of("lumen_notification_group_actor") == 1
    assert await store.number_of("lumen_removed_notification") == 0


async def test_updates_of_one_transaction_state_the_counts_at_their_own_positions(
    store: Store,
) -> None:
    first = await publish(store, *(publication(group_key=key) for key in "abc"))
    await store.mark("ann", "read", ids=tuple(one.id for one in first))
    begin = len(store.events)

    await publish(
        store,
        *(publication(group_key=key, sender="dan") for key in "abc"),
        publication(group_key=None, category="comment"),
        publication(group_key="d"),
    )

    events = store.events[begin:]
    assert [event.kind for event in events] == ["notification", "notification", "update", "update", "update"]
    assert [json.loads(event.body)["categories"] for event in events[2:]] == [
        {"comment": 1, "like": number} for number in (2, 3, 4)
    ]


async def test_groups_of_many_users_are_announced_in_steps(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STEP_ROWS", 2)
    users = ("ann", "bea", "cyd")
    (first,) = await publish(store, publication(*users))
    await store.mark("bea", "read", ids=(first.id,))
    store.now += 1000
    number = len(store.events)

    (answer,) = await publish(store, publication(*users, sender="dan"))

    assert (answer.status, answer.position, len(store.events)) == ("merged", number, number)
    assert [await store.unread(user) for user in users] == [{"like": 1}, {}, {"like": 1}]
    assert await store.committer.submit(FlushGroups()) == 2
    await store.flush_groups()
    assert announced(store)[number:] == [("update", 2)] * 3
    assert await store.unread("bea") == {"like": 1}


async def test_repeat_by_key_merges_nothing_and_gets_the_first_answer(store: Store) -> None:
    key = IdempotencyKey(owner="app", key="k", digest="d")
    await like(store, "bob")
    answer = await publish(store, publication(sender="cyd"), key=key)
    assert await publish(store, publication(sender="dan"), key=key) == answer
    assert [row["actors_count"] for row in await rows_of(store)] == [2]


async def test_scheduled_notification_merges_when_it_is_due(store: Store) -> None:
    (first,) = await like(store, "bob")
    await publish(store, publication(sender="cyd", deliver_at=store.now + 5000))
    assert [row["actors_count"] for row in await rows_of(store)] == [1]

    store.now += 5000
    await store.publish_due()

    assert [(row["id"], row["actors_count"]) for row in await rows_of(store)] == [(first.id, 2)]
    assert announced(store) == [("notification", 1), ("update", 2)]


async def test_two_instances_announce_each_group_once(store: Store, other_store: Store) -> None:
    for number in range(20):
        await like(store, "bob", "cyd", user=f"u{number}")
    store.now += 1000
    other_store.now = store.now

    await asyncio.gather(store.flush_groups(), other_store.flush_groups())

    kinds = Counter(event.kind for event in await store.log.after(0))
    assert kinds == {"notification": 20, "update": 20}


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_state_and_events_agree_with_a_fetch_after_every_step(new_database: NewDatabase) -> None:
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()

        class Machine(GroupingMachine):
            pass

        Machine.runner = runner
        Machine.numbers = itertools.count()
        Machine.store = runner.run(stack.enter_async_context(opened(new_database())))
        try:
            run_state_machine_as_test(
                Machine,
                settings=settings(
                    max_examples=60, stateful_step_count=30, suppress_health_check=list(HealthCheck)
                ),
            )
        finally:
            runner.run(stack.aclose())
