"""Limiting: what becomes of a publish that is more than a sender or a recipient may have.

| over | what becomes of one too many to a recipient |
|---|---|
| refuse | it is refused; 429 if all of its recipients are over |
| delay | it is scheduled for when there is room, at most DELAY_DAYS ahead; beyond that it is refused |
| merge | it merges by its group_key, else with the sender's others; to a user alone, else it is refused |

Promise: what is refused has drawn on no limit, and what is repeated by its key draws once. Counted is what is
accepted, also what is accepted for later; an audience that is not one user counts as one recipient.
Not here: the arithmetic (`buckets`).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from lumen_notify.commit.notifications.publication import Publication
from lumen_notify.commit.notifications.rate_buckets import Buckets
from lumen_notify.commit.preferences.categories import Category, Limits
from lumen_notify.commit.transaction import Transaction
from lumen_notify.errors import Invalid, RateLimited
from lumen_notify.model import Audience, value
from lumen_notify.rates import Rate

DELAY_DAYS = 7
"""How far ahead the limits schedule: what would wait longer is old by then."""

_DELAY_US = DELAY_DAYS * 86_400_000_000


@value
class Limiting:
    """Which limits there are beside the categories'. per_sender: of all that one sender publishes."""

    per_sender: Rate | None = None


@value
class Share:
    """What becomes of a publication. parts: at least one, each to some of its audiences; if some are delayed,
    these are the last part. delayed, refused: how many audiences."""

    parts: tuple[Publication, ...]
    delayed: int = 0
    refused: int = 0


Shared = list[Share] | Invalid | RateLimited
"""What becomes of all publications of one request, in order; or why none of them is published."""


async def share_out(
    tx: Transaction,
    requests: Sequence[Sequence[Publication]],
    categories: Mapping[str, Category],
    limiting: Limiting | None,
) -> Sequence[Shared]:
    """Say of each request what becomes of it; draw what it takes. limiting: None for no limits at all."""
    keys = [] if limiting is None else [key for some in requests for key in _keys(some, categories, limiting)]
    if limiting is None or not keys:
        return [[Share(parts=(one,)) for one in some] for some in requests]
    buckets = await Buckets.gather(tx, keys)
    shared = []
    for some in requests:
        shares = _shared(some, categories, limiting, buckets, tx.now)
        if isinstance(shares, Invalid | RateLimited):
            buckets.drop()
        else:
            buckets.keep()
        shared.append(shares)
    buckets.write(tx)
    return shared


def sender_of(publication: Publication) -> str:
    """Return the id of who is shown as the sender."""
    sender: str = publication.fields.get("sender", {}).get("id", publication.owner)
    return sender


def _keys(
    publications: Sequence[Publication], categories: Mapping[str, Category], limiting: Limiting
) -> Iterator[str]:
    for one in publications:
        if limiting.per_sender is not None:
            yield _sender_key(sender_of(one))
        if _limits_of(one, categories) is not None:
            yield from (_recipient_key(one.category, audience) for audience in one.audiences)


def _sender_key(sender: str) -> str:
    return f"sender:{sender}"


def _recipient_key(category: str, audience: str) -> str:
    return f"recipient:{category}:{audience}"


def _limits_of(publication: Publication, categories: Mapping[str, Category]) -> Limits | None:
    category = categories.get(publication.category)
    return None if category is None else category.limits


def _shared(
    publications: Sequence[Publication],
    categories: Mapping[str, Category],
    limiting: Limiting,
    buckets: Buckets,
    now: int,
) -> Shared:
    if limiting.per_sender is not None:
        refusal = _over_by_sender(publications, limiting.per_sender, buckets)
        if refusal is not None:
            return refusal
    shares: list[Share] = []
    for one in publications:
        limits = _limits_of(one, categories)
        share = Share(parts=(one,)) if limits is None else _share(one, limits, buckets, now)
        if isinstance(share, RateLimited):
            return share
        shares.append(share)
    return shares


def _over_by_sender(
    publications: Sequence[Publication], rate: Rate, buckets: Buckets
) -> Invalid | RateLimited | None:
    for sender, number in Counter(map(sender_of, publications)).items():
        if number > rate.number:
            return Invalid(
                f"may have {rate.number} notifications of one sender, this has {number}", field="body"
            )
        if wait := buckets.wait_us(_sender_key(sender), rate, number):
            return _refusal(f"one sender may publish {rate}", wait)
        buckets.draw(_sender_key(sender), rate, number)
    return None


def _share(one: Publication, limits: Limits, buckets: Buckets, now: int) -> Share | RateLimited:
    rate = Rate.parse(limits.per_recipient)
    through: list[Audience] = []
    merged: list[Audience] = []
    waits: dict[Audience, int] = {}
    refused: list[int] = []
    for audience in one.audiences:
        key = _recipient_key(one.category, audience)
        wait = buckets.wait_us(key, rate)
        if wait and limits.over == "merge" and audience.is_personal:
            merged.append(audience)
            continue
        if wait and (limits.over != "delay" or wait > _DELAY_US or _ends_before(one, now, wait)):
            refused.append(wait)
            continue
        buckets.draw(key, rate)
        if wait:
            waits[audience] = wait
        else:
            through.append(audience)
    if len(refused) == len(one.audiences):
        return _refusal(f"one recipient may get {rate} of {one.category}", min(refused))
    parts = [_part(one, through)] if through else []
    if merged:
        parts.append(_part(one, merged, group_key=one.group_key or f"sender:{sender_of(one)}"))
    if waits:
        # Together, when the last of them has room: one row to list and to cancel, by the answer's id.
        deliver_at = max(one.deliver_at or 0, now + math.ceil(max(waits.values()) / 1000))
        parts.append(_part(one, list(waits), deliver_at=deliver_at))
    return Share(parts=tuple(parts), delayed=len(waits), refused=len(refused))


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


def _ends_before(one: Publication, now: int, wait_us: int) -> bool:
    return one.expires_at is not None and one.expires_at <= now + wait_us // 1000


def _refusal(text: str, wait_us: int) -> RateLimited:
    seconds = math.ceil(wait_us / 1_000_000)
    return RateLimited(f"{text}; the next fits in {seconds} s", retry_after_seconds=seconds)
