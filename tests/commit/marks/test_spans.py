"""Spans: a mark of many does what marks of each would do, and costs one row."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest

from lumen_notify.commit.marks import purge
from lumen_notify.commit.marks.marks import ACTIONS, Action
from lumen_notify.commit.marks.purge import PurgeReceipts, fetch_readers
from lumen_notify.commit.notifications.inbox import Listed
from lumen_notify.commit.notifications.publication import Publication
from lumen_notify.commit.notifications.publish import Publish
from lumen_notify.commit.publications.removal import Expire, Remove
from lumen_notify.commit.rooms.members import ChangeMembers
from lumen_notify.commit.rooms.rooms import CreateRoom
from lumen_notify.model import EVERYONE, Audience, new_id

from ..store import DAY_MS, Store

USERS = ("ann", "twin")
BOTH = tuple(map(Audience.user, USERS))
CATEGORIES = ("like", "comment")


class Twins:
    """Two users who get the same, and do the same: ann marks spans, her twin marks each notification."""

    def __init__(self, store: Store, seed: int) -> None:
        self.store = store
        self.chance = random.Random(seed)
        self.is_in_room = True

    async def begin(self) -> None:
        room = CreateRoom(id="r", kind="public", creator="owner", members=USERS)
        await self.store.committer.submit(room)

    async def step(self) -> None:
        kinds = (
            *("publish", "publish", "remove", "expire", "purge"),
            *("member", "mark_ids", "mark_span", "mark_span"),
        )
        self.store.now += self.chance.choice([0, 1, 1000, 20_000, 61_000])
        await getattr(self, f"_{self.chance.choice([*kinds, 'publish', 'mark_span'])}")()
        await self.check()

    async def check(self) -> None:
        """Both have the same lists and counts, and are told the same of a removal."""
        ann, twin = [await self.marks(user) for user in USERS]
        assert ann == twin
        assert await self.store.unread("ann") == await self.store.unread("twin")
        removed = await self._rows(
            "SELECT r.id, r.removed_at FROM lumen_removed_notification r"
            " WHERE r.audience NOT LIKE 'user:%' AND r.position > "
            "coalesce((SELECT max(m.joined_position) FROM lumen_member m WHERE r.audience = 'room:r'), 0)"
        )
        since = self.store.now - purge.PURGE_SECONDS * 1000
        readers = await fetch_readers(self.store.database, [id_ for id_, at in removed if at > since], USERS)
        assert readers["ann"] == readers["twin"]

    async def marks(self, user: str) -> dict[str, tuple[bool, ...]]:
        return {
            one.id: (one.seen_at is not None, one.read_at is not None, one.archived_at is not None)
            for one in await self.listed(user)
        }

    async def listed(self, user: str, **filters: Any) -> list[Listed]:
        every: dict[str, Any] = {"category": None, "is_unread": None, "is_archived": None, **filters}
        page, _ = await self.store.inbox.page(user, before=2**62, limit=1000, **every)
        return list(page)

    async def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        async with self.store.database.transaction() as transaction:
            return [tuple(row) for row in await transaction.run_sql(sql)]

    async def _publish(self) -> None:
        audiences, group_key = self.chance.choice(
            [((EVERYONE,), None), ((Audience.room("r"),), None), (BOTH, None), (BOTH, "k")]
        )
        publications = tuple(
            Publication(
                id=new_id(),
                audiences=audiences,
                recipients=None,
                category=self.chance.choice(CATEGORIES),
                fields={"sender": {"id": "bob"}},
                expires_at=self.store.now + 30_000 if self.chance.random() < 0.3 else None,
                group_key=group_key,
            )
            for _ in range(self.chance.randint(1, 4))
        )
        await self.store.committer.submit(Publish(publications=publications))

    async def _remove(self) -> None:
        rows = await self._rows("SELECT DISTINCT id FROM lumen_notification ORDER BY id")
        chosen = self.chance.sample(rows, min(2, len(rows)))
        everywhere = [
            (id_, Audience(audience))
            for (one,) in chosen
            for id_, audience in await self._rows(
                f"SELECT id, audience FROM lumen_notification WHERE id = '{one}'"  # noqa: S608
            )
        ]
        await self.store.committer.submit(Remove(rows=everywhere))

    async def _expire(self) -> None:
        await self.store.committer.submit(Expire(query="expired_before"))

    async def _purge(self) -> None:
        await self.store.committer.submit(PurgeReceipts())

    async def _member(self) -> None:
        self.is_in_room = not self.is_in_room
        action: Any = "put" if self.is_in_room else "remove"
        for user in USERS:
            change = ChangeMembers(room_id="r", caller=user, action=action, users=(user,))
            await self.store.committer.submit(change)

    async def _mark_ids(self) -> None:
        ids = [one.id for one in await self.listed("ann")]
        await self._mark(self.chance.choice(ACTIONS), tuple(self.chance.sample(ids, min(3, len(ids)))))

    async def _mark_span(self) -> None:
        there = await self.listed("ann")
        category = self.chance.choice([None, None, *CATEGORIES])
        up_to = self.chance.choice(
            [None, None, *(one.position - self.chance.choice([0, 1]) for one in there)]
        )
        ids = tuple(
            one.id
            for one in (there if category is None else await self.listed("ann", category=category))
            if up_to is None or one.position <= up_to
        )
        await self._mark(self.chance.choice(ACTIONS), ids, category=category, up_to=up_to)

    async def _mark(self, action: Action, ids: tuple[str, ...], **span: Any) -> None:
        ann, twin = await asyncio.gather(
            self.store.mark("ann", action, **(span or {"ids": ids})), self.store.mark("twin", action, ids=ids)
        )
        assert ann.changed == twin.changed, (action, span)
        assert ann.counts.as_fields() == twin.counts.as_fields()


@pytest.mark.parametrize("seed", range(4))
async def test_span_does_what_marks_of_each_would_do(
    store: Store, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purge, "STEP_TOMBSTONES", 3)
    monkeypatch.setattr(purge, "STEP_RECEIPTS", 2)
    monkeypatch.setattr(purge, "STEP_PAIRS", 2)
    twins = Twins(store, seed)
    await twins.begin()
    for _ in range(90):
        await twins.step()
    store.now += DAY_MS
    while await store.committer.submit(PurgeReceipts()):
        await twins.check()
    assert await store.number_of("lumen_removed_notification") == 0
    await store.retention(notifications_seconds=1).sweep()
    store.now += DAY_MS
    await store.retention(notifications_seconds=1).sweep()
    assert [
        await store.number_of(table)
        for table in ("lumen_notification", "lumen_active_total", "lumen_read_count", "lumen_receipt")
    ] == [0] * 4


async def test_mark_of_many_is_one_row_for_each_category(store: Store) -> None:
    for category in CATEGORIES:
        await store.publish(category=category, number=50)
    actions: tuple[Action, ...] = ("seen", "read", "unread", "archive", "unarchive")
    for action in actions:
        assert (await store.mark("ann", action)).changed == 100
        assert (await store.mark("ann", action)).changed == 0
    assert [await store.number_of(table) for table in ("lumen_receipt", "lumen_span")] == [0, 2]
    assert await store.unread("ann") == await store.unread("bob") == dict.fromkeys(CATEGORIES, 50)


async def test_spans_of_notifications_that_are_gone_are_deleted(store: Store) -> None:
    for _ in range(20):
        await store.publish()
        await store.mark("ann", "read")
        store.now += DAY_MS
        await store.retention(notifications_seconds=86_400 * 3).sweep()
    assert await store.number_of("lumen_span") <= 5
