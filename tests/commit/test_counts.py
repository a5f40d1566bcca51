"""Whatever happens, and in one transaction with whatever: counts, lists and events agree with plain Python.

Notifications to one, to all and to a room, and such as merge; members who come, go and come back; marks;
categories that are silenced and heard again; ends and removals; receipts that are forgotten, a few at a
time, while all of this goes on.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import pytest

from lumen_notify.commit.notifications import removal
from lumen_notify.commit.notifications.grouping import FlushGroups
from lumen_notify.commit.notifications.marks import ACTIONS, Action, Mark, Selection
from lumen_notify.commit.notifications.publication import Publication
from lumen_notify.commit.notifications.publish import Publish
from lumen_notify.commit.notifications.removal import Expire, PurgeReceipts, Remove, fetch_readers
from lumen_notify.commit.preferences.preferences import ChangePreferences
from lumen_notify.commit.rooms.members import ChangeMembers
from lumen_notify.commit.rooms.rooms import CreateRoom
from lumen_notify.model import EVERYONE, Audience, Event, new_id

from .store import Store

USERS = ("ann", "bob", "cyd", "dan")
AUDIENCES = (*map(Audience.user, USERS), EVERYONE, EVERYONE, *["room:r"] * 6)
CATEGORIES = ("like", "comment")

Choice = Literal["heard", "muted", "hidden"]
CHOICES: dict[Choice, dict[str, bool | None]] = {
    "heard": {"muted": False, "in_app": None},
    "muted": {"muted": True},
    "hidden": {"in_app": False},
}


@dataclass(slots=True)
class Item:
    category: str
    is_read: bool = False
    is_archived: bool = False


@dataclass(slots=True)
class Merged:
    """A row that further ones merge into. told_at: when an event last told of it."""

    id: str
    told_at: int
    is_pending: bool = False


@dataclass
class Plain:
    """What the users have, without a database. boxes: by user, the items by id. choices: of what a user has
    chosen anything about."""

    boxes: dict[str, dict[str, Item]] = field(default_factory=lambda: {user: {} for user in USERS})
    live: dict[str, Publication] = field(default_factory=dict)
    members: set[str] = field(default_factory=lambda: set(USERS[:2]))
    choices: dict[tuple[str, str], Choice] = field(default_factory=dict)
    merged: dict[tuple[str, str], Merged] = field(default_factory=dict)

    def publish(self, publications: Sequence[Publication], now: int) -> None:
        told: list[Merged] = []
        for publication in publications:
            if publication.group_key is None:
                self._add(publication)
                continue
            (audience,) = publication.audiences
            row = self.merged.get((audience, publication.category))
            if row is None or row.id not in self.live:
                row = self.merged[audience, publication.category] = Merged(publication.id, now)
                told.append(row)
                self._add(publication)
                continue
            self.live[row.id] = replace(publication, id=row.id)
            item = self.boxes[audience.removeprefix("user:")][row.id]
            if item.is_read or item.is_archived or now - row.told_at >= 1000 or row in told:
                told.append(row)
                self._tell(row, now)
            else:
                row.is_pending = True

    def tell(self, now: int) -> None:
        for row in self.merged.values():
            if row.is_pending and row.id in self.live and now - row.told_at >= 1000:
                self._tell(row, now)

    def _tell(self, row: Merged, now: int) -> None:
        row.told_at, row.is_pending = now, False
        for box in self.boxes.values():
            if row.id in box:
                box[row.id].is_read = box[row.id].is_archived = False

    def _add(self, publication: Publication) -> None:
        self.live[publication.id] = publication
        (audience,) = publication.audiences
        for user in self.members if audience == "room:r" else USERS:
            if audience in (EVERYONE, "room:r", Audience.user(user)):
                self.boxes[user][publication.id] = Item(publication.category)

    def remove(self, id_: str) -> None:
        del self.live[id_]
        for box in self.boxes.values():
            box.pop(id_, None)

    def expire(self, now: int) -> None:
        ends = {id_: one.expires_at for id_, one in self.live.items() if one.expires_at is not None}
        for id_ in [id_ for id_, end in ends.items() if end <= now]:
            self.remove(id_)

    def leave(self, user: str) -> None:
        self.members.discard(user)
        for id_ in [id_ for id_ in self.boxes[user] if self.live[id_].audiences == ("room:r",)]:
            del self.boxes[user][id_]

    def mark(self, command: Mark) -> None:
        box = self.boxes[command.user_id]
        ids = command.selection.ids
        for item in [item for id_, item in box.items() if ids is None or id_ in ids]:
            match command.action:
                case "read" | "unread":
                    item.is_read = command.action == "read"
                case "archive" | "unarchive":
                    item.is_archived = command.action == "archive"

    def unread(self, user: str) -> dict[str, int]:
        items = self.boxes[user].values()
        return dict(
            Counter(
                item.category
                for item in items
                if not (item.is_read or item.is_archived) and self.choice(user, item.category) == "heard"
            )
        )

    def choice(self, user: str, category: str) -> Choice:
        return self.choices.get((user, category), "heard")


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
    """Random commands, some in one transaction. A batch is told to Plain in the order of the writers."""

    def __init__(self, store: Store, seed: int) -> None:
        self.store = store
        self.chance = random.Random(seed)
        self.plain = Plain()
        self.follower = Follower(store)

    async def begin(self) -> None:
        creator, member = USERS[:2]
        room = CreateRoom(id="r", kind="public", creator=creator, title=None, members=(member,))
        await self.store.committer.submit(room)

    async def step(self) -> None:
        chance = self.chance
        self.store.now += chance.choice([0, 0, 1, 1000, 20_000, 61_000])
        order = ("publish", "tell", "expire", "remove", "forget", "member", "choose", "mark")
        kinds = (*order, "publish", "publish", "mark", "mark")
        chosen = {chance.choice(kinds) for _ in range(chance.choice([1, 1, 2, 4]))}
        batch: list[Any] = []
        for kind in sorted(chosen, key=order.index):
            batch += getattr(self, f"_{kind}")()
        chance.shuffle(batch)
        await asyncio.gather(*(self.store.committer.submit(command) for command in batch))
        await self.check()

    async def check(self) -> None:
        await self.follower.catch_up()
        for user in USERS:
            expected = self.plain.unread(user)
            assert await self.store.unread(user) == expected, user
            assert +self.follower.numbers[user] == expected, user
            rows = await self.store.inbox.page(
                user, before=2**62, limit=1000, category=None, is_unread=True, is_archived=False
            )
            listed = Counter(json.loads(row.body)["category"] for row in rows)
            for category in CATEGORIES:
                choice = self.plain.choice(user, category)
                assert choice == "muted" or listed[category] == expected.get(category, 0), (user, choice)

    async def forget_all(self) -> None:
        self.store.now += 61_000
        for _ in range(200):
            if not await self.store.committer.submit(PurgeReceipts()):
                break
            await self.check()
        assert await self.store.number_of("removed") == 0

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
        self.plain.publish([*others, *merging], self.store.now)
        return [Publish(publications=(*merging, *others))]

    def _tell(self) -> list[FlushGroups]:
        self.plain.tell(self.store.now)
        return [FlushGroups()]

    def _choose(self) -> list[ChangePreferences]:
        user, category = self.chance.choice(USERS), self.chance.choice(CATEGORIES)
        choice = self.chance.choice(list(CHOICES))
        self.plain.choices[user, category] = choice
        change = CHOICES["heard"] | CHOICES[choice]
        return [ChangePreferences(user_id=user, choices={category: change})]

    def _expire(self) -> list[Expire]:
        self.plain.expire(self.store.now)
        return [Expire(query="expired_before")]

    def _remove(self) -> list[Remove]:
        ids = self.chance.sample(sorted(self.plain.live), min(2, len(self.plain.live)))
        rows = [(id_, self.plain.live[id_].audiences[0]) for id_ in ids]
        for id_ in ids:
            self.plain.remove(id_)
        return [Remove(rows=rows)]

    def _forget(self) -> list[PurgeReceipts]:
        return [PurgeReceipts()]

    def _member(self) -> list[ChangeMembers]:
        user = self.chance.choice(USERS)
        is_in = user in self.plain.members
        if is_in:
            self.plain.leave(user)
        else:
            self.plain.members.add(user)
        action: Any = "remove" if is_in else "put"
        return [ChangeMembers(room_id="r", caller=user, action=action, users=(user,))]

    def _mark(self) -> list[Mark]:
        marks = []
        for user in self.chance.sample(USERS, 2):
            there = sorted(self.plain.live)
            ids = tuple(self.chance.sample(there, min(4, len(there)))) if self.chance.random() < 0.8 else None
            action: Action = self.chance.choice(ACTIONS)
            marks.append(Mark(user_id=user, action=action, selection=Selection(ids=ids)))
            self.plain.mark(marks[-1])
        return marks


@pytest.mark.parametrize("seed", range(6))
async def test_counts_lists_and_events_agree_after_every_transaction(
    store: Store, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(removal, "STEP_TOMBSTONES", 3)
    monkeypatch.setattr(removal, "STEP_RECEIPTS", 2)
    run = Run(store, seed)
    await run.begin()
    for _ in range(80):
        await run.step()
    await run.forget_all()
