"""Bodies about categories: what the model takes, its published schema takes, and nothing else."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from lumen_notify.accept.preferences.category_bodies import CategoryBody

from ..body_schemas import fits, is_taken, undescribed

TAKEN: list[tuple[type[BaseModel], Any]] = [
    (CategoryBody, {}),
    (CategoryBody, {"limits": None}),
    (CategoryBody, {"limits": {"per_recipient": "20/hour"}}),
    (CategoryBody, {"limits": {"per_recipient": "999999/second", "over": "merge"}}),
    (CategoryBody, {"push_content": "title"}),
    (CategoryBody, {"push_content": None}),
    (CategoryBody, {"in_app": False, "push": False, "may_mute": False, "priority": None}),
]

REFUSED: list[tuple[type[BaseModel], Any]] = [
    (CategoryBody, {"name": "like"}),
    (CategoryBody, {"limits": {}}),
    (CategoryBody, {"limits": {"per_recipient": "0/hour"}}),
    (CategoryBody, {"limits": {"per_recipient": "20/hours"}}),
    (CategoryBody, {"limits": {"per_recipient": "20"}}),
    (CategoryBody, {"limits": {"per_recipient": "20/hour", "over": "drop"}}),
    (CategoryBody, {"in_app": None}),
    (CategoryBody, {"may_mute": 1}),
    (CategoryBody, {"priority": "asap"}),
    (CategoryBody, {"push_content": "half"}),
]


def test_what_fits_the_schema_is_taken() -> None:
    assert [case for case in TAKEN if not fits(*case)] == []
    assert [case for case in TAKEN if not is_taken(*case)] == []


def test_what_is_refused_does_not_fit_the_schema() -> None:
    assert [case for case in REFUSED if is_taken(*case)] == []
    assert [case for case in REFUSED if fits(*case)] == []


def test_every_field_says_what_it_is() -> None:
    assert undescribed(CategoryBody) == []
