"""Rate buckets: never more than the burst and then the rate; full buckets take no rows."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lumen_notify.commit.notifications.rate_buckets import Buckets
from lumen_notify.commit.preferences.categories import Limits
from lumen_notify.rates import Rate

from ..store import DAY_MS, Store


async def test_full_buckets_leave_no_rows(store: Store) -> None:
    await store.define("like", limits=Limits(per_recipient="1/minute", over="refuse"))
    await store.publish("ann", "bea", "cyd")
    assert await store.number_of("lumen_rate_limit") == 3
    store.now += DAY_MS
    await store.publish("dan")
    assert await store.number_of("lumen_rate_limit") == 1


async def test_written_buckets_are_loaded_by_the_next_transaction(store: Store) -> None:
    rate = Rate.parse("2/hour")
    async with store.log.transaction() as tx:
        buckets = await Buckets.load(tx, ["a", "b"])
        buckets.take("a", rate, 2)
        buckets.commit()
        buckets.take("b", rate, 2)
        buckets.write(tx)  # without `b`, which is not committed
    async with store.log.transaction() as tx:
        buckets = await Buckets.load(tx, ["a", "b"])
    assert (buckets.wait_us("a", rate), buckets.wait_us("b", rate)) == (30 * 60_000_000, 0)


def test_rollback_gives_back_what_was_taken_since_the_last_commit() -> None:
    rate = Rate.parse("2/hour")
    buckets = Buckets({}, 1_000_000_000)
    buckets.take("k", rate)
    buckets.commit()
    buckets.take("k", rate)
    assert buckets.wait_us("k", rate) > 0
    buckets.rollback()
    assert (buckets.wait_us("k", rate), buckets.wait_us("k", rate, 2)) == (0, rate.step_us)


@given(
    rate=st.builds(Rate, st.integers(1, 50), st.sampled_from(["second", "minute", "hour"])),
    gaps=st.lists(st.integers(0, 400_000), min_size=1, max_size=80),
)
def test_bucket_allows_its_burst_and_then_its_rate(rate: Rate, gaps: list[int]) -> None:
    kept: dict[str, int] = {}
    now, given = 1_000_000_000, []
    for gap in gaps:
        now += gap
        buckets = Buckets(kept, now)
        if buckets.wait_us("k", rate) == 0:
            buckets.take("k", rate)
            buckets.commit()
            kept = dict(buckets._committed)
            given.append(now)
    for first in range(len(given)):
        for last in range(first, len(given)):
            fills = (given[last] - given[first]) * 1000 // rate.step_us
            assert last - first + 1 <= rate.number + fills
