"""Snapshot: the frame `figures`, made of the figures of all instances. No I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from lumen_notify.metrics.figures import Figures, percentile_ms, rates
from lumen_notify.model import rfc3339

RATES = ("publishes", "messages", "deliveries")


def snapshot(kept: Mapping[str, Sequence[Figures]], at_ms: int) -> dict[str, Any]:
    """Return the fields of the frame. kept: by instance, oldest first, at least one each. at_ms: now.

    What is per second is of the last second, and null until an instance has been heard twice; the times of
    commits are of the last ten seconds, and null without commits.
    """
    newest = [figures[-1] for figures in kept.values()]
    streams = {instance: figures[-1].streams for instance, figures in kept.items()}
    return {
        "at": rfc3339(at_ms),
        "instances": [{"id": instance, "streams": number} for instance, number in streams.items()],
        "users_online": max((one.users_online for one in newest), default=0),
        "streams": {
            "total": sum(streams.values()),
            "by_device": dict(_added(one.streams_by_device for one in newest)),
            "by_instance": streams,
        },
        "rates": _rates(kept.values()),
        "commit_ms": _commit_ms(kept.values()),
        "queues": {
            "commands": sum(one.waiting_commands for one in newest),
            "push": sum(one.pushes_due for one in newest),
            "scheduled": sum(one.scheduled for one in newest),
            "digests": sum(one.digest_items for one in newest),
            "dead_letters": sum(one.dead_letters for one in newest),
            "backlog_bytes": sum(one.backlog_bytes for one in newest),
        },
        "push": _push(kept.values()),
        "close_reasons": dict(_added(one.ended_total for one in newest)),
        "outages": _outages(newest, at_ms),
    }


def _added(numbers: Iterable[Mapping[str, int]]) -> Mapping[str, int]:
    total: Counter[str] = Counter()
    for one in numbers:
        total.update(one)
    return total


def _last_seconds(kept: Iterable[Sequence[Figures]]) -> list[tuple[Figures, Figures]]:
    """Return the last two figures of each instance that has two."""
    return [(figures[-2], figures[-1]) for figures in kept if len(figures) > 1]


def _rates(kept: Iterable[Sequence[Figures]]) -> dict[str, float | None]:
    found = [rates(before, after) for before, after in _last_seconds(kept)]
    return {name: _rounded(one[name] for one in found) if found else None for name in RATES}


def _rounded(numbers: Iterable[float]) -> float:
    return round(max(0.0, sum(numbers)), 2)


def _push(kept: Iterable[Sequence[Figures]]) -> dict[str, float]:
    total: dict[str, float] = {}
    for before, after in _last_seconds(kept):
        seconds = after.at_seconds - before.at_seconds
        old, new = _by_outcome(before), _by_outcome(after)
        for outcome, number in new.items():
            if seconds > 0:
                rate = max(0, number - old.get(outcome, 0)) / seconds
                total[outcome] = total.get(outcome, 0.0) + rate
    return {outcome: round(rate, 2) for outcome, rate in sorted(total.items())}


def _by_outcome(figures: Figures) -> Mapping[str, int]:
    """Return the number of pushes by outcome. Keys are providers and outcomes; of others, outcomes."""
    return _added({key[-1]: number} for key, number in figures.pushes_total.items())


def _commit_ms(kept: Iterable[Sequence[Figures]]) -> dict[str, float | None]:
    spans = [(figures[0], figures[-1]) for figures in kept if len(figures) > 1]
    if not spans:
        return {"p50": None, "p99": None}
    before, after = _with_commits([one for one, _ in spans]), _with_commits([one for _, one in spans])
    shares = {"p50": 0.5, "p99": 0.99}
    return {name: _rounded_or_none(percentile_ms(before, after, share)) for name, share in shares.items()}


def _with_commits(figures: Sequence[Figures]) -> Figures:
    """Return figures that have the commits of several instances."""
    totals = [sum(numbers) for numbers in zip(*(one.commits_total for one in figures), strict=True)]
    return replace(figures[0], commits_total=totals)


def _rounded_or_none(number: float | None) -> float | None:
    return None if number is None else round(number, 2)


def _outages(newest: Iterable[Figures], at_ms: int) -> list[dict[str, str]]:
    """Return what fails anywhere, and since when at the longest."""
    seconds: dict[str, float] = {}
    for one in newest:
        for outage in one.outages:
            seconds[outage.what] = max(seconds.get(outage.what, 0.0), outage.seconds)
    return [
        {"what": what, "since": rfc3339(at_ms - round(1000 * lasted))}
        for what, lasted in sorted(seconds.items())
    ]
