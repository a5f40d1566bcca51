"""Deliveries: an event of a trace meets its fan-out, whichever comes first."""

from __future__ import annotations

import pytest

from lumen_notify.tracing import deliveries as module
from lumen_notify.tracing.deliveries import EXPECTED_SECONDS, Deliveries, FanOut

SECOND_NS = 1_000_000_000


def fan_out(first: int, last: int, at_ns: int = 5) -> FanOut:
    return FanOut(first, last, at_ns, at_ns)


def test_expected_event_meets_its_fan_out() -> None:
    deliveries = Deliveries()
    assert deliveries.expect(3, "three", 1) is None
    assert deliveries.expect(5, "five", 1) is None
    assert list(deliveries.deliver(fan_out(1, 4))) == [(3, "three")]
    assert list(deliveries.deliver(fan_out(5, 5))) == [(5, "five")]
    assert list(deliveries.deliver(fan_out(5, 5))) == []


def test_fan_out_that_is_done_is_remembered() -> None:
    deliveries = Deliveries()
    for position in (1, 2, 3):
        assert list(deliveries.deliver(fan_out(position, position))) == []
    assert deliveries.expect(2, "two", 1) == fan_out(2, 2)
    assert deliveries.expect(4, "four", 1) is None


def test_event_that_was_passed_over_is_forgotten() -> None:
    deliveries = Deliveries()
    deliveries.expect(3, "three", 1)
    assert list(deliveries.deliver(fan_out(4, 9))) == []
    assert not deliveries._expected


def test_event_of_an_older_log_is_not_taken_for_another_one() -> None:
    deliveries = Deliveries()
    deliveries.expect(3, "three", 0)
    late = int((EXPECTED_SECONDS + 1) * SECOND_NS)
    assert list(deliveries.deliver(fan_out(3, 3, late))) == []


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_EXPECTED", 3)
    deliveries = Deliveries()
    for position in range(1, 1000):
        deliveries.expect(position, "a", 1)
        deliveries.deliver(fan_out(0, 0))
    assert list(deliveries._expected) == [997, 998, 999]
    for _ in deliveries.deliver(fan_out(1, 1)):
        pass
    assert len(deliveries._fan_outs) <= module.MAX_FAN_OUTS
