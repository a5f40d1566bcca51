"""Pace: the log is read in time, and never more often than hints are worth."""

from __future__ import annotations

from lumen_notify.deliver.announcements import Announcement, Taken
from lumen_notify.deliver.pace import (
    GAP_SECONDS,
    HINTS_SECONDS,
    MAX_UNREAD_POLLS,
    MAX_USELESS_READS,
    POLL_SECONDS,
    Pace,
    Step,
)

from .fakes import FakeClock

NOTHING = Taken([], [], [], has_hints=False)


def after_a_gap(*, is_own: bool) -> Taken:
    return NOTHING._replace(later=[Announcement([], None, is_own)])


def contradicting(*, is_own: bool) -> Taken:
    return NOTHING._replace(contradictions=[Announcement([], None, is_own)])


def test_log_is_read_after_a_second_without_progress() -> None:
    clock = FakeClock()
    pace = Pace(clock)
    clock.seconds += POLL_SECONDS - 0.1
    assert pace.next_step(NOTHING, has_newer=False) is Step.REST
    assert 0 < pace.wait_seconds < POLL_SECONDS
    pace.record_progress(has_hints=False)
    clock.seconds += POLL_SECONDS - 0.1
    assert pace.next_step(NOTHING, has_newer=False) is Step.REST
    clock.seconds += 0.2
    assert pace.wait_seconds == 0
    assert pace.next_step(NOTHING, has_newer=False) is Step.READ


def test_hints_that_bring_nothing_new_do_not_put_the_read_off() -> None:
    clock = FakeClock()
    pace = Pace(clock)
    steps = []
    for _ in range(11):
        clock.seconds += POLL_SECONDS / 10
        steps.append(pace.next_step(NOTHING, has_newer=False))
    assert steps[-1] is Step.READ


def test_log_is_read_now_and_then_even_while_hints_leave_no_gap() -> None:
    clock = FakeClock()
    pace = Pace(clock)
    steps = []
    for _ in range(2 * MAX_UNREAD_POLLS * 10 + 2):
        clock.seconds += POLL_SECONDS / 10
        steps.append(pace.next_step(NOTHING, has_newer=False))
        if steps[-1] is Step.READ:
            pace.record_read()
        pace.record_progress(has_hints=True)
    assert steps.count(Step.READ) == 2


def test_gap_before_an_own_event_is_read_at_once_unless_hints_help() -> None:
    clock = FakeClock()
    pace = Pace(clock)
    assert pace.next_step(after_a_gap(is_own=True), has_newer=False) is Step.READ
    pace.record_progress(has_hints=True)
    assert pace.next_step(after_a_gap(is_own=True), has_newer=False) is Step.WAIT
    assert 0 < pace.wait_seconds <= GAP_SECONDS
    clock.seconds += GAP_SECONDS / 2
    assert pace.next_step(after_a_gap(is_own=True), has_newer=False) is Step.WAIT
    clock.seconds += GAP_SECONDS
    assert pace.next_step(after_a_gap(is_own=True), has_newer=False) is Step.READ
    pace.record_read()
    clock.seconds += HINTS_SECONDS
    pace.record_read()
    assert pace.next_step(after_a_gap(is_own=True), has_newer=False) is Step.READ, "they help no longer"


def test_own_commit_that_contradicts_is_always_looked_at() -> None:
    pace = Pace(FakeClock())
    pace.record_progress(has_hints=True)
    for _ in range(MAX_USELESS_READS * 3):
        assert pace.next_step(contradicting(is_own=True), has_newer=False) is Step.READ
        pace.record_read()


def test_wrong_hints_cause_a_few_reads_and_then_wait_for_the_poll() -> None:
    clock = FakeClock()
    pace = Pace(clock)

    def reads(number: int) -> int:
        found = 0
        for turn in range(number):
            hint = after_a_gap(is_own=False) if turn % 2 else contradicting(is_own=False)
            if pace.next_step(hint, has_newer=turn % 3 == 0) is Step.READ:
                pace.record_read()
                found += 1
        return found

    assert reads(1000) == MAX_USELESS_READS
    pace.record_progress(has_hints=False)
    assert reads(1000) == 0, "progress of another kind does not make them worth more"
    clock.seconds += POLL_SECONDS
    assert reads(1000) == MAX_USELESS_READS


def test_read_that_finds_something_was_worth_it() -> None:
    pace = Pace(FakeClock())
    for _ in range(MAX_USELESS_READS * 3):
        assert pace.next_step(NOTHING, has_newer=True) is Step.READ
        pace.record_read()
        pace.record_found()


def test_sync_reads_next_whatever_is_announced() -> None:
    pace = Pace(FakeClock())
    pace.sync()
    assert pace.next_step(NOTHING, has_newer=False) is Step.READ
    pace.record_read()
    assert pace.next_step(NOTHING, has_newer=False) is Step.REST
