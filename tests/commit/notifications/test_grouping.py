"""What has one group key is one row, counted once; state + events = fetch, after every step."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from conftest import NewDatabase
from lumen_notify.commit.notifications.marks import ACTIONS, Action
from lumen_notify.commit.notifications.publication import IdempotencyKey, Published
from lumen_notify.commit.notifications.removal import PurgeReceipts, Remove
from lumen_notify.model import Audience, Event

from ..store import Store, opened
from .merging import announced, like, publication, publish, rows_of, want_digest


# ---------------------------------------------------------------------------------------- what a row becomes
async def test_the_first_is_a_notification_and_the_next_an_update_of_its_row(store: Store) -> None:
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


async def test_it_names_the_latest_three_and_the_number_of_all(store: Store) -> None:
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


async def test_one_of_one_transaction_is_one_event(store: Store) -> None:
    answers = await publish(store, *(publication("ann", sender=sender) for sender in "abcde"))

    assert announced(store) == [("notification", 5)]
    assert {(one.id, one.position) for one in answers} == {(answers[0].id, 1)}
    assert [one.status for one in answers] == ["sent", *["merged"] * 4]


async def test_one_that_was_read_or_archived_is_unread_again_at_the_top_at_once(store: Store) -> None:
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


async def test_a_burst_is_told_of_once_a_second_and_its_last_word_is_told_too(store: Store) -> None:
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


async def test_what_was_read_before_it_was_told_comes_back_unread(store: Store) -> None:
    (first, _) = await like(store, "bob", "cyd")
    await store.mark("ann", "read", ids=(first.id,))
    store.now += 1000

    await store.flush_groups()

    assert json.loads(store.events[-1].body)["categories"] == {"like": 1} == await store.unread("ann")
    assert not (await rows_of(store))[0]["is_read"]


async def test_it_is_told_after_a_restart_and_though_the_clock_was_put_back(store: Store) -> None:
    await like(store, "bob", "cyd")
    store.now -= 3_600_000

    await store.flush_groups()

    assert announced(store) == [("notification", 1), ("update", 2)]


async def test_after_it_was_removed_the_next_begins_anew(store: Store) -> None:
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
    assert await store.number_of("merged_actor") == 1
    assert await store.number_of("removed") == 0


async def test_several_of_one_user_in_one_transaction_state_the_counts_at_their_own_places(
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


async def test_a_repeat_by_key_merges_nothing_and_is_answered_alike(store: Store) -> None:
    key = IdempotencyKey(owner="app", key="k", digest="d")
    await like(store, "bob")
    answer = await publish(store, publication(sender="cyd"), key=key)
    assert await publish(store, publication(sender="dan"), key=key) == answer
    assert [row["actors_count"] for row in await rows_of(store)] == [2]


async def test_what_is_scheduled_merges_when_it_leaves(store: Store) -> None:
    (first,) = await like(store, "bob")
    await publish(store, publication(sender="cyd", deliver_at=store.now + 5000))
    assert [row["actors_count"] for row in await rows_of(store)] == [1]

    store.now += 5000
    await store.publish_due()

    assert [(row["id"], row["actors_count"]) for row in await rows_of(store)] == [(first.id, 2)]
    assert announced(store) == [("notification", 1), ("update", 2)]


async def test_two_instances_tell_of_each_once(store: Store, other_store: Store) -> None:
    for number in range(20):
        await like(store, "bob", "cyd", user=f"u{number}")
    store.now += 1000
    other_store.now = store.now

    await asyncio.gather(store.flush_groups(), other_store.flush_groups())

    kinds = Counter(event.kind for event in await store.log.after(0))
    assert kinds == {"notification": 20, "update": 20}


# ------------------------------------------------------------------------------- state + events = fetch
@dataclass
class Reader:
    """A client of one user: what it fetched, and the events since."""

    user: str
    items: dict[str, dict[str, Any]] = field(default_factory=dict)

    def follow(self, event: Event) -> None:
        """Apply one event. Asserts the numbers that it states."""
        body = json.loads(event.body)
        if event.kind == "bundle":
            for item in body["data"]["items"]:
                self._put(item, event.position)
        elif event.kind in {"notification", "update"}:
            item = body if event.kind == "notification" else body["data"]
            assert (item["id"] in self.items) == (event.kind == "update")
            self._put(item, event.position)
        elif event.kind == "expire":
            for id_ in body["data"]["ids"]:
                del self.items[id_]
        elif event.kind in ACTIONS:
            self._mark(event, body["data"])
        if "categories" in body:
            assert self.recount() == body["categories"], event

    def _put(self, item: dict[str, Any], position: int) -> None:
        marks = {"is_seen": False, "is_read": False, "is_archived": False}
        self.items[item["id"]] = {**item, "position": position, **marks}

    def _mark(self, event: Event, selection: dict[str, Any]) -> None:
        ids = selection.get("ids", [id_ for id_, item in self.items.items()])
        for id_ in ids:
            if (item := self.items.get(id_)) is not None:
                item |= {
                    "seen": {"is_seen": True},
                    "read": {"is_seen": True, "is_read": True},
                    "unread": {"is_read": False},
                    "archive": {"is_archived": True},
                    "unarchive": {"is_archived": False},
                }[event.kind]

    def recount(self) -> dict[str, int]:
        unread = [one for one in self.items.values() if not (one["is_read"] or one["is_archived"])]
        return dict(Counter(one["category"] for one in unread))


USERS = st.sampled_from(["ann", "bea"])

ONE = st.fixed_dictionaries(
    {
        "users": st.sets(USERS, min_size=1).map(sorted),
        "sender": st.sampled_from(["s1", "s2", "s3", "s4", "s5"]),
        "category": st.sampled_from(["like", "comment"]),
        "group_key": st.sampled_from(["a", "b", None]),
        "priority": st.sampled_from(["normal", "low", "low"]),
    }
)


class Merged(RuleBasedStateMachine):
    """Everything that may happen to rows that merge, on one store, with users of its own."""

    store: Store
    runner: asyncio.Runner
    numbers: Iterator[int]

    @initialize()
    def begin(self) -> None:
        number = next(self.numbers)
        self.readers = {name: Reader(f"{name}-{number}") for name in ("ann", "bea")}
        self.followed = len(self.store.events)

    @rule(commands=st.lists(st.lists(ONE, min_size=1, max_size=4), min_size=1, max_size=4))
    def publish(self, commands: list[list[dict[str, Any]]]) -> None:
        self.runner.run(self._publish(commands))

    async def _publish(self, commands: list[list[dict[str, Any]]]) -> None:
        await asyncio.gather(
            *(
                publish(
                    self.store,
                    *(
                        publication(*(self.readers[name].user for name in one["users"]), **_without(one))
                        for one in command
                    ),
                )
                for command in commands
            )
        )

    @rule(name=USERS, action=st.sampled_from(ACTIONS), picks=st.sets(st.integers(0, 5), max_size=3))
    def mark(self, name: str, action: Action, picks: set[int]) -> None:
        ids = tuple(self._picked(name, sorted(picks)))
        selection: dict[str, Any] = {"ids": ids} if ids else {}
        self.runner.run(self.store.mark(self.readers[name].user, action, **selection))

    @rule(name=USERS, pick=st.integers(0, 5))
    def remove(self, name: str, pick: int) -> None:
        rows = [(id_, Audience.user(self.readers[name].user)) for id_ in self._picked(name, [pick])]
        self.runner.run(self.store.committer.submit(Remove(rows=rows)))

    @rule(milliseconds=st.sampled_from([10, 999, 1000, 61_000, -5000]))
    def wait(self, milliseconds: int) -> None:
        self.store.now += milliseconds

    @rule(name=USERS, minutes=st.sampled_from([0, 1, 5]))
    def digest(self, name: str, minutes: int) -> None:
        self.runner.run(want_digest(self.store, self.readers[name].user, minutes))

    @rule()
    def publish_bundles(self) -> None:
        self.runner.run(self.store.publish_digests())

    @rule()
    def flush_groups(self) -> None:
        self.runner.run(self.store.flush_groups())

    @rule()
    def forget(self) -> None:
        self.runner.run(self.store.committer.submit(PurgeReceipts()))

    def _picked(self, name: str, picks: Sequence[int]) -> list[str]:
        ids = list(self.readers[name].items)
        return [ids[pick] for pick in picks if pick < len(ids)]

    @invariant()
    def state_and_events_are_what_a_fetch_says(self) -> None:
        if not hasattr(self, "readers"):
            return
        self._follow()
        for reader in self.readers.values():
            fetched = {row["id"]: row for row in self.runner.run(rows_of(self.store, reader.user))}
            assert _placed(reader.items) == _placed(fetched)
            assert reader.recount() == self.runner.run(self.store.unread(reader.user))

    def teardown(self) -> None:
        self.store.now += 300_000
        self.runner.run(self.store.publish_digests())
        self.runner.run(self.store.flush_groups())
        self._follow()
        for reader in self.readers.values():
            fetched = {row["id"]: row for row in self.runner.run(rows_of(self.store, reader.user))}
            assert reader.items == fetched

    def _follow(self) -> None:
        events, self.followed = self.store.events[self.followed :], len(self.store.events)
        by_audience = {Audience.user(reader.user): reader for reader in self.readers.values()}
        for event in events:
            if event.audience in by_audience:
                by_audience[event.audience].follow(event)


def _without(one: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in one.items() if name != "users"}


def _placed(items: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the fields that hold even for a group with a pending change."""
    names = ("position", "category", "is_seen", "is_read", "is_archived")
    return {id_: [item[name] for name in names] for id_, item in items.items()}


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_state_and_events_are_what_a_fetch_says_after_every_step(new_database: NewDatabase) -> None:
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()

        class ThisMerged(Merged):
            pass

        ThisMerged.runner = runner
        ThisMerged.numbers = itertools.count()
        ThisMerged.store = runner.run(stack.enter_async_context(opened(new_database())))
        try:
            run_state_machine_as_test(
                ThisMerged,
                settings=settings(
                    max_examples=60, stateful_step_count=30, suppress_health_check=list(HealthCheck)
                ),
            )
        finally:
            runner.run(stack.aclose())
