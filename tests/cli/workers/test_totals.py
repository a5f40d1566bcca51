"""Totals: counters, histograms and gauges of all workers, added up, and never back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lumen_notify.cli.workers.totals import Family, Totals
from lumen_notify.metrics import Metrics


def metrics(*, streams: int, served: int, outages: Mapping[str, float] | None = None) -> list[Family]:
    """Return what a worker answers."""
    metrics = Metrics()
    metrics.gauge("lumen_streams", "Streams.", lambda: streams)
    metrics.gauge("lumen_position", "Position.", lambda: streams, is_maximum=True)
    metrics.counter("lumen_served", "Served.", lambda: served)
    metrics.gauges("lumen_outage", "Outage.", "what", lambda: outages or {}, is_maximum=True)
    for _ in range(served):
        metrics.batch_commands.observe(3)
    return list(metrics.families())


def numbers(families: Iterable[Family]) -> dict[str, float]:
    return {
        name + "".join(f"{{{value}}}" for value in labels.values()): number
        for family in families
        for name, labels, number in family["samples"]
    }


def test_counters_histograms_and_gauges_are_added_and_maxima_are_the_largest() -> None:
    totals = Totals()
    totals.learn(1, [metrics(streams=3, served=2, outages={"writes": 1, "reads": 0})])
    totals.learn(2, [metrics(streams=4, served=5, outages={"writes": 0, "push": 0})])
    sums = numbers(totals.sum(0, {1, 2}))
    assert sums["lumen_streams"] == 7
    assert sums["lumen_position"] == 4
    assert sums["lumen_served_total"] == 7
    assert sums["lumen_batch_commands_count"] == 7
    assert sums["lumen_batch_commands_sum"] == 21
    assert sums["lumen_batch_commands_bucket{2.0}"] == 0
    assert sums["lumen_batch_commands_bucket{4.0}"] == 7
    assert sums["lumen_batch_commands_bucket{+Inf}"] == 7
    assert {name: sums[f"lumen_outage{{{name}}}"] for name in ("writes", "reads", "push")} == {
        "writes": 1,
        "reads": 0,
        "push": 0,
    }
    assert sums["lumen_workers_answering"] == 2


def test_a_histogram_was_made_when_the_first_was() -> None:
    totals = Totals()
    answers = [metrics(streams=0, served=0) for _ in range(2)]
    for worker, answer in enumerate(answers):
        totals.learn(worker, [answer])
    created = "lumen_batch_commands_created"
    assert numbers(totals.sum(0, {0, 1}))[created] == min(numbers(one)[created] for one in answers)


def test_what_a_worker_has_counted_stays_when_it_does_not_answer_and_when_it_has_ended() -> None:
    totals = Totals()
    for worker in (1, 2, 3):
        totals.learn(worker, [metrics(streams=worker, served=10 * worker)])
    sums = numbers(totals.sum(0, {1, 3}))
    assert (sums["lumen_served_total"], sums["lumen_streams"]) == (60, 4)
    assert sums["lumen_workers_answering"] == 2
    for worker in (1, 2):
        totals.end(worker)
    totals.learn(4, [metrics(streams=5, served=1)])
    sums = numbers(totals.sum(0, {3, 4}))
    assert (sums["lumen_served_total"], sums["lumen_streams"]) == (61, 8)
    assert sums["lumen_batch_commands_count"] == 61


def test_a_worker_that_never_answered_counts_nothing() -> None:
    totals = Totals()
    totals.end(1)
    assert numbers(totals.sum(0, set())) == {"lumen_workers_answering": 0}


def test_each_lumen_of_an_application_has_its_own_sums() -> None:
    totals = Totals()
    totals.learn(1, [metrics(streams=1, served=1), metrics(streams=10, served=10)])
    totals.learn(2, [metrics(streams=2, served=2)])
    assert numbers(totals.sum(0, {1, 2}))["lumen_served_total"] == 3
    assert numbers(totals.sum(1, {1, 2}))["lumen_served_total"] == 10
    totals.end(1)
    assert numbers(totals.sum(1, {2}))["lumen_served_total"] == 10


def test_the_number_of_metrics_does_not_grow_with_the_workers_that_have_ended() -> None:
    totals = Totals()
    for worker in range(100):
        totals.learn(worker, [metrics(streams=1, served=1)])
        totals.end(worker)
    sums = totals.sum(0, set())
    assert numbers(sums)["lumen_served_total"] == 100
    assert len(sums) <= len(metrics(streams=1, served=1))
