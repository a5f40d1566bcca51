"""Times: RFC 3339 in and out, to the millisecond."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumen_notify.model import from_rfc3339, now_ms, rfc3339

MILLENNIA = st.integers(0, 253_402_300_799_999)
"""From 1970 to the end of the year 9999."""


@given(at_ms=MILLENNIA)
def test_time_is_read_back_as_it_was_rendered(at_ms: int) -> None:
    assert from_rfc3339(rfc3339(at_ms)) == at_ms


@given(one=MILLENNIA, other=MILLENNIA)
def test_text_sorts_as_time_does(one: int, other: int) -> None:
    assert (rfc3339(one) < rfc3339(other)) == (one < other)


@pytest.mark.parametrize(
    ("text", "at_ms"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01t01:00:00.0019+01:00", 1),
        ("2026-01-31T08:00:00.123456789z", 1_769_846_400_123),
        ("1969-12-31T23:59:59.9999Z", -1),
    ],
)
def test_offsets_and_fractions_are_read_and_rounded_down(text: str, at_ms: int) -> None:
    assert from_rfc3339(text) == at_ms


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("2026-01-31T08:00:00", "with an offset"),
        ("2026-01-31", "with an offset"),
        ("2026-02-30T08:00:00Z", "is not a valid date"),
        ("0000-01-01T00:00:00Z", "is not a valid date"),
    ],
)
def test_other_text_is_refused(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        from_rfc3339(text)


def test_clock_is_in_milliseconds_since_1970() -> None:
    assert rfc3339(now_ms()) > "2025-01-01T00:00:00.000Z"
