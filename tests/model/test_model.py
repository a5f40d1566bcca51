"""Model: JSON as everybody else reads it; values that do not change."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumen_notify.model import EVERYONE, Event, to_json

ATOMS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)
VALUES = st.recursive(
    ATOMS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4)
)


@given(value=VALUES)
def test_json_is_read_back_as_it_was(value: Any) -> None:
    assert json.loads(to_json(value)) == value


def test_json_is_compact_and_escapes_nothing_that_needs_it_not() -> None:
    assert (
        to_json({"a": [1, "ä\U0001f600\u2028/", '"\\\n\0']})
        == '{"a":[1,"ä\U0001f600\u2028/","\\"\\\\\\n\\u0000"]}'
    )


@pytest.mark.parametrize("value", ["half a pair: \ud800", object()])
def test_what_json_cannot_hold_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="serializ"):
        to_json({"a": value})


def test_values_are_equal_by_what_they_hold_and_can_be_keys() -> None:
    one, same = (
        Event(position=1, audience=EVERYONE, kind="x", category=None, body="{}", created_at=0)
        for _ in range(2)
    )
    assert one == same
    assert {one: 1}[same] == 1
    assert not hasattr(one, "__dict__")
