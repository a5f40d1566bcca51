"""Figures of an instance, to be sent and shown."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from lumen_notify.metrics.buckets import DURATION_BUCKETS
from lumen_notify.metrics.figures import Figures

NONE = Figures(
    at_seconds=0.0,
    streams=0,
    streams_by_device={},
    users=0,
    users_by_device={},
    users_online=0,
    events_total={},
    deliveries_total=0,
    commits_total=[0.0] * (len(DURATION_BUCKETS) + 1),
    waiting_commands=0,
    backlog_bytes=0,
    scheduled=0,
    pushes_due=0,
    pushes_total={},
    ended_total={},
    outages=(),
)


def figures(at_seconds: float = 0.0, **fields: Any) -> Figures:
    return replace(NONE, at_seconds=at_seconds, **fields)


def commits(*, within_ms: float, number: int) -> list[float]:
    """Return the totals of transactions that all took about so long."""
    counts = [number if within_ms <= 1000 * bound else 0 for bound in DURATION_BUCKETS]
    return [float(count) for count in (*counts, number)]
