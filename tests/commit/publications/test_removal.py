"""Removal and expiry: counts are exact before, during and after, whoever had read a notification."""

from __future__ import annotations

import asyncio
import json
import random

import pytest

from lumen_notify.commit.marks import purge
from lumen_notify.commit.marks.marks import Action
from lumen_notify.commit.marks.purge import PurgeReceipts, fetch_readers
from lumen_notify.commit.notifications.publication import Publication
from lumen_notify.commit.notifications.publish import Publish
from lumen_notify.commit.publications import removal as module
from lumen_notify.commit.publications.removal import Remove
from lumen_notify.model import EVERYONE, Audience, Event, new_id, rfc3339

from ..store import Store

USERS = ("ann", "bob", "cyd")


async def recount(store: Store, user: str) -> dict[str, int]:
    """Count what is unread in the list itself."""
    rows, _ = await store.inbox.page(
        user, before=2**62, limit=1000, category=None, is_unread=True, is_archived=False
    )
    categories = [json.loads(row.body)["category"] for row in rows]
    return {category: categories.count(category) for category in categories}


async def test_removing_twice_changes_nothing_and_appends_no_event(store: Store) -> None:
    (one,) = await store.publish("ann")
    rows = [(one.id, Audience("user:ann"))]

    assert await store.committer.submit(Remove(rows=rows)) == 1
    assert await store.committer.submit(Remove(rows=rows)) == 0

    assert [event.kind for event in store.events] == ["notification", "expire"]
    assert await store.unread("ann") == {}


async def test_one_audience_of_several_is_removed_alone(store: Store) -> None:
    (one,) = await store.publish("ann", "bob")
    await store.mark("bob", "read", ids=(one.id,))

    await store.committer.submit(Remove(rows=[(one.id, Audience("user:ann"))]))
    store.now += 61_000
    while await store.committer.submit(PurgeReceipts()):
        pass

    assert await store.unread("ann") == {}
    assert await store.unread("bob") == {}
    assert await store.number_of("lumen_receipt") == 1
    assert await store.number_of("lumen_removed_notification") == 0
    await store.mark("bob", "unread", ids=(one.id,))
    assert await store.unread("bob") == {"like": 1}


async def test_notification_that_was_unarchived_stays(store: Store) -> None:
    one, two, three = await store.publish("ann", "bob", number=3)
    await store.mark("ann", "archive", ids=(one.id, two.id))
    store.now += 10
    await store.mark("ann", "archive", ids=(three.id,))
    await store.mark("ann", "unarchive", ids=(one.id,))

    rows = [(each.id, Audience("user:ann")) for each in (one, two, three)]
    assert await store.committer.submit(Remove(rows=rows, archived_before=store.now)) == 1

    assert await store.unread("ann") == {"like": 1}
    assert len(await store.positions("ann")) == 2
    assert len(await store.positions("bob")) == 3


async def test_removed_notification_cannot_be_marked(store: Store) -> None:
    (one,) = await store.publish("ann")
    await store.mark("ann", "read", ids=(one.id,))
    await store.committer.submit(Remove(rows=[(one.id, Audience("user:ann"))]))

    marked = await store.mark("ann", "unread", ids=(one.id,))

    assert (marked.changed, marked.counts.total) == (0, 0)


async def test_receipts_stay_for_a_while_and_counts_are_right_with_and_without_them(store: Store) -> None:
    (one,) = await store.publish("ann")
    await store.publish("ann")
    await store.mark("ann", "read", ids=(one.id,))
    await store.committer.submit(Remove(rows=[(one.id, Audience("user:ann"))]))

    assert await store.committer.submit(PurgeReceipts()) == 0
    assert await store.number_of("lumen_receipt") == 1
    assert await store.unread("ann") == {"like": 1}

    store.now += 60_001
    assert await store.committer.submit(PurgeReceipts()) == 2
    assert await store.number_of("lumen_receipt") == 0
    assert await store.number_of("lumen_removed_notification") == 0
    assert await store.unread("ann") == {"like": 1}


async def test_removal_of_shared_notifications_is_one_event_without_counts(store: Store) -> None:
    one, two = await store.publish(number=2)
    (mine,) = await store.publish("ann", category="comment")
    rows = [(mine.id, Audience("user:ann")), (two.id, EVERYONE), (one.id, EVERYONE)]

    assert await store.committer.submit(Remove(rows=rows)) == 3

    to_all, to_ann = (event for event in store.events if event.kind == "expire")
    assert (to_all.audience, to_ann.audience) == (EVERYONE, "user:ann")
    gone = [[one.id, "like", 1], [two.id, "like", 2]]
    assert json.loads(to_all.body) == {"data": {"ids": [one.id, two.id]}, "gone": gone}
    assert json.loads(to_ann.body)["categories"] == {}
    assert await store.unread("bob") == {}


async def test_readers_are_known_after_the_removal(store: Store) -> None:
    one, two, three = await store.publish(number=3)
    await store.mark("ann", "read", ids=(one.id,))
    await store.mark("ann", "archive", ids=(three.id,))
    await store.mark("bob", "seen")
    await store.mark("cyd", "read")
    await store.mark("cyd", "unread", ids=(two.id,))
    ids = [one.id, two.id]
    await store.committer.submit(Remove(rows=[(id_, EVERYONE) for id_ in ids]))

    readers = await fetch_readers(store.database, ids, ["ann", "bob", "cyd", "dan"])

    assert readers == {"ann": {one.id}, "bob": set(), "cyd": {one.id}, "dan": set()}
    assert await fetch_readers(store.database, ids, []) == {}


