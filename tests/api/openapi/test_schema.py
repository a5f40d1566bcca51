"""Schema: the helpers make JSON schemas that hold values to what they say."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest

from lumen_notify.api.openapi.schema import COUNT, FLAG, TEXT, described, object_schema, one_of

CUP = object_schema("A cup of tea.", ("milk",), leaves=COUNT, name=TEXT, milk=FLAG)


def is_valid(schema: Any, value: Any) -> bool:
    return bool(jsonschema_rs.validator_for(schema).is_valid(value))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"leaves": 0, "name": "green"}, True),
        ({"leaves": 3, "name": "green", "milk": True}, True),
        ({"leaves": 3, "milk": True}, False),
        ({"leaves": -1, "name": "green"}, False),
        ({"leaves": 3, "name": "green", "milk": None}, False),
        ([], False),
    ],
)
def test_all_fields_of_an_object_are_required_but_the_optional_ones(value: Any, expected: bool) -> None:
    assert is_valid(CUP, value) is expected


def test_one_of_several_words_is_valid_and_no_other_text() -> None:
    schema = one_of(word for word in ("green", "black"))
    assert [word for word in ("green", "black", "white", "", None) if is_valid(schema, word)] == [
        "green",
        "black",
    ]


def test_a_description_is_added_to_a_copy() -> None:
    assert described(COUNT, "Leaves.") == {**COUNT, "description": "Leaves."}
    assert "description" not in COUNT
    assert described(described(COUNT, "Leaves."), "Cups.")["description"] == "Cups."
