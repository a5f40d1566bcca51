"""What is scheduled leaves at its time, in order, once; and can be taken back until then."""

from __future__ import annotations

import asyncio
import json

import pytest

from lumen_notify.commit.notifications import schedule as module
from lumen_notify.commit.notifications.publication import IdempotencyKey, Publication, Published
from lumen_notify.commit.notifications.publish import Publish
from lumen_notify.commit.notifications.schedule import Cancel, PublishDue, Schedule
from lumen_notify.model import Audience, new_id

from ..store import Store


async def plan(
    store: Store, deliver_at: int, *users: str, owner: str = "app", key: IdempotencyKey | None = None
) -> Published:
    publication = Publication(
        id=new_id(),
        audiences=tuple(map(Audience.user, users or ("ann",))),
        recipients=len(users) or 1,
        category="like",
        fields={"content": f"for {deliver_at}"},
        deliver_at=deliver_at,
        owner=owner,
    )
    (published,) = await store.committer.submit(Publish(publications=(publication,), key=key))
    assert isinstance(published, Published)
    return published


async def test_scheduled_notification_is_not_listed_before_it_is_due(store: Store) -> None:
    published = await plan(store, store.now + 1000)

    assert published.position is None
    await store.publish_due()
    assert (store.events, await store.unread("ann"), await store.positions("ann")) == ([], {}, [])

    store.now += 1000
    await store.publish_due()
    (event,) = store.events
    assert json.loads(event.body)["id"] == published.id
    assert event.created_at == store.now
    assert await store.unread("ann") == {"like": 1}
    assert await store.number_of("lumen_scheduled_notification") == 0


async def test_due_notifications_are_published_in_the_order_of_their_times(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STEP_ROWS", 3)
    begin = store.now
    times = [5, 1, 3, 3, 2, 9, 4, 3, 20]
    planned = [(time, (await plan(store, begin + time)).id) for time in times]
    store.now += 10

    await store.publish_due()

    left = [json.loads(event.body)["id"] for event in store.events]
    assert left == [id_ for time, id_ in sorted(planned) if time <= 10]
    assert await store.number_of("lumen_scheduled_notification") == 1


async def test_step_is_limited_by_rows_and_never_splits_a_notification(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STEP_ROWS", 4)
    users = [f"u{number}" for number in range(9)]
    for number, some in enumerate((users[:3], users[:2], users, users[:1])):
        await plan(store, store.now + number, *some)
    store.now += 10

    steps: list[int] = []
    while await store.committer.submit(PublishDue()):
        steps.append(len(store.events) - sum(steps))

    assert steps == [2, 1, 1], "to 5, to 9 and to 1 of them"


async def test_two_instances_publish_each_due_notification_once(store: Store, other_store: Store) -> None:
    for number in range(50):
        await plan(store, store.now + number)
    store.now += 100
    other_store.now = store.now

    await asyncio.gather(*(each.publish_due() for each in (store, other_store)))

    bodies = [json.loads(event.body)["id"] for event in await store.log.after(0)]
    assert len(bodies) == len(set(bodies)) == 50
    assert await store.unread("ann") == {"like": 50}


async def test_a_repeat_with_the_same_key_schedules_nothing(store: Store) -> None:
    key = IdempotencyKey(owner="app", key="k", digest="d")

    first = await plan(store, store.now + 10, key=key)
    assert await plan(store, store.now + 10, key=key) == first
    assert await store.number_of("lumen_scheduled_notification") == 1


async def test_cancelled_notification_is_never_published(store: Store) -> None:
    published = await plan(store, store.now + 10)

    assert not await store.committer.submit(Cancel(id=published.id, owner="somebody else"))
    assert await store.committer.submit(Cancel(id=published.id, owner="app"))
    assert not await store.committer.submit(Cancel(id=published.id, owner=None))

    store.now += 10
    await store.publish_due()
    assert store.events == []


async def test_owner_lists_their_own_notifications_and_an_admin_lists_all(store: Store) -> None:
    ids = [
        (await plan(store, store.now + 10 - number // 3, owner=f"o{number % 2}")).id for number in range(9)
    ]

    schedule = Schedule(store.database)
    found: list[str] = []
    after = (0, "")
    while page := await schedule.page("o1", after=after, limit=2):
        found += [one.id for one in page]
        after = (page[-1].deliver_at, page[-1].id)
    assert found == [ids[number] for number in (7, 3, 5, 1)]

    assert {one.id for one in await schedule.page(None, after=(0, ""), limit=100)} == set(ids)


async def test_another_instance_publishes_what_is_due(store: Store, other_store: Store) -> None:
    await plan(store, store.now + 10)
    other_store.now = store.now + 10

    await other_store.publish_due()

    assert await store.unread("ann") == {"like": 1}
