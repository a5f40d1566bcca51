"""Rate limiter: counts the requests of each user, for each limit.

Promises: a request is counted before its body is read; memory is bounded by MAX_BUCKETS; the wall clock plays
no part. Each process counts for itself and forgets when it ends. (The `limits` library is not used: its
memory storage starts a thread at each count, which walks through all keys, and it uses the system clock.)

Not here: the limits (`rate_limits`), the arithmetic (`rates`).
"""

from __future__ import annotations

import math
from collections.abc import Callable

from lumen_notify.auth import ADMIN, PUBLISH, Principal
from lumen_notify.errors import RateLimited
from lumen_notify.http.rate_limits import RateLimit

MAX_BUCKETS = 50_000
"""Buckets in memory that are not full, some 300 bytes each; beyond that, those that are nearest to full are
dropped: who floods stays limited."""

UNLIMITED_SCOPES = frozenset({PUBLISH, ADMIN})


class RateLimiter:
    """The buckets of all users. clock: monotonic seconds. is_on: False allows everything."""

    def __init__(self, clock: Callable[[], float], *, is_on: bool = True) -> None:
        self._clock = clock
        self._is_on = is_on
        self._full_at: dict[tuple[str, str], int] = {}  # microseconds, by user and limit

    def __len__(self) -> int:
        return len(self._full_at)

    def admit(self, principal: Principal, limit: RateLimit) -> None:
        """Take one token. Raises RateLimited if there is none."""
        if self._is_on and principal.scopes.isdisjoint(UNLIMITED_SCOPES):
            self._take(principal.user_id, limit, 1, needed=1)

    def charge(self, principal: Principal, limit: RateLimit, tokens: int) -> None:
        """Take further tokens for a large request, also those that are still to come.

        Raises RateLimited if another request has done so since this one was admitted.
        """
        if tokens > 0 and self._is_on and principal.scopes.isdisjoint(UNLIMITED_SCOPES):
            self._take(principal.user_id, limit, tokens, needed=0)

    def _take(self, user_id: str, limit: RateLimit, tokens: int, *, needed: int) -> None:
        now = int(self._clock() * 1_000_000)
        key = user_id, limit.name
        full_at = self._full_at.get(key, 0)
        if wait_us := limit.rate.wait_us(full_at, now, needed):
            raise _refusal(limit, wait_us)
        self._full_at[key] = limit.rate.taken(full_at, now, tokens)
        if len(self._full_at) > MAX_BUCKETS:
            self._drop(now)

    def _drop(self, now: int) -> None:
        """Drop the full buckets, then those that are full first if still too many remain."""
        left = sorted((item for item in self._full_at.items() if item[1] > now), key=lambda item: item[1])
        self._full_at = dict(left[max(0, len(left) - MAX_BUCKETS // 2) :])


def _refusal(limit: RateLimit, wait_us: int) -> RateLimited:
    seconds = max(1, math.ceil(wait_us / 1_000_000))
    rate = limit.rate
    return RateLimited(
        f"At most {rate.number} a {rate.period} are allowed, {rate.capacity} at once: {limit.of}."
        f" Try again in {seconds} s.",
        retry_after_seconds=seconds,
        limit=limit.name,
    )
