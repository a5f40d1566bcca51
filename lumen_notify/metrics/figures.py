"""Figures: one instance at one moment, as a value, and what two such values say about the time between them.

/metrics reports the same numbers; whoever shows them live reads them here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lumen_notify.metrics.buckets import DURATION_BUCKETS
from lumen_notify.model import value


@value
class OutageFigure:
    """Something that fails at the moment. seconds: for how long it has."""

    what: str
    seconds: float


@value
class Figures:
    """One instance at one moment. What ends in `_total` was counted since its start.

    at_seconds: of a monotonic clock. users: with an open stream on this instance. users_online: on any, as
    this one has last counted them. events_total: committed here, by kind: `notification` is a publish,
    `message` a message. deliveries_total: frames of events sent to users live. commits_total: write
    transactions that took at most each of DURATION_BUCKETS, and of all. scheduled: notifications, as counted
    by the instance that does the jobs; likewise pushes_due, digest_items, dead_letters. pushes_total: by
    provider and outcome. ended_total: streams, by close reason.
    """

    at_seconds: float
    streams: int
    streams_by_device: Mapping[str, int]
    users: int
    users_by_device: Mapping[str, int]
    users_online: int
    events_total: Mapping[str, int]
    deliveries_total: int
    commits_total: Sequence[float]
    waiting_commands: int
    backlog_bytes: int
    scheduled: int
    pushes_due: int
    pushes_total: Mapping[tuple[str, ...], int]
    ended_total: Mapping[str, int]
    outages: Sequence[OutageFigure]
    digest_items: int = 0
    dead_letters: int = 0


def rates(before: Figures, after: Figures) -> Mapping[str, float]:
    """Return how many publishes, messages and deliveries there were per second."""
    seconds = after.at_seconds - before.at_seconds
    if seconds <= 0:
        return {"publishes": 0.0, "messages": 0.0, "deliveries": 0.0}
    counted = {
        name: after.events_total.get(kind, 0) - before.events_total.get(kind, 0)
        for name, kind in (("publishes", "notification"), ("messages", "message"))
    }
    counted["deliveries"] = after.deliveries_total - before.deliveries_total
    return {name: number / seconds for name, number in counted.items()}


def percentile_ms(before: Figures, after: Figures, share: float) -> float | None:
    """Return the time in milliseconds within which a share of the transactions between two moments was
    committed; None if there was none.

    It is the upper bound of a bucket, or between two of them as if transactions were spread evenly. Those
    beyond the last bound count as that bound.
    """
    counts = [new - old for old, new in zip(before.commits_total, after.commits_total, strict=True)]
    wanted = counts[-1] * share
    if counts[-1] <= 0:
        return None
    lower, below = 0.0, 0.0
    for bound, count in zip(DURATION_BUCKETS, counts, strict=False):
        if count >= wanted and count > below:
            return 1000 * (lower + (bound - lower) * max(0.0, wanted - below) / (count - below))
        lower, below = bound, count
    return 1000 * DURATION_BUCKETS[-1]
