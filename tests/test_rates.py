"""Rates: a bucket gives its burst and then its rate, a window begins with its first attempt."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumen_notify.rates import Rate, Window

RATES = st.builds(Rate, st.integers(1, 1000), st.sampled_from(["second", "minute", "hour", "day"]))


@pytest.mark.parametrize("text", ["1/second", "20/hour", "600/minute", "999999/day"])
def test_a_rate_is_read_as_it_is_written(text: str) -> None:
    assert str(Rate.parse(text)) == text


@pytest.mark.parametrize(
    "text", ["", "20", "0/hour", "1000000/hour", "1/week", "1/hour ", "1/hour\n", "-1/hour"]
)
def test_other_text_is_no_rate(text: str) -> None:
    with pytest.raises(ValueError, match="20/hour"):
        Rate.parse(text)


@given(RATES, st.integers(0, 10**18))
def test_a_full_bucket_gives_all_that_it_holds_at_once_and_then_one_a_step(rate: Rate, now: int) -> None:
    full_at = 0
    for _ in range(rate.number):
        assert rate.wait_us(full_at, now) == 0
        full_at = rate.taken(full_at, now)
    assert full_at == rate.taken(0, now, rate.number)
    assert rate.wait_us(full_at, now) == rate.step_us
    assert rate.wait_us(full_at, now + rate.step_us) == 0
    assert rate.wait_us(full_at, now, 2) == 2 * rate.step_us


@given(RATES, st.integers(0, 10**18), st.integers(0, 10**18))
def test_a_bucket_that_was_full_before_is_no_fuller_now(rate: Rate, full_at: int, later: int) -> None:
    now = full_at + later
    assert rate.taken(full_at, now) == rate.taken(0, now)


def test_a_window_begins_with_its_first_attempt_and_ends_by_itself() -> None:
    window = Window.at(1_000, 60, None)
    assert window == (61_000, 0)
    counted = Window(window.ends_at, 5)
    assert Window.at(60_999, 60, counted) is counted
    assert Window.at(61_000, 60, counted) == (121_000, 0)


def test_a_window_of_a_clock_that_was_set_back_is_over() -> None:
    assert Window.at(0, 60, Window(120_001, 5)) == (60_000, 0)


def test_a_window_that_an_instance_with_a_faster_clock_began_is_not_over() -> None:
    window = Window(65_000, 5)
    assert Window.at(0, 60, window) is window
