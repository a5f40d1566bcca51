"""Buckets: how much each limit has left, for all that a transaction draws on.

A limit of `20/hour` is a bucket of 20 that fills evenly, here by one in three minutes; what draws more than
is there waits, or is refused (the arithmetic: `rates`). A bucket is one row that says when it is full again;
one without a row is full.

Promises: no concurrency draws more than there is, on however many instances, because the rows are read and
written by who holds the log's head; what is rolled back has drawn nothing; the time is the transaction's.
(A library that counts in memory or by a clock of its own could promise none of these.)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Self

from lumen_notify.commit.transaction import Transaction
from lumen_notify.rates import Rate

MAX_DROPPED = 500
"""Rows of full buckets that a transaction takes away beside those that it writes."""


class Buckets:
    """Some buckets, by key. full_at: when each is full again, in microseconds; those that are, are left out.

    What is drawn is tentative until `keep`, and `drop` takes it back.
    """

    def __init__(self, full_at: Mapping[str, int], now_ms: int) -> None:
        self._now = now_ms * 1000
        self._kept = dict(full_at)
        self._drawn: dict[str, int] = {}
        self._changed: dict[str, int] = {}

    @classmethod
    async def gather(cls, tx: Transaction, keys: Iterable[str]) -> Self:
        """Read buckets as the tx has them so far."""
        rows = await tx.run("buckets", rows=[{"key": key} for key in sorted(set(keys))])
        return cls({key: full_at for key, full_at in rows}, tx.now)  # noqa: C416 - rows are not pairs to mypy

    def wait_us(self, key: str, rate: Rate, number: int = 1) -> int:
        """Return the microseconds until `number` tokens are available; 0 if they are."""
        return rate.wait_us(self._full_at(key), self._now, number)

    def draw(self, key: str, rate: Rate, number: int = 1) -> None:
        """Take so many, though they be there only after a wait: the next then waits longer."""
        self._drawn[key] = rate.taken(self._full_at(key), self._now, number)

    def keep(self) -> None:
        """Make what was drawn final."""
        self._kept |= self._drawn
        self._changed |= self._drawn
        self._drawn.clear()

    def drop(self) -> None:
        """Take back what was drawn since it was last kept."""
        self._drawn.clear()

    def write(self, tx: Transaction) -> None:
        """Write what was kept."""
        if self._changed:
            rows = [{"key": key, "full_at": full_at} for key, full_at in self._changed.items()]
            tx.add("drop_full_buckets", now=self._now, limit=MAX_DROPPED)
            tx.add("write_buckets", rows=rows)

    def _full_at(self, key: str) -> int:
        full_at = self._drawn.get(key)
        return self._kept.get(key, 0) if full_at is None else full_at
