"""What has an end is gone at it, for everybody, by an event; whatever it is that comes in between."""

from __future__ import annotations

import asyncio
import json

import pytest

from lumen_notify.commit.notifications import removal as module
from lumen_notify.commit.notifications.publication import Publication
from lumen_notify.commit.notifications.publish import Publish
from lumen_notify.model import EVERYONE, Audience, Event, new_id, rfc3339

from ..store import Store


def expired(store: Store) -> list[Event]:
    return [event for event in store.events if event.kind == "expire"]


async def test_it_is_there_until_its_time_and_says_so(store: Store) -> None:
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


async def test_what_is_for_all_goes_for_all_whether_they_had_read_it_or_not(store: Store) -> None:
    (one,) = await store.publish(expires_at=store.now + 5)
    await store.publish()
    await store.mark("ann", "read", ids=(one.id,))
    await store.mark("bob", "read")
    store.now += 5

    await store.expire_due()

    assert [await store.unread(user) for user in ("ann", "bob", "new")] == [{"like": 1}, {}, {"like": 1}]
    (event,) = expired(store)
    assert (event.audience, json.loads(event.body)["gone"]) == (EVERYONE, [[one.id, "like", 1]])


async def test_many_go_in_small_steps_in_the_order_of_their_times(
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
    assert await store.number_of("notification") == 0


async def test_a_scheduled_one_that_has_expired_when_it_is_due_is_dropped(store: Store) -> None:
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
    assert await store.number_of("scheduled") == 0
    store.now = at + 20
    await store.expire_due()
    assert await store.unread("ann") == {}


async def test_instances_that_look_at_once_remove_each_once(store: Store, other_store: Store) -> None:
    await store.publish("ann", number=30, expires_at=store.now)
    await store.publish(number=30, expires_at=store.now)

    await asyncio.gather(*(each.expire_due() for each in (store, other_store)))

    events = [event for event in await store.log.after(0) if event.kind == "expire"]
    ids = [id_ for event in events for id_ in json.loads(event.body)["data"]["ids"]]
    assert len(ids) == len(set(ids)) == 60
    assert await store.unread("ann") == {}
