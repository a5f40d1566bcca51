"""One of: a body has exactly one of its forms; the schema says so with a closed object for each."""

from __future__ import annotations

from typing import Any, ClassVar

import jsonschema_rs
import pytest
from pydantic import ValidationError

from lumen_notify.http.one_of import OneOfBody


class Drink(OneOfBody):
    """A drink: a tea, with or without milk, or a number of coffees."""

    forms: ClassVar = {"Tea": ("leaves", "milk"), "Coffee": ("cups",)}
    rule: ClassVar = "must have leaves or cups"

    leaves: str | None = None
    """The leaves."""

    milk: bool | None = None
    """Whether it has milk."""

    cups: int | None = None
    """The number of cups."""


RIGHT: list[dict[str, Any]] = [{"leaves": "green"}, {"leaves": "black", "milk": True}, {"cups": 2}]
WRONG: list[dict[str, Any]] = [
    {},
    {"milk": True},
    {"leaves": "black", "cups": 2},
    {"cups": 2, "milk": False},
    {"leaves": None},
    {"leaves": "black", "milk": None},
    {"cups": 2, "leaves": None},
    {"cups": 2, "sugar": 1},
]


def test_a_body_has_exactly_one_form_and_no_field_is_null() -> None:
    for body in RIGHT:
        assert Drink.model_validate(body).model_dump(exclude_unset=True) == body
    for body in WRONG:
        with pytest.raises(ValidationError):
            Drink.model_validate(body)


def test_a_body_without_a_form_is_told_the_rule() -> None:
    with pytest.raises(ValidationError, match="must have leaves or cups"):
        Drink.model_validate({"milk": True})


def test_schema_takes_what_the_model_takes() -> None:
    schema = jsonschema_rs.validator_for(Drink.model_json_schema())
    assert all(schema.is_valid(body) for body in RIGHT)
    assert not any(schema.is_valid(body) for body in WRONG)


def test_schema_has_a_closed_object_with_a_name_for_each_form() -> None:
    tea, coffee = Drink.model_json_schema()["oneOf"]
    assert tea == {
        "title": "Tea",
        "type": "object",
        "description": "The leaves.",
        "properties": {
            "leaves": {"type": "string", "description": "The leaves."},
            "milk": {"type": "boolean", "description": "Whether it has milk."},
        },
        "required": ["leaves"],
        "additionalProperties": False,
    }
    assert (coffee["title"], coffee["required"]) == ("Coffee", ["cups"])
