"""Counts: after every transaction, counts, lists and events agree with a model in plain Python.

The commands are random: notifications to a user, to all and to a room, some of which merge; members who join,
leave and join again; marks; categories that are silenced and shown again; expiries and removals; users who
delete from their own list, and publishers who edit and take back. Receipts are purged in between, a few at a
time.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from lumen_notify.commit.counts import UnreadCounts
from lumen_notify.commit.database import Database
from lumen_notify.commit.log import Log
from lumen_notify.commit.marks import purge
from lumen_notify.commit.marks.marks import ACTIONS, Action, Mark, Selection
from lumen_notify.commit.marks.purge import PurgeReceipts, fetch_readers
from lumen_notify.commit.notifications.grouping import FlushGroups
from lumen_notify.commit.notifications.publication import Publication
from lumen_notify.commit.notifications.publish import Publish
from lumen_notify.commit.preferences.preferences import ChangePreferences
from lumen_notify.commit.publications.callers import Caller
from lumen_notify.commit.publications.deletion import DeleteOwn
from lumen_notify.commit.publications.edits import EditNotification
from lumen_notify.commit.publications.removal import Expire, Remove
from lumen_notify.commit.publications.retraction import Retract
from lumen_notify.commit.rooms.members import ChangeMembers
from lumen_notify.commit.rooms.rooms import CreateRoom
from lumen_notify.model import EVERYONE, Audience, Event, new_id

from .counts_model import CHOICES, USERS, Model
from .notifications.publishing import publication, write
from .store import Store

ADMIN = Caller(user_id="root", is_admin=True)
AUDIENCES = (*map(Audience.user, USERS), EVERYONE, EVERYONE, *["room:r"] * 6)
CATEGORIES = ("like", "comment")

ORDER: tuple[str, ...] = (
    *("publish", "flush", "edit", "retract", "expire", "remove", "purge"),
    *("member", "choose", "mark", "delete"),
)
"""Of the handlers."""


class Follower:
    """What connected users are shown: numbers moved along by events alone, as `deliver` does."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._seen = 0
        self.numbers: dict[str, Counter[str]] = {user: Counter() for user in USERS}
        self.since: dict[str, int] = {}
        self.silent: dict[str, frozenset[str]] = dict.fromkeys(USERS, frozenset())

    async def catch_up(self) -> None:
        events = self._store.events[self._seen :]
        self._seen += len(events)
        for event in events:
            if event.kind not in ("notification_edited", "rewritten"):
                await self._follow(event)

    async def _follow(self, event: Event) -> None:
        body = json.loads(event.body)
        if event.audience.startswith("user:") and event.kind != "notification":
            user = event.audience.removeprefix("user:")
            self.numbers[user] = Counter(body["categories"])
            self.silent[user] = frozenset(body.get("silent", self.silent[user]))
            if event.kind == "joined":
                self.since[user] = event.position
            elif event.kind == "left":
                del self.since[user]
        elif event.kind == "notification":
            assert event.category is not None
            for user in self._audience(event.audience):
                self.numbers[user][event.category] += event.category not in self.silent[user]
        elif event.kind == "expire":
            readers = await fetch_readers(self._store.database, body["data"]["ids"], USERS)
            for user in self._audience(event.audience):
                since = self.since[user] if event.audience == "room:r" else 0
                for id_, category, position in body["gone"]:
                    if position > since and id_ not in readers[user] and category not in self.silent[user]:
                        self.numbers[user][category] -= 1

    def _audience(self, audience: str) -> Sequence[str]:
        if audience == "room:r":
            return list(self.since)
        return [user for user in USERS if audience in (EVERYONE, Audience.user(user))]


