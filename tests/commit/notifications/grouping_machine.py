"""Grouping machine: random commands about notifications that merge; clients must agree with a fetch."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from lumen_notify.commit.log import TrimEvents
from lumen_notify.commit.marks.marks import ACTIONS, Action
from lumen_notify.commit.marks.purge import PurgeReceipts
from lumen_notify.commit.publications.removal import Remove
from lumen_notify.model import Audience, Event

from ..publications.desk import ADMIN, edit, retract
from ..shared_text_uses import check_uses
from ..store import Store
from .merging import body_of, publication, publish, rows_of, want_digest


@dataclass
class Reader:
    """A client of one user: what it fetched, and the events since."""

    user: str
    items: dict[str, dict[str, Any]] = field(default_factory=dict)

    def follow(self, event: Event) -> None:
        """Apply one event. Asserts the numbers that it states."""
        body = body_of(event)
        if event.kind == "bundle":
            for item in body["data"]["items"]:
                self._put(item, event.position)
        elif event.kind in {"notification", "update"}:
            item = body if event.kind == "notification" else body["data"]
            assert (item["id"] in self.items) == (event.kind == "update")
            self._put(item, event.position)
        elif event.kind == "notification_edited":
            self.items[body["data"]["id"]].update(body["data"])
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


class GroupingMachine(RuleBasedStateMachine):
    """All that may happen to rows that merge. Each run has users of its own, by the next of `numbers`."""

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
    def publish_digests(self) -> None:
        self.runner.run(self.store.publish_digests())

    @rule()
    def flush_groups(self) -> None:
        self.runner.run(self.store.flush_groups())

    @rule(name=USERS, pick=st.integers(0, 5), content=st.sampled_from(["new", "newer"]))
    def edit(self, name: str, pick: int, content: str) -> None:
        for id_ in self._picked(name, [pick]):
            self.runner.run(edit(self.store, id_, ADMIN, content=content))

    @rule(name=USERS, pick=st.integers(0, 5), sender=st.sampled_from(["s1", "s2", None]))
    def retract(self, name: str, pick: int, sender: str | None) -> None:
        for id_ in self._picked(name, [pick]):
            self.runner.run(retract(self.store, id_, ADMIN, sender))

    @rule()
    def trim(self) -> None:
        self._follow()
        if self.store.events:
            up_to = self.store.events[-1].position
            self.runner.run(self.store.committer.submit(TrimEvents(up_to=up_to)))

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
        self.runner.run(check_uses(self.store))

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
        for event in events:
            for reader in self.readers.values():
                if event.audience == Audience.user(reader.user) or reader.user in event.users:
                    reader.follow(event)


def _without(one: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in one.items() if name != "users"}


def _placed(items: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the fields that hold even for a group with a pending change."""
    names = ("position", "category", "is_seen", "is_read", "is_archived")
    return {id_: [item[name] for name in names] for id_, item in items.items()}
