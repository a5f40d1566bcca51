"""Rate buckets: how much each limit allows at the moment, for the limits that a transaction uses.

A limit of `20/hour` is a bucket of 20 tokens that refills evenly, here by one every three minutes; a
publication that finds too few tokens waits or is refused (the arithmetic: `rates`). A bucket is one row with
the time at which it is full again; a bucket without a row is full.

Promises: concurrent publishes never take more than a bucket holds, on any number of instances, because the
rows are read and written under the lock of the log's head; a transaction that is rolled back takes nothing;
the time is the transaction's; a clock that is set back empties no
bucket. (A library that counts in memory or by its own clock cannot promise these.)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Self

from lumen_notify.commit.transaction import Transaction
from lumen_notify.rates import Rate

MAX_DELETED = 500
"""Rows of full buckets that a transaction deletes, besides those that it writes."""


class Buckets:
    """Some buckets, by key. full_at: microseconds, when each is full again; full buckets may be left out.

    Taken tokens are tentative until `commit`; `rollback` gives them back.
    """

    def __init__(self, full_at: Mapping[str, int], now_ms: int) -> None:
        self._now = now_ms * 1000
        self._committed = dict(full_at)
        self._taken: dict[str, int] = {}
        self._changed: dict[str, int] = {}

    @classmethod
    async def load(cls, tx: Transaction, keys: Iterable[str]) -> Self:
        """Load buckets as the transaction has them so far."""
        rows = await tx.run("load_rate_buckets", rows=[{"key": key} for key in sorted(set(keys))])
        buckets = cls({key: full_at for key, full_at, _ in rows}, tx.now)
        for key, full_at, taken_at in rows:
            if taken_at > buckets._now:
                # The clock was set back since tokens were last taken: the bucket is as full as it was then.
                buckets._committed[key] = buckets._changed[key] = full_at - (taken_at - buckets._now)
        return buckets

    def wait_us(self, key: str, rate: Rate, number: int = 1) -> int:
        """Return the microseconds until `number` tokens are available; 0 if they are."""
        return rate.wait_us(self._full_at(key), self._now, number)

    def take(self, key: str, rate: Rate, number: int = 1) -> None:
        """Take `number` tokens, even if they are not available yet: the next publication then waits
        longer."""
        self._taken[key] = rate.taken(self._full_at(key), self._now, number)

    def commit(self) -> None:
        """Make the taken tokens final."""
        self._committed |= self._taken
        self._changed |= self._taken
        self._taken.clear()

    def rollback(self) -> None:
        """Give back the tokens taken since the last commit."""
        self._taken.clear()

    def write(self, tx: Transaction) -> None:
        """Write the committed buckets."""
        if self._changed:
            rows = [
                {"key": key, "full_at": full_at, "taken_at": self._now}
                for key, full_at in self._changed.items()
            ]
            tx.add("delete_full_rate_buckets", now=self._now, limit=MAX_DELETED)
            tx.add("upsert_rate_buckets", rows=rows)

    def _full_at(self, key: str) -> int:
        full_at = self._taken.get(key)
        return self._committed.get(key, 0) if full_at is None else full_at
