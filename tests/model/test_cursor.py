"""Cursor: read back as it was written; anything else is no cursor."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumen_notify.model import Cursor


@given(
    epoch=st.text("0123456789abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=16),
    position=st.integers(0, 10**17),
)
def test_cursor_is_read_back_as_it_was_written(epoch: str, position: int) -> None:
    cursor = Cursor(epoch, position)
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
        "k-1-2",
        "k" * 17 + "-1",
        "k-" + "1" * 19,
        "k-\u0661",
    ],
)
def test_other_text_is_no_cursor(text: str) -> None:
    assert Cursor.parse(text) is None
