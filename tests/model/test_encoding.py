"""Encoding: JSON that every other reader reads back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lumen_notify.model import escape_line_separators, to_json
from lumen_notify.model.encoding import json_line

ATOMS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)


VALUES = st.recursive(
    ATOMS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4)
)


@given(value=VALUES)
def test_json_is_read_back_as_it_was(value: Any) -> None:
    assert json.loads(to_json(value)) == value


def test_json_is_compact_and_escapes_only_what_it_must() -> None:
    assert (
        to_json({"a": [1, "ä\U0001f600\u2028/", '"\\\n\0']})
        == '{"a":[1,"ä\U0001f600\u2028/","\\"\\\\\\n\\u0000"]}'
    )


@given(value=VALUES)
@example(value={"\u2028": ["\\", "\\\u2028", "\x85\u2029", "\\u2028"]})
def test_json_with_escaped_separators_is_one_line_that_is_read_back_as_it_was(value: Any) -> None:
    escaped = escape_line_separators(to_json(value))
    assert escaped.splitlines() == [escaped]
    assert json.loads(escaped) == value
    assert json_line(value) == escaped.encode()


@pytest.mark.parametrize("value", ["half a pair: \ud800", object()])
def test_value_that_json_cannot_hold_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="serializ"):
        to_json({"a": value})
