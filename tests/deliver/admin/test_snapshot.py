"""Snapshot: the figures of all instances, added up."""

from __future__ import annotations

from lumen_notify.deliver.admin.exchange import decode, encode
from lumen_notify.deliver.admin.snapshot import snapshot
from lumen_notify.metrics.figures import OutageFigure

from .figures import commits, figures

AT = 1_800_000_000_000
"""2027-01-15T08:00:00Z."""


def test_instances_are_added_up() -> None:
    frame = snapshot(
        {
            "a": [figures(streams=2, users_online=3, streams_by_device={"mobile": 1, "unknown": 1})],
            "b": [
                figures(
                    streams=1,
                    users_online=2,
                    streams_by_device={"mobile": 1},
                    waiting_commands=4,
                    scheduled=1,
                    digest_items=2,
                    dead_letters=3,
                )
            ],
        },
        AT,
    )
    assert frame["at"] == "2027-01-15T08:00:00.000Z"
    assert frame["instances"] == [{"id": "a", "streams": 2}, {"id": "b", "streams": 1}]
    assert frame["streams"] == {
        "total": 3,
        "by_device": {"mobile": 2, "unknown": 1},
        "by_instance": {"a": 2, "b": 1},
    }
    assert frame["users_online"] == 3, "each instance counts those of all"
    waiting = {name: number for name, number in frame["queues"].items() if number}
    assert waiting == {"commands": 4, "scheduled": 1, "digests": 2, "dead_letters": 3}


def test_rates_are_of_the_last_two_readings_of_each_instance_by_its_own_clock() -> None:
    before = {"events_total": {"notification": 100, "message": 10}, "deliveries_total": 1000}
    after = {"events_total": {"notification": 150, "message": 10}, "deliveries_total": 1400}
    frame = snapshot(
        {
            "a": [figures(5.0), figures(10.0, **before), figures(12.0, **after)],
            "b": [figures(7000.0, **before), figures(7001.0, **after)],
            "new": [figures(1.0, **before)],
        },
        AT,
    )
    assert frame["rates"] == {"publishes": 75.0, "messages": 0.0, "deliveries": 600.0}


def test_rates_are_not_known_before_the_second_reading() -> None:
    frame = snapshot({"a": [figures(1.0)]}, AT)
    assert frame["rates"] == {"publishes": None, "messages": None, "deliveries": None}
    assert frame["commit_ms"] == {"p50": None, "p99": None}
    assert frame["push"] == {}


def test_commit_times_are_of_all_instances_over_the_whole_time_that_is_kept() -> None:
    none = figures(0.0)
    quick = figures(10.0, commits_total=commits(within_ms=0.5, number=98))
    slow = figures(10.0, commits_total=commits(within_ms=2000, number=2))
    frame = snapshot({"a": [none, figures(5.0), quick], "b": [none, slow]}, AT)
    assert 0 < frame["commit_ms"]["p50"] <= 1
    assert frame["commit_ms"]["p99"] > 1000
    assert snapshot({"a": [quick, quick]}, AT)["commit_ms"] == {"p50": None, "p99": None}


def test_pushes_are_by_outcome_whatever_the_provider() -> None:
    before = figures(1.0, pushes_total={("fcm", "taken"): 5, ("apns", "taken"): 5})
    after = figures(3.0, pushes_total={("fcm", "taken"): 9, ("apns", "taken"): 7, ("fcm", "refused"): 2})
    assert snapshot({"a": [before, after]}, AT)["push"] == {"refused": 1.0, "taken": 3.0}
    sent = [decode(encode(one)) for one in (before, after)]
    assert snapshot({"a": sent}, AT) == snapshot({"a": [before, after]}, AT)


def test_outages_say_since_when_at_the_longest() -> None:
    outages = [(OutageFigure(what="writes", seconds=seconds),) for seconds in (2.0, 5.5)]
    frame = snapshot({str(n): [figures(outages=one)] for n, one in enumerate(outages)}, AT)
    assert frame["outages"] == [{"what": "writes", "since": "2027-01-15T07:59:54.500Z"}]


def test_close_reasons_are_totals() -> None:
    frame = snapshot({"a": [figures(ended_total={"gone": 2})], "b": [figures(ended_total={"gone": 1})]}, AT)
    assert frame["close_reasons"] == {"gone": 3}
