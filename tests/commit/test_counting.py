"""Whatever happens, and in one transaction with whatever: counts, lists and events agree with plain Python.

Notifications to one, to all and to a room; members who come, go and come back; marks; ends and removals;
receipts that are forgotten, a few at a time, while all of this goes on.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from lumen_notify.commit import removal
from lumen_notify.commit.expiry import Expire
from lumen_notify.commit.marks import ACTIONS, Action, Mark, Selection
from lumen_notify.commit.members import ChangeMembers
from lumen_notify.commit.notifications import Publication, Publish
from lumen_notify.commit.removal import Forget, Remove, settled_of
from lumen_notify.commit.rooms import CreateRoom
from lumen_notify.model import EVERYONE, Event, new_id, user_audience

from .store import Store

USERS = ("ann", "bob", "cyd", "dan")
AUDIENCES = (*map(user_audience, USERS), EVERYONE, EVERYONE, *["room:r"] * 6)
CATEGORIES = ("like", "comment")


@dataclass(slots=True)
class Item:
    category: str
    is_read: bool = False
    is_archived: bool = False


@dataclass
class Plain:
    """What the users have, without a database. boxes: by user, the items by id."""

    boxes: dict[str, dict[str, Item]] = field(default_factory=lambda: {user: {} for user in USERS})
    live: dict[str, Publication] = field(default_factory=dict)
    members: set[str] = field(default_factory=lambda: set(USERS[:2]))

    def publish(self, publication: Publication) -> None:
        self.live[publication.id] = publication
        (audience,) = publication.audiences
        for user in self.members if audience == "room:r" else USERS:
            if audience in (EVERYONE, "room:r", user_audience(user)):
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
        return dict(Counter(item.category for item in items if not (item.is_read or item.is_archived)))


class Follower:
    """What connected users are shown: numbers moved along by events alone, as `deliver` does."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._seen = 0
        self.numbers: dict[str, Counter[str]] = {user: Counter() for user in USERS}
        self.since: dict[str, int] = {}

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
            if event.kind == "joined":
                self.since[user] = event.position
            elif event.kind == "left":
                del self.since[user]
        elif event.kind == "notification":
            assert event.category is not None
            for user in self._audience(event.audience):
                self.numbers[user][event.category] += 1
        elif event.kind == "expire":
            settled = await settled_of(self._store.database, body["data"]["ids"], USERS)
            for user in self._audience(event.audience):
                since = self.since[user] if event.audience == "room:r" else 0
                for id_, category, position in body["gone"]:
                    if position > since and id_ not in settled[user]:
                        self.numbers[user][category] -= 1

    def _audience(self, audience: str) -> Sequence[str]:
        if audience == "room:r":
            return list(self.since)
        return [user for user in USERS if audience in (EVERYONE, user_audience(user))]


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
        kinds = ("publish", "publish", "mark", "mark", "member", "expire", "remove", "forget")
        chosen = sorted({chance.choice(kinds) for _ in range(chance.choice([1, 1, 2, 4]))}, key=kinds.index)
        order = ("publish", "expire", "remove", "forget", "member", "mark")
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
            assert Counter(json.loads(row.body)["category"] for row in rows) == expected, user

    async def forget_all(self) -> None:
        self.store.now += 61_000
        for _ in range(200):
            if not await self.store.committer.submit(Forget()):
                break
            await self.check()
        assert await self.store.number_of("removed") == 0

    def _publish(self) -> list[Publish]:
        publications = tuple(
            Publication(
                id=new_id(),
                audiences=(self.chance.choice(AUDIENCES),),
                recipients=1,
                category=self.chance.choice(CATEGORIES),
                fields={},
                expires_at=self.store.now + 30_000 if self.chance.random() < 0.4 else None,
            )
            for _ in range(self.chance.randint(1, 3))
        )
        for publication in publications:
            self.plain.publish(publication)
        return [Publish(publications=publications)]

    def _expire(self) -> list[Expire]:
        self.plain.expire(self.store.now)
        return [Expire(which="expired_before")]

    def _remove(self) -> list[Remove]:
        ids = self.chance.sample(sorted(self.plain.live), min(2, len(self.plain.live)))
        rows = [(id_, self.plain.live[id_].audiences[0]) for id_ in ids]
        for id_ in ids:
            self.plain.remove(id_)
        return [Remove(rows=rows)]

    def _forget(self) -> list[Forget]:
        return [Forget()]

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
    monkeypatch.setattr(removal, "STEP_REMOVED", 3)
    monkeypatch.setattr(removal, "STEP_SETTLED", 2)
    run = Run(store, seed)
    await run.begin()
    for _ in range(80):
        await run.step()
    await run.forget_all()
