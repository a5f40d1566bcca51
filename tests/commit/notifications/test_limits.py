"""Limits: no user gets or sends more than they allow, at any concurrency; the answer says what happens."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from lumen_notify.commit.notifications.batch import Limiting
from lumen_notify.commit.notifications.publication import IdempotencyKey, Publication, Published
from lumen_notify.commit.notifications.publish import Publish, publish_mentions
from lumen_notify.commit.preferences.categories import Limits
from lumen_notify.errors import Invalid, RateLimited
from lumen_notify.model import EVERYONE, Audience, new_id
from lumen_notify.rates import Rate

from ..store import Store

HOUR_MS = 3_600_000


def one(*users: str, category: str = "like", sender: str = "bob", **fields: Any) -> Publication:
    """Make one publication, to everyone without users."""
    return Publication(
        id=new_id(),
        audiences=tuple(map(Audience.user, users)) or (EVERYONE,),
        recipients=len(users) or None,
        category=category,
        fields={"sender": {"id": sender}, "content": "hi"},
        owner="app",
        **fields,
    )


async def post(store: Store, *publications: Publication, key: str | None = None) -> Sequence[Published]:
    kept = None if key is None else IdempotencyKey(owner="app", key=key, digest="d")
    published: Sequence[Published] = await store.committer.submit(
        Publish(publications=publications, key=kept)
    )
    return published


async def limited(store: Store, rate: str, over: Any = "refuse") -> None:
    await store.define("like", limits=Limits(per_recipient=rate, over=over))


async def statuses(store: Store, number: int, *users: str) -> list[str]:
    """Publish a number, one by one; return the status of each."""
    found: list[str] = []
    for _ in range(number):
        try:
            (published,) = await post(store, one(*(users or ("ann",))))
            found.append(published.status)
        except RateLimited as refusal:
            found.append(f"in {refusal.retry_after_seconds} s")
    return found


async def test_publishes_to_any_instance_count_together(store: Store, other_store: Store) -> None:
    for one_store in (store, other_store):
        one_store.limiting = Limiting(per_sender=Rate.parse("7/hour"))
    await limited(store, "3/hour")
    by_recipient = [one("ann") for _ in range(6)]
    by_sender = [one(f"u{number}") for number in range(12)]
    for limit, allowed, group in (("recipient", 3, by_recipient), ("sender", 4, by_sender)):
        answers = await asyncio.gather(
            *(post((store, other_store)[n % 2], item) for n, item in enumerate(group)), return_exceptions=True
        )
        refusals = [answer.limit for answer in answers if isinstance(answer, RateLimited)]
        assert refusals == [limit] * (len(group) - allowed)
    assert await store.number_of("lumen_notification") == 7


async def test_notification_over_the_limit_is_refused_until_the_limit_allows_it(
    store: Store,
) -> None:
    await limited(store, "3/hour")
    assert await statuses(store, 5) == ["sent", "sent", "sent", "in 1200 s", "in 1200 s"]
    assert await statuses(store, 1, "cyd") == ["sent"]
    (published,) = await post(store, one("ann", category="news"))
    assert published.status == "sent"

    store.now += 1_199_000
    assert await statuses(store, 1) == ["in 1 s"]
    store.now += 1_000
    assert await statuses(store, 2) == ["sent", "in 1200 s"]
    store.now += HOUR_MS
    assert await statuses(store, 4) == ["sent", "sent", "sent", "in 1200 s"]
    assert await store.unread("ann") == {"like": 7, "news": 1}


async def test_notifications_over_the_limit_are_delayed_and_sent_in_order(store: Store) -> None:
    await limited(store, "2/hour", "delay")
    begin = store.now
    answers = [(await post(store, one("ann")))[0] for _ in range(5)]
    assert [answer.status for answer in answers] == ["sent"] * 2 + ["delayed"] * 3
    due = [answer.deliver_at for answer in answers[2:]]
    assert due == [begin + half * HOUR_MS // 2 for half in (1, 2, 3)]
    assert [answer.position for answer in answers] == [*range(1, 3), None, None, None]

    store.now += HOUR_MS
    await store.publish_due()
    assert await store.unread("ann") == {"like": 4}
    assert await statuses(store, 1) == ["delayed"]
    store.now += HOUR_MS
    await store.publish_due()
    left = [json.loads(event.body)["id"] for event in store.events]
    assert left[:5] == [answer.id for answer in answers]
    assert len(left) == 6


async def test_notification_that_would_wait_too_long_or_expire_first_is_refused(store: Store) -> None:
    await limited(store, "1/day", "delay")
    found = await statuses(store, 9)
    assert found == ["sent"] + ["delayed"] * 7 + [f"in {8 * 86_400} s"]
    await limited(store, "1/hour", "delay")
    await post(store, one("cyd"))
    with pytest.raises(RateLimited):
        await post(store, one("cyd", expires_at=store.now + HOUR_MS))
    (published,) = await post(store, one("cyd", expires_at=store.now + HOUR_MS + 1))
    assert published.status == "delayed"


async def test_notifications_over_the_limit_merge_with_those_of_the_same_sender(store: Store) -> None:
    await limited(store, "2/hour", "merge")
    found = await statuses(store, 6)
    assert found == ["sent", "sent", "sent", "merged", "merged", "merged"]
    (other,) = await post(store, one("ann", sender="cyd"))
    assert other.status == "sent"
    assert await store.unread("ann") == {"like": 4}
    await post(store, one(), one())
    with pytest.raises(RateLimited):  # publications to everyone do not merge
        await post(store, one())


async def test_each_recipient_of_a_list_has_their_own_limit(store: Store) -> None:
    await limited(store, "1/hour", "delay")
    await statuses(store, 2, "ann")
    (published,) = await post(store, one("ann", "bea", "cyd"))
    assert (published.status, published.recipients, published.delayed) == ("sent", 3, 1)
    assert published.deliver_at == store.now + 2 * HOUR_MS
    assert list(store.events[-1].users) == ["bea", "cyd"]
    store.now += 2 * HOUR_MS
    await store.publish_due()
    assert (store.events[-1].audience, json.loads(store.events[-1].body)["id"]) == ("user:ann", published.id)

    await limited(store, "1/hour")
    (published,) = await post(store, one("ann", "dan"))
    assert (published.recipients, published.refused, published.delayed) == (1, 1, 0)
    with pytest.raises(RateLimited):
        await post(store, one("ann", "dan"))


async def test_refused_request_uses_up_no_limit(store: Store) -> None:
    await limited(store, "2/hour")
    await post(store, one("ann"))
    for _ in range(3):
        with pytest.raises(RateLimited):
            await post(store, one("cyd"), one("ann"), one("ann"), one("cyd"))
    assert await statuses(store, 2, "cyd") == ["sent", "sent"]
    assert await statuses(store, 1, "ann") == ["sent"]
    assert await store.unread("cyd") == {"like": 2}


async def test_request_that_is_repeated_by_its_key_counts_once(store: Store) -> None:
    await limited(store, "2/hour", "delay")
    await statuses(store, 1)
    first = await post(store, one("ann", "cyd"), key="k")
    later = await post(store, one("ann", "cyd"), key="l")
    assert (later[0].delayed, later[0].recipients) == (1, 2)
    for _ in range(5):
        assert await post(store, one("ann", "cyd"), key="k") == first
        assert await post(store, one("ann", "cyd"), key="l") == later
    assert await statuses(store, 1, "cyd") == ["delayed"]


async def test_one_sender_publishes_no_more_than_their_rate(store: Store) -> None:
    store.limiting = Limiting(per_sender=Rate.parse("3/minute"))
    await post(store, one("ann"), one("cyd", category="news"), one())
    with pytest.raises(RateLimited) as refused:
        await post(store, one("dan"))
    assert refused.value.retry_after_seconds == 20
    await post(store, one("ann", sender="eve"))
    with pytest.raises(Invalid, match="3 notifications of one sender, this has 4"):
        await post(store, *(one("ann", sender="fay") for _ in range(4)))
    await post(store, *(one("ann", sender="fay") for _ in range(3)))


async def test_nothing_is_limited_if_limits_are_off(store: Store) -> None:
    await limited(store, "1/day")
    store.limiting = None
    assert await statuses(store, 3) == ["sent"] * 3
    assert await store.number_of("lumen_rate_limit") == 0


@pytest.mark.parametrize("over", ["refuse", "delay"])
async def test_concurrent_publishes_on_two_instances_stay_within_the_limit(
    store: Store, other_store: Store, over: str
) -> None:
    await limited(store, "10/hour", over)
    answers = await asyncio.gather(
        *(post(some, one("ann")) for _ in range(20) for some in (store, other_store)), return_exceptions=True
    )
    sent = [answer for answer in answers if not isinstance(answer, BaseException) and answer[0].position]
    assert len(sent) == 10
    assert await store.unread("ann") == {"like": 10}
    others = [answer for answer in answers if isinstance(answer, BaseException)]
    assert len(others) == (30 if over == "refuse" else 0)
    assert all(isinstance(other, RateLimited) for other in others)


# ----------------------------------------------------------------------------------------- a clock set back
@pytest.mark.parametrize("over", ["refuse", "delay"])
async def test_a_clock_that_is_set_back_empties_no_bucket(store: Store, over: Any) -> None:
    await limited(store, "2/hour", over)
    assert await statuses(store, 2) == ["sent", "sent"]
    store.now -= 24 * HOUR_MS
    if over == "refuse":
        assert await statuses(store, 1) == ["in 1800 s"]
    else:
        (published,) = await post(store, one("ann"))
        assert (published.status, published.deliver_at) == ("delayed", store.now + HOUR_MS // 2)
    store.now += HOUR_MS
    assert (await statuses(store, 1))[0] == "sent"


async def test_a_clock_that_jumps_ahead_and_back_costs_nobody_more_than_what_they_took(store: Store) -> None:
    await limited(store, "2/hour")
    store.now += 365 * 24 * HOUR_MS
    assert await statuses(store, 3) == ["sent", "sent", "in 1800 s"]
    store.now -= 365 * 24 * HOUR_MS
    assert await statuses(store, 1) == ["in 1800 s"]
    store.now += HOUR_MS // 2
    assert await statuses(store, 2) == ["sent", "in 1800 s"]


# ------------------------------------------------------------------------------------------------- mentions
async def mention(
    store: Store, *users: str, sender: str = "bob", limiting: Limiting | None = None
) -> list[str]:
    """Mention users in a message; return who is notified."""
    mentioned = replace(one(*users, category="mention", sender=sender), has_event_for_each=True)
    async with store.log.transaction() as tx:
        positions = await publish_mentions(tx, [mentioned], limiting or Limiting())
    assert list(positions.get(mentioned.id, ())) == [event.position for event in tx.events]
    return [str(event.audience) for event in tx.events]


@pytest.mark.parametrize("over", ["refuse", "delay", "merge"])
async def test_a_mention_over_the_limit_of_its_category_is_left_out(store: Store, over: Any) -> None:
    await store.define("mention", limits=Limits(per_recipient="2/hour", over=over))
    assert await mention(store, "ann", "eve") == ["user:ann", "user:eve"]
    assert await mention(store, "ann") == ["user:ann"]
    assert await mention(store, "ann", "eve") == ["user:eve"]
    assert await mention(store, "ann", "eve") == []
    store.now += 3_600_000
    assert await mention(store, "ann") == ["user:ann"]


async def test_a_mention_over_the_limit_of_its_sender_is_left_out(store: Store) -> None:
    limiting = Limiting(per_sender=Rate(2, "hour"))
    for expected in (["user:ann"], ["user:ann"], []):
        assert await mention(store, "ann", limiting=limiting) == expected
    assert await mention(store, "ann", sender="cyd", limiting=limiting) == ["user:ann"]


async def test_a_mention_has_the_priority_of_its_category(store: Store) -> None:
    await store.define("mention", priority="urgent")
    await mention(store, "ann")
    (row,), _ = await store.inbox.page(
        "ann", before=2**62, limit=9, category=None, is_unread=None, is_archived=None
    )
    assert json.loads(row.body)["priority"] == "urgent"
