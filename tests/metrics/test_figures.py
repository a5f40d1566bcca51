"""Figures: what two moments say about the time between them."""

from __future__ import annotations

from typing import Any

import pytest

from lumen_notify.metrics import DURATION_BUCKETS, Figures, percentile_ms, rates

ZERO: dict[str, Any] = {
    "at_seconds": 10.0,
    "streams": 0,
    "streams_by_device": {},
    "users": 0,
    "users_by_device": {},
    "users_online": 0,
    "events_total": {},
    "deliveries_total": 0,
    "commits_total": [0.0] * (len(DURATION_BUCKETS) + 1),
    "waiting_commands": 0,
    "backlog_bytes": 0,
    "scheduled": 0,
    "pushes_due": 0,
    "pushes_total": {},
    "ended_total": {},
    "outages": [],
}


def figures(**changes: Any) -> Figures:
    return Figures(**ZERO | changes)


def commits(*numbers: int) -> list[float]:
    """Return cumulative numbers of those in each bucket; the last ones are beyond all bounds."""
    missing = [0] * (len(DURATION_BUCKETS) + 1 - len(numbers))
    each = [*numbers[:-1], *missing, numbers[-1]]
    return [float(sum(each[: place + 1])) for place in range(len(each))]


def test_rates_are_per_second_between_two_moments() -> None:
    before = figures(events_total={"notification": 10, "message": 1, "read": 5}, deliveries_total=100)
    after = figures(
        at_seconds=12.0, events_total={"notification": 30, "message": 2, "read": 50}, deliveries_total=300
    )
    assert rates(before, after) == {"publishes": 10.0, "messages": 0.5, "deliveries": 100.0}
    assert rates(after, after) == {"publishes": 0.0, "messages": 0.0, "deliveries": 0.0}


@pytest.mark.parametrize(
    ("numbers", "share", "expected"),
    [
        ((4, 0), 0.5, 0.5),  # the first bucket ends at 1 ms
        ((4, 0), 1.0, 1.0),
        ((0, 4, 0), 0.5, 1.75),  # the second one at 2.5
        ((98, 0, 2, 0), 0.5, 0.5102),
        ((98, 0, 2, 0), 0.99, 3.75),
        ((0, 3), 0.5, 2500),  # beyond the last bound
    ],
)
def test_percentile_is_between_the_bounds_of_its_bucket(
    numbers: tuple[int, ...], share: float, expected: float
) -> None:
    before, after = figures(commits_total=commits(7, 7, 0)), commits(*numbers)
    after = [old + new for old, new in zip(before.commits_total, after, strict=True)]
    assert percentile_ms(before, figures(commits_total=after), share) == pytest.approx(expected, rel=1e-3)


def test_without_a_commit_there_is_no_percentile() -> None:
    assert percentile_ms(figures(), figures(), 0.5) is None
