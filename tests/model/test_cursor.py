"""Cursor: read back as it was written; anything else is no cursor."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumen_notify.model import Cursor, ResetReason


@given(
    epoch=st.text("0123456789abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=16),
    position=st.integers(0, 10**17),
    check=st.none() | st.text("0123456789abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=8),
)
def test_cursor_is_read_back_as_it_was_written(epoch: str, position: int, check: str | None) -> None:
    cursor = Cursor(epoch, position, check)
    assert Cursor.parse(str(cursor)) == cursor


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "k3f9x2",
        "k3f9x2-",
        "-41",
        "k3f9x2-041",
        "k3f9x2--1",
        "K3F9-1",
        "k-1\n",
        " k-1",
        "k-1-",
        "k-1-A",
        "k-1-2-3",
        "k-1-" + "2" * 9,
        "k" * 17 + "-1",
        "k-" + "1" * 19,
        "k-\u0661",
    ],
)
def test_other_text_is_no_cursor(text: str) -> None:
    assert Cursor.parse(text) is None


@pytest.mark.parametrize(
    ("text", "floor", "found", "reason"),
    [
        ("k-7-abc", 3, "abc", None),
        ("k-7", 3, "abc", None),
        ("k-7-abc", 7, "abc", None),
        ("k-7-abc", 7, None, None),
        ("k-0", 0, None, None),
        ("x-7-abc", 3, "abc", ResetReason.EPOCH),
        ("k-7-abc", 8, None, ResetReason.TRIMMED),
        ("k-0", 1, None, ResetReason.TRIMMED),
        ("k-7-abc", 3, None, ResetReason.AHEAD),
        ("k-7", 3, None, ResetReason.AHEAD),
        ("k-7-abc", 3, "def", ResetReason.DIVERGED),
        ("k-7-abc", 7, "def", ResetReason.DIVERGED),
    ],
)
def test_log_continues_from_a_cursor_or_there_is_a_reason(
    text: str, floor: int, found: str | None, reason: ResetReason | None
) -> None:
    cursor = Cursor.parse(text)
    assert cursor is not None
    assert cursor.refusal(epoch="k", floor=floor, found=found) is reason
