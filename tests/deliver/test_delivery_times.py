"""Delivery times: one observation for each transaction that was written on a stream, and for each fan-out."""

from __future__ import annotations

from lumen_notify.deliver.delivery_times import DeliveryTimes
from lumen_notify.metrics import Metrics

from .fakes import FakeClock


class Times:
    """Delivery times on a clock that the test moves, and what was observed so far: (number, sum)."""

    def __init__(self) -> None:
        self.metrics = Metrics()
        self.clock = FakeClock()
        self.times = DeliveryTimes(self.metrics, self.clock, self.clock.ms)

    def observed(self, name: str) -> tuple[float, float]:
        found = {
            sample[0]: sample[2]
            for family in self.metrics.families()
            for sample in family["samples"]
            if family["name"] == f"lumen_{name}_seconds"
        }
        return found[f"lumen_{name}_seconds_count"], round(found[f"lumen_{name}_seconds_sum"], 6)


def test_time_from_commit_and_from_acceptance_to_the_last_write() -> None:
    one = Times()
    one.times.committed(3, accepted_at=one.clock() - 0.5)
    one.clock.seconds += 0.25
    one.times.committed(4, accepted_at=None)
    one.clock.seconds += 0.25
    one.times.fanned_out(4, one.clock.ms() - 125, is_written=True)
    assert one.observed("commit_to_write") == (2, 0.75)
    assert one.observed("accept_to_write") == (2, 1.25)
    assert one.observed("event_age") == (1, 0.125)


def test_what_was_written_on_no_stream_is_not_observed() -> None:
    one = Times()
    one.times.committed(3, accepted_at=1.0)
    one.times.fanned_out(3, 0, is_written=False)
    one.times.committed(4, accepted_at=1.0)
    one.times.fanned_out(4, one.clock.ms(), is_written=True)
    assert one.observed("commit_to_write")[0] == one.observed("event_age")[0] == 1


def test_transaction_in_several_fan_outs_ends_with_the_last() -> None:
    one = Times()
    one.times.committed(300, accepted_at=None)
    one.clock.seconds += 0.5
    one.times.fanned_out(250, one.clock.ms(), is_written=True)
    assert one.observed("commit_to_write")[0] == 0
    one.clock.seconds += 0.5
    one.times.fanned_out(300, one.clock.ms(), is_written=False)
    assert one.observed("commit_to_write") == (1, 1.0)


def test_events_of_another_instance_have_an_age_alone_and_never_less_than_0() -> None:
    one = Times()
    one.times.fanned_out(7, one.clock.ms() + 5000, is_written=True)
    assert one.observed("event_age") == (1, 0)
    assert one.observed("commit_to_write")[0] == 0


def test_what_another_log_has_is_forgotten() -> None:
    one = Times()
    one.times.committed(3, accepted_at=None)
    one.times.forget()
    one.times.fanned_out(9, one.clock.ms(), is_written=True)
    assert one.observed("commit_to_write")[0] == 0
