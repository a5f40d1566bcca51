"""Limits: how much a sender may publish, and how much a recipient may get of a category.

A stage of `publish`. A category's overflow policy (`over`) says what happens to a publication for a recipient
who is over the limit:

| `over` | what happens |
|---|---|
| refuse | it is refused for this recipient; 429 if that is so for all of its recipients |
| delay | it is scheduled for when the limit allows it, at most DELAY_DAYS ahead; beyond that it is refused |
| merge | it merges by its group_key, else with the sender's others; it is refused if it cannot (1) |

1. Those to a room, to everyone, or to devices alone (`push_only`).

Promise: refused publications do not count, and repeats with one Idempotency-Key count once. Accepted
publications count at once, even if they are scheduled. A room or everyone counts as one recipient.

Not here: the arithmetic (`rate_buckets`).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from lumen_notify.commit.notifications.batch import Allocation, Batch, Item, Limiting
from lumen_notify.commit.notifications.publication import Publication
from lumen_notify.commit.notifications.rate_buckets import Buckets
from lumen_notify.commit.preferences.categories import Category, Limits
from lumen_notify.commit.push.outbox import policy_of
from lumen_notify.errors import Invalid, RateLimited
from lumen_notify.model import Audience
from lumen_notify.rates import Rate

DELAY_DAYS = 7
"""How far ahead the limits schedule: a notification that would wait longer is out of date by then."""

_DELAY_US = DELAY_DAYS * 86_400_000_000


async def apply_limits(batch: Batch) -> None:
    """Answer requests over a limit with RateLimited or Invalid; split, delay or merge by overflow policy."""
    limiting = batch.limiting
    if limiting is None:
        return
    categories = await batch.categories()
    keys = {key for item in batch.items for key in _keys(item.publication, categories, limiting)}
    if not keys:
        return
    buckets = await Buckets.load(batch.tx, keys)
    for request in batch.requests:
        if request.answer is not None:
            continue
        request.answer = _allocate(request.items, categories, limiting, buckets, batch.tx.now)
        if request.answer is None:
            buckets.commit()
        else:
            buckets.rollback()
    buckets.write(batch.tx)
    batch.drop_answered()


async def leave_out_over_limits(batch: Batch) -> None:
    """Leave out the recipients of mentions who are over a limit, whatever `over` says: the message is in the
    room all the same."""
    limiting = batch.limiting
    if limiting is None:
        return
    categories = await batch.categories()
    keys = {key for item in batch.items for key in _keys(item.publication, categories, limiting)}
    if not keys:
        return
    buckets = await Buckets.load(batch.tx, keys)
    for request in batch.requests:
        (item,) = request.items
        publication = item.publication
        audiences = publication.audiences
        if limiting.per_sender is not None:
            request.answer = _refuse_senders([publication], limiting.per_sender, buckets)
        if (limits := _limits_of(publication, categories)) is not None and request.answer is None:
            audiences = tuple(_with_tokens(publication, Rate.parse(limits.per_recipient), buckets))
            if not audiences:
                request.answer = _refusal("No recipient may get more", 1, "recipient")
        if request.answer is None:
            item.publication = replace(publication, audiences=audiences, recipients=len(audiences))
            buckets.commit()
        else:
            buckets.rollback()
    buckets.write(batch.tx)
    batch.drop_answered()


def _with_tokens(publication: Publication, rate: Rate, buckets: Buckets) -> Iterator[Audience]:
    """Take a token for each recipient who has one; return these recipients."""
    for audience in publication.audiences:
        key = _recipient_key(publication.category, audience)
        if not buckets.wait_us(key, rate):
            buckets.take(key, rate)
            yield audience


def sender_of(publication: Publication) -> str:
    """Return the id of the user who is shown as the sender."""
    sender: str = publication.fields.get("sender", {}).get("id", publication.owner)
    return sender


def _keys(publication: Publication, categories: Mapping[str, Category], limiting: Limiting) -> Iterator[str]:
    if limiting.per_sender is not None:
        yield sender_key(sender_of(publication))
    if _limits_of(publication, categories) is not None:
        yield from (_recipient_key(publication.category, audience) for audience in publication.audiences)


def sender_key(sender: str) -> str:
    """Return the key of the bucket of a sender."""
    return f"sender:{sender}"


def _recipient_key(category: str, audience: str) -> str:
    return f"recipient:{category}:{audience}"


def _limits_of(publication: Publication, categories: Mapping[str, Category]) -> Limits | None:
    category = categories.get(publication.category)
    return None if category is None else category.limits


def _allocate(
    items: Sequence[Item],
    categories: Mapping[str, Category],
    limiting: Limiting,
    buckets: Buckets,
    now: int,
) -> Invalid | RateLimited | None:
    """Apply the limits to one request; return the refusal, None if it goes on."""
    if limiting.per_sender is not None:
        refusal = _refuse_senders([item.publication for item in items], limiting.per_sender, buckets)
        if refusal is not None:
            return refusal
    for item in items:
        limits = _limits_of(item.publication, categories)
        if limits is not None:
            allocation = _allocate_one(item.publication, limits, buckets, now)
            if isinstance(allocation, RateLimited):
                return allocation
            item.allocation = allocation
    return None


def _refuse_senders(
    publications: Sequence[Publication], rate: Rate, buckets: Buckets
) -> Invalid | RateLimited | None:
    for sender, number in Counter(map(sender_of, publications)).items():
        if number > rate.number:
            return Invalid(
                f"may contain {rate.number} notifications of one sender, this has {number}", field="body"
            )
        if wait := buckets.wait_us(sender_key(sender), rate, number):
            return _refusal(f"One sender may publish {rate}", wait, "sender")
        buckets.take(sender_key(sender), rate, number)
    return None


def _allocate_one(one: Publication, limits: Limits, buckets: Buckets, now: int) -> Allocation | RateLimited:
    rate = Rate.parse(limits.per_recipient)
    accepted: list[Audience] = []
    merged: list[Audience] = []
    waits: dict[Audience, int] = {}
    refused: list[int] = []
    is_only = policy_of(one.delivery) == "only"
    for audience in one.audiences:
        key = _recipient_key(one.category, audience)
        wait = buckets.wait_us(key, rate)
        if wait and limits.over == "merge" and audience.is_personal and not is_only:
            merged.append(audience)
            continue
        if wait and (limits.over != "delay" or wait > _DELAY_US or _expires_within(one, now, wait)):
            refused.append(wait)
            continue
        buckets.take(key, rate)
        if wait:
            waits[audience] = wait
        else:
            accepted.append(audience)
    if len(refused) == len(one.audiences):
        return _refusal(f"One recipient may get {rate} of {one.category}", min(refused), "recipient")
    parts = [_part(one, accepted)] if accepted else []
    if merged:
        parts.append(_part(one, merged, group_key=one.group_key or f"sender:{sender_of(one)}"))
    if waits:
        # All delayed recipients at once, when the limit allows the last one: one row, which can be listed and
        # cancelled by the id in the answer.
        deliver_at = max(one.deliver_at or 0, now + math.ceil(max(waits.values()) / 1000))
        parts.append(_part(one, list(waits), deliver_at=deliver_at))
    return Allocation(parts=[Item(part) for part in parts], delayed=len(waits), refused=len(refused))


def _part(
    one: Publication,
    audiences: Sequence[Audience],
    *,
    group_key: str | None = None,
    deliver_at: int | None = None,
) -> Publication:
    return replace(
        one,
        audiences=tuple(audiences),
        recipients=one.recipients if len(audiences) == len(one.audiences) else len(audiences),
        group_key=one.group_key if group_key is None else group_key,
        deliver_at=one.deliver_at if deliver_at is None else deliver_at,
    )


def _expires_within(one: Publication, now: int, wait_us: int) -> bool:
    return one.expires_at is not None and one.expires_at <= now + wait_us // 1000


def _refusal(text: str, wait_us: int, limit: str) -> RateLimited:
    seconds = math.ceil(wait_us / 1_000_000)
    return RateLimited(f"{text}. Try again in {seconds} s.", retry_after_seconds=seconds, limit=limit)