class Run:
    """Random commands, some in one transaction; the model gets them in the order of their handlers."""

    def __init__(self, store: Store, seed: int) -> None:
        self.store = store
        self.chance = random.Random(seed)
        self.model = Model()
        self.follower = Follower(store)

    async def begin(self) -> None:
        creator, member = USERS[:2]
        room = CreateRoom(id="r", kind="public", creator=creator, title=None, members=(member,))
        await self.store.committer.submit(room)

    async def step(self) -> None:
        chance = self.chance
        self.store.now += chance.choice([0, 0, 1, 1000, 20_000, 61_000])
        kinds = (*ORDER, "publish", "publish", "publish", "mark", "mark")
        chosen = {chance.choice(kinds) for _ in range(chance.choice([1, 1, 2, 4]))}
        batch: list[Any] = []
        for kind in sorted(chosen, key=ORDER.index):
            batch += getattr(self, f"_{kind}")()
        chance.shuffle(batch)
        await asyncio.gather(*(self.store.committer.submit(command) for command in batch))
        await self.check()

    async def check(self) -> None:
        await self.follower.catch_up()
        for user in USERS:
            expected = self.model.unread(user)
            assert await self.store.unread(user) == expected, user
            assert +self.follower.numbers[user] == expected, user
            rows, _ = await self.store.inbox.page(
                user, before=2**62, limit=1000, category=None, is_unread=True, is_archived=False
            )
            listed = Counter(json.loads(row.body)["category"] for row in rows)
            for category in CATEGORIES:
                choice = self.model.choice(user, category)
                assert choice == "muted" or listed[category] == expected.get(category, 0), (user, choice)

    async def purge_all(self) -> None:
        self.store.now += 61_000
        for _ in range(200):
            if not await self.store.committer.submit(PurgeReceipts()):
                break
            await self.check()
        assert await self.store.number_of("lumen_removed_notification") == 0

    def _publish(self) -> list[Publish]:
        publications = tuple(
            Publication(
                id=new_id(),
                audiences=(Audience(self.chance.choice(AUDIENCES)),),
                recipients=1,
                category=self.chance.choice(CATEGORIES),
                fields={"sender": {"id": self.chance.choice(USERS)}},
                expires_at=self.store.now + 30_000 if self.chance.random() < 0.4 else None,
            )
            for _ in range(self.chance.randint(1, 3))
        )
        # What merges is written after the rest.
        mixed = [one.audiences[0].startswith("user:") and self.chance.random() < 0.7 for one in publications]
        merging = [
            replace(one, group_key="k") for one, is_so in zip(publications, mixed, strict=True) if is_so
        ]
        others = [one for one, is_so in zip(publications, mixed, strict=True) if not is_so]
        self.model.publish([*others, *merging], self.store.now)
        return [Publish(publications=(*merging, *others))]

    def _flush(self) -> list[FlushGroups]:
        self.model.flush(self.store.now)
        return [FlushGroups()]

    def _choose(self) -> list[ChangePreferences]:
        user, category = self.chance.choice(USERS), self.chance.choice(CATEGORIES)
        choice = self.chance.choice(list(CHOICES))
        self.model.choices[user, category] = choice
        change = CHOICES["shown"] | CHOICES[choice]
        return [ChangePreferences(user_id=user, choices={category: change})]

    def _expire(self) -> list[Expire]:
        self.model.expire(self.store.now)
        return [Expire(query="expired_before")]

    def _remove(self) -> list[Remove]:
        ids = self.chance.sample(sorted(self.model.live), min(2, len(self.model.live)))
        rows = [(id_, self.model.live[id_].audiences[0]) for id_ in ids]
        for id_ in ids:
            self.model.remove(id_)
        return [Remove(rows=rows)]

    def _edit(self) -> list[EditNotification]:
        ids = self.chance.sample(sorted(self.model.live), min(2, len(self.model.live)))
        text = str(self.chance.random())
        return [EditNotification(id=id_, caller=ADMIN, changes={"content": text}) for id_ in ids]

    def _retract(self) -> list[Retract]:
        ids = self.chance.sample(sorted(self.model.live), min(1, len(self.model.live)))
        for id_ in ids:
            self.model.remove(id_)
        return [Retract(id=id_, caller=ADMIN) for id_ in ids]

    def _delete(self) -> list[DeleteOwn]:
        user, there = self.chance.choice(USERS), sorted(self.model.live)
        ids = tuple(self.chance.sample(there, min(4, len(there)))) if self.chance.random() < 0.8 else None
        self.model.delete(user, ids)
        return [DeleteOwn(user_id=user, selection=Selection(ids=ids))]

    def _purge(self) -> list[PurgeReceipts]:
        return [PurgeReceipts()]

    def _member(self) -> list[ChangeMembers]:
        user = self.chance.choice(USERS)
        is_in = user in self.model.members
        if is_in:
            self.model.leave(user)
        else:
            self.model.members.add(user)
        action: Any = "remove" if is_in else "put"
        return [ChangeMembers(room_id="r", caller=user, action=action, users=(user,))]

    def _mark(self) -> list[Mark]:
        marks = []
        for user in self.chance.sample(USERS, 2):
            there = sorted(self.model.live)
            ids = tuple(self.chance.sample(there, min(4, len(there)))) if self.chance.random() < 0.8 else None
            action: Action = self.chance.choice(ACTIONS)
            marks.append(Mark(user_id=user, action=action, selection=Selection(ids=ids)))
            self.model.mark(marks[-1])
        return marks


@pytest.mark.parametrize("seed", range(6))
async def test_counts_lists_and_events_agree_after_every_transaction(
    store: Store, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purge, "STEP_TOMBSTONES", 3)
    monkeypatch.setattr(purge, "STEP_RECEIPTS", 2)
    run = Run(store, seed)
    await run.begin()
    for _ in range(80):
        await run.step()
    await run.purge_all()


async def test_counts_of_many_users_come_from_one_snapshot(log: Log, database: Database) -> None:
    await write(log, Publish(publications=(publication("ann", "bob"), publication(category="system"))))
    found = await UnreadCounts(database).fetch(["ann", "bob", "cyd"])
    assert {user: dict(one.counts.categories) for user, one in found.items()} == {
        "ann": {"like": 1, "system": 1},
        "bob": {"like": 1, "system": 1},
        "cyd": {"system": 1},
    }
    assert {one.position for one in found.values()} == {2}
    assert found["ann"].counts.total == 2


async def test_counts_come_with_the_end_of_the_log_at_which_they_hold(store: Store) -> None:
    assert (await store.counts.fetch(["ann"]))["ann"].cursor == (await store.log.head()).cursor
    await write(store.log, Publish(publications=(publication("ann"), publication("bob"))))
    found = await store.counts.fetch(["ann", "bob"])
    assert {one.cursor for one in found.values()} == {(await store.log.head()).cursor}
    assert found["ann"].position == 2
    assert await store.counts.fetch([]) == {}
