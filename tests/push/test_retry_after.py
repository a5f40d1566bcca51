"""Retry-After: seconds and dates, and whatever else a server may write."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumen_notify.push.retry_after import MAX_SECONDS, retry_after_seconds

NOW = 1_445_412_420_000
"""Wed, 21 Oct 2015 07:27:00 GMT"""


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0),
        (" 120 ", 120),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 60),
        ("Wednesday, 21-Oct-15 07:28:00 GMT", 60),
        ("Wed Oct 21 07:28:00 2015", 60),
        ("Wed, 21 Oct 2015 07:26:00 GMT", 0),
        ("9" * 400, MAX_SECONDS),
        ("Wed, 21 Oct 2099 07:28:00 GMT", MAX_SECONDS),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
        ("soon", None),
        ("", None),
        ("Wed, 99 Oct 2015 07:28:00 GMT", None),
        ("Wed, 21 Oct 99999 07:28:00 GMT", None),
    ],
)
def test_value_is_read(value: str, seconds: float | None) -> None:
    """RFC 9110, sections 5.6.7 and 10.2.3."""
    assert retry_after_seconds({"retry-after": value}, NOW) == seconds


def test_header_may_be_missing() -> None:
    assert retry_after_seconds({}, NOW) is None


@given(st.text())
def test_any_text_is_a_bounded_number_or_none(value: str) -> None:
    seconds = retry_after_seconds({"retry-after": value}, NOW)
    assert seconds is None or 0 <= seconds <= MAX_SECONDS
