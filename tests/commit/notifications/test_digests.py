"""What is of low priority comes together, once, and each of it is a row of its own."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from lumen_notify.commit.notifications import digests as module
from lumen_notify.commit.notifications.publication import IdempotencyKey, Published
from lumen_notify.commit.preferences.preferences import ChangePreferences
from lumen_notify.model import EVERYONE

from ..store import Store
from .merging import body_of, like, publication, publish, rows_of, want_digest

MINUTE_MS = 60_000


async def low(store: Store, *users: str, **more: Any) -> Published:
    """Publish one of low priority that merges with nothing."""
    (published,) = await publish(store, publication(*users, priority="low", **{"group_key": None} | more))
    return published


def digests(store: Store, user: str = "ann") -> list[dict[str, Any]]:
    mine = [event for event in store.events if event.audience == f"user:{user}" and event.kind == "bundle"]
    return [body_of(event) for event in mine]


async def test_low_priority_notifications_wait_and_are_delivered_as_one_event(store: Store) -> None:
    await want_digest(store, "ann", 10)
    first = await low(store, content="one")
    store.now += 4 * MINUTE_MS
    second = await low(store, content="two", category="comment")
    store.now += 6 * MINUTE_MS - 1
    await store.publish_digests()
    assert first == Published(id=first.id, recipients=1, position=None, status="bundled")
    assert (await rows_of(store), await store.unread("ann")) == ([], {})

    store.now += 1
    await store.publish_digests()
    await store.publish_digests()

    (digest,) = digests(store)
    assert digest["categories"] == {"like": 1, "comment": 1} == await store.unread("ann")
    rows = await rows_of(store)
    assert [row["id"] for row in rows] == [second.id, first.id]
    assert {row["position"] for row in rows} == {store.events[-1].position}
    assert digest["data"]["items"] == [
        {name: row[name] for name in item} for row, item in zip(rows, digest["data"]["items"], strict=True)
    ]
    assert rows[0]["created_at"] > rows[1]["created_at"]
    assert await store.number_of("lumen_digest_item") == 0


async def test_next_digest_is_due_after_its_own_first_notification(store: Store) -> None:
    await want_digest(store, "ann", 10)
    for content in ("one", "two"):
        await low(store, content=content)
        store.now += 10 * MINUTE_MS
        await store.publish_digests()
    assert [len(digest["data"]["items"]) for digest in digests(store)] == [1, 1]


@pytest.mark.parametrize("priority", ["normal", "high", "urgent"])
async def test_notification_of_another_priority_is_delivered_at_once(store: Store, priority: str) -> None:
    await want_digest(store, "ann", 10)
    (published,) = await publish(store, publication(group_key=None, priority=priority))
    assert published.position == store.events[-1].position
    assert await store.unread("ann") == {"like": 1}


async def test_notification_waits_only_for_users_with_digests(store: Store) -> None:
    await want_digest(store, "ann", 10)
    published = await low(store, "ann", "bea", "cyd")

    assert (published.recipients, published.status) == (3, "sent")
    assert published.position == store.events[-1].position
    assert [await store.unread(user) for user in ("ann", "bea", "cyd")] == [{}, {"like": 1}, {"like": 1}]
    store.now += 10 * MINUTE_MS
    await store.publish_digests()
    assert [row["id"] for row in await rows_of(store)] == [published.id]


async def test_notification_to_everyone_is_not_in_a_digest(store: Store) -> None:
    await want_digest(store, "ann", 10)
    one = publication(group_key=None, priority="low")
    everyones = type(one)(
        id=one.id, audiences=(EVERYONE,), recipients=None, category="like", fields=one.fields
    )
    await publish(store, everyones)
    assert await store.unread("ann") == {"like": 1}


async def test_switching_digests_off_delivers_what_waits(store: Store) -> None:
    await want_digest(store, "ann", 60)
    await low(store)
    await want_digest(store, "ann", 0)
    await store.publish_digests()
    assert await store.unread("ann") == {"like": 1}


async def test_shorter_interval_delivers_what_waits_earlier(store: Store) -> None:
    await want_digest(store, "ann", 60)
    await low(store)
    await want_digest(store, "ann", 5)
    store.now += 5 * MINUTE_MS
    await store.publish_digests()
    assert await store.unread("ann") == {"like": 1}


async def test_notification_with_a_group_key_merges_when_its_digest_is_due(store: Store) -> None:
    (first,) = await like(store, "bob")
    await store.mark("ann", "read", ids=(first.id,))
    await want_digest(store, "ann", 10)
    for sender in ("cyd", "dan"):
        await low(store, sender=sender, group_key="photo-7")
        await low(store, sender=sender, group_key="photo-8")
    assert [row["actors_count"] for row in await rows_of(store)] == [1]

    store.now += 10 * MINUTE_MS
    await store.publish_digests()

    (digest,) = digests(store)
    counts = {item["group_key"]: item["actors_count"] for item in digest["data"]["items"]}
    assert counts == {"photo-7": 3, "photo-8": 2}
    assert first.id in [item["id"] for item in digest["data"]["items"]]
    assert digest["categories"] == {"like": 2} == await store.unread("ann")
    assert len(await rows_of(store)) == 2


async def test_burst_of_one_group_is_few_events(store: Store) -> None:
    await want_digest(store, "ann", 10)
    await publish(store, *(publication(sender=f"s{number}", priority="low") for number in range(1500)))
    store.now += 10 * MINUTE_MS

    await store.publish_digests()

    assert [digest["data"]["items"][0]["actors_count"] for digest in digests(store)] == [1000, 1500]
    assert [digest["categories"] for digest in digests(store)] == [{"like": 1}] * 2
    assert len(await rows_of(store)) == 1


async def test_category_that_was_silenced_meanwhile_is_not_shown(store: Store) -> None:
    await want_digest(store, "ann", 10)
    await low(store, category="like")
    await low(store, category="comment")
    muted = {"like": {"muted": True}}
    await store.committer.submit(ChangePreferences(user_id="ann", choices=muted))
    store.now += 10 * MINUTE_MS
    await store.publish_digests()
    await low(store, category="like")
    store.now += 10 * MINUTE_MS
    await store.publish_digests()

    assert [[item["category"] for item in one["data"]["items"]] for one in digests(store)] == [
        ["comment"],
        [],
    ]
    assert [event.category for event in store.events[-2:]] == [None, "like"]
    assert await store.unread("ann") == {"comment": 1}
    assert len(await rows_of(store)) == 3


async def test_notification_that_expires_before_its_digest_is_dropped(store: Store) -> None:
    await want_digest(store, "ann", 10)
    await low(store, expires_at=store.now + MINUTE_MS)
    store.now += 10 * MINUTE_MS
    await store.publish_digests()
    assert (digests(store), await rows_of(store)) == ([], [])
    assert await store.number_of("lumen_digest_item") == 0


async def test_repeat_by_key_waits_once_and_gets_the_first_answer(store: Store) -> None:
    await want_digest(store, "ann", 10)
    key = IdempotencyKey(owner="app", key="k", digest="d")
    one, two = (publication(group_key=None, priority="low") for _ in range(2))
    assert await publish(store, one, key=key) == await publish(store, two, key=key)
    assert await store.number_of("lumen_digest_item") == 1


async def test_digest_that_is_too_large_for_one_event_is_split(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_DIGEST_BYTES", 2600)
    monkeypatch.setattr(module, "MAX_DIGEST_ROWS", 4)
    await want_digest(store, "ann", 10)
    for number in range(9):
        await low(store, content="x" * (900 if number < 4 else 1))
    store.now += 10 * MINUTE_MS

    await store.publish_digests()

    assert [len(digest["data"]["items"]) for digest in digests(store)] == [2, 4, 3]
    assert [digest["categories"]["like"] for digest in digests(store)] == [2, 6, 9]
    ids = [row["id"] for row in await rows_of(store)]
    assert ids == sorted(ids, reverse=True)


async def test_two_instances_publish_each_digest_once(store: Store, other_store: Store) -> None:
    for number in range(30):
        await want_digest(store, f"u{number}", 5)
        for _ in range(3):
            await low(store, f"u{number}")
    store.now += 5 * MINUTE_MS
    other_store.now = store.now

    await asyncio.gather(*(each.publish_digests() for each in (store, other_store)))

    kinds = Counter(event.kind for event in await store.log.after(0))
    assert kinds["bundle"] == 30
    assert [await store.unread(f"u{number}") for number in range(30)] == [{"like": 3}] * 30


async def test_page_may_end_within_a_digest(store: Store) -> None:
    await like(store, "bob", group_key=None)
    await want_digest(store, "ann", 5)
    for _ in range(5):
        await low(store)
    store.now += 5 * MINUTE_MS
    await store.publish_digests()
    filters: dict[str, Any] = {"category": None, "is_unread": None, "is_archived": None}

    found: list[str] = []
    following: tuple[int, str] | None = (2**62, "")
    while following is not None:
        before, before_id = following
        page, following = await store.inbox.page(
            "ann", before=before, before_id=before_id, limit=2, **filters
        )
        found += [row.id for row in page]

    assert found == [row["id"] for row in await rows_of(store)]
    assert len(found) == 6


async def test_a_digest_is_due_when_the_clock_has_been_set_back(store: Store) -> None:
    await want_digest(store, "ann", 5)
    await low(store)
    for minutes in (0, 1):
        store.now -= minutes * MINUTE_MS
        await store.publish_digests()
        assert await rows_of(store) == [], "the clocks of two instances may differ by so much"
    store.now -= MINUTE_MS
    await store.publish_digests()
    assert len(await rows_of(store)) == 1
    await low(store)
    store.now += 5 * MINUTE_MS
    await store.publish_digests()
    assert len(await rows_of(store)) == 2