@pytest.mark.parametrize("seed", range(5))
async def test_counts_equal_a_recount_after_every_step(
    store: Store, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purge, "STEP_TOMBSTONES", 2)
    monkeypatch.setattr(purge, "STEP_RECEIPTS", 3)
    chance = random.Random(seed)
    there: list[tuple[str, Audience]] = []
    actions: list[Action] = ["read", "unread", "seen", "archive", "unarchive"]
    for _ in range(60):
        match chance.choice(["publish", "mark", "mark", "mark", "remove", "forget"]):
            case "publish":
                users = chance.sample(USERS, chance.randint(0, 3))
                for one in await store.publish(*users, category=chance.choice(["like", "comment"])):
                    there += [(one.id, audience) for audience in map(Audience.user, users)]
                    there += [] if users else [(one.id, EVERYONE)]
            case "mark":
                ids = tuple({id_ for id_, _ in chance.sample(there, min(3, len(there)))})
                await store.mark(chance.choice(USERS), chance.choice(actions), ids=ids)
            case "remove":
                gone = [there.pop(chance.randrange(len(there))) for _ in range(min(2, len(there)))]
                await store.committer.submit(Remove(rows=gone))
            case "forget":
                store.now += chance.choice([0, 61_000])
                await store.committer.submit(PurgeReceipts())
        for user in USERS:
            assert await store.unread(user) == await recount(store, user)
    store.now += 61_000
    while await store.committer.submit(PurgeReceipts()):
        pass
    assert await store.number_of("lumen_removed_notification") == 0
    for user in USERS:
        assert await store.unread(user) == await recount(store, user)


def expired(store: Store) -> list[Event]:
    return [event for event in store.events if event.kind == "expire"]


async def test_notification_is_listed_until_its_expiry_and_shows_it(store: Store) -> None:
    at = store.now + 1000
    (one,) = await store.publish("ann", expires_at=at)
    await store.publish("ann")
    assert json.loads(store.events[0].body)["expires_at"] == rfc3339(at)
    assert "expires_at" not in json.loads(store.events[1].body)

    store.now = at - 1
    await store.expire_due()
    assert await store.unread("ann") == {"like": 2}

    store.now = at
    await store.expire_due()
    assert await store.unread("ann") == {"like": 1}
    assert await store.positions("ann") == [2]
    (event,) = expired(store)
    assert event.audience == "user:ann"
    assert json.loads(event.body)["data"] == {"ids": [one.id]}


async def test_expiry_of_a_shared_notification_removes_it_for_readers_and_others(store: Store) -> None:
    (one,) = await store.publish(expires_at=store.now + 5)
    await store.publish()
    await store.mark("ann", "read", ids=(one.id,))
    await store.mark("bob", "read")
    store.now += 5

    await store.expire_due()

    assert [await store.unread(user) for user in ("ann", "bob", "new")] == [{"like": 1}, {}, {"like": 1}]
    (event,) = expired(store)
    assert (event.audience, json.loads(event.body)["gone"]) == (EVERYONE, [[one.id, "like", 1]])


async def test_expiry_goes_in_small_steps_in_order_of_time(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STEP_NOTIFICATIONS", 4)
    monkeypatch.setattr(module, "STEP_SHARED", 2)
    ids = [(await store.publish("ann", expires_at=store.now + 9 - n))[0].id for n in range(5)]
    for_all = [one.id for one in await store.publish(number=5, expires_at=store.now + 9)]
    store.now += 9

    await store.expire_due()

    went = [(event.audience, json.loads(event.body)["data"]["ids"]) for event in expired(store)]
    assert [sorted(ids[1:])] == [sorted(gone) for audience, gone in went if audience != EVERYONE][:1]
    assert all(len(gone) <= 2 for audience, gone in went if audience == EVERYONE)
    assert sorted(id_ for _, gone in went for id_ in gone) == sorted(ids + for_all)
    assert await store.number_of("lumen_notification") == 0


async def test_a_scheduled_notification_that_expires_before_it_is_due_is_dropped(store: Store) -> None:
    def planned(deliver_at: int, expires_at: int) -> Publication:
        return Publication(
            id=new_id(),
            audiences=(Audience("user:ann"),),
            recipients=1,
            category="like",
            fields={},
            deliver_at=deliver_at,
            expires_at=expires_at,
        )

    at = store.now + 10
    publications = (planned(at, at + 20), planned(at + 5, at + 6), planned(at, at + 7))
    await store.committer.submit(Publish(publications=publications))
    store.now = at + 7

    await store.publish_due()

    assert [json.loads(event.body)["id"] for event in store.events] == [publications[0].id]
    assert json.loads(store.events[0].body)["expires_at"] == rfc3339(at + 20)
    assert await store.number_of("lumen_scheduled_notification") == 0
    store.now = at + 20
    await store.expire_due()
    assert await store.unread("ann") == {}


async def test_instances_that_expire_at_once_remove_each_once(store: Store, other_store: Store) -> None:
    await store.publish("ann", number=30, expires_at=store.now)
    await store.publish(number=30, expires_at=store.now)

    await asyncio.gather(*(each.expire_due() for each in (store, other_store)))

    events = [event for event in await store.log.after(0) if event.kind == "expire"]
    ids = [id_ for event in events for id_ in json.loads(event.body)["data"]["ids"]]
    assert len(ids) == len(set(ids)) == 60
    assert await store.unread("ann") == {}
