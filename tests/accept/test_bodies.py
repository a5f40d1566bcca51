"""Bodies: what the models take, their published JSON schemas take, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from lumen_notify.accept.bodies.fields import MAX_IDS
from lumen_notify.accept.bodies.notifications import MarkBody, PublicationBody, ReadBody

ONE = {"to": {"user": "bob"}, "category": "like", "content": "hi"}

TAKEN: list[tuple[type[BaseModel], Any]] = [
    (PublicationBody, ONE),
    (PublicationBody, ONE | {"to": {"users": ["bob", "bob"], "user": None}}),
    (PublicationBody, ONE | {"to": {"all": True}, "title": None, "data": {"a": [1.5, None]}}),
    (
        PublicationBody,
        ONE | {"to": {"user": "b" * 128}, "content": "two\nlines\tand a tab", "priority": "low"},
    ),
    (PublicationBody, ONE | {"sender": {"id": "x", "username": None, "avatar": ""}, "category": "a" * 64}),
    (MarkBody, {"ids": ["a"] * MAX_IDS, "all": None}),
    (MarkBody, {"all": True}),
    (MarkBody, {"category": "like"}),
    (MarkBody, {"up_to": 2**63 - 1, "category": None}),
    (MarkBody, {"up_to": 7.0, "category": "like"}),
    (ReadBody, {"is_read": False}),
]

REFUSED: list[tuple[type[BaseModel], Any]] = [
    (PublicationBody, None),
    (PublicationBody, []),
    (PublicationBody, {name: value for name, value in ONE.items() if name != "to"}),
    (PublicationBody, ONE | {"contents": "x"}),
    (PublicationBody, ONE | {"content": ""}),
    (PublicationBody, ONE | {"content": "a bell \x07"}),
    (PublicationBody, ONE | {"content": 7}),
    (PublicationBody, ONE | {"content": "x" * 101}),
    (PublicationBody, ONE | {"title": "two\nlines"}),
    (PublicationBody, ONE | {"title": "x" * 201}),
    (PublicationBody, ONE | {"category": "Like"}),
    (PublicationBody, ONE | {"category": "a" * 65}),
    (PublicationBody, ONE | {"category": "like\n"}),
    (PublicationBody, ONE | {"data": []}),
    (PublicationBody, ONE | {"priority": None}),
    (PublicationBody, ONE | {"priority": "highest"}),
    (PublicationBody, ONE | {"sender": {"username": "x"}}),
    (PublicationBody, ONE | {"sender": {"id": "x", "avatar": "a" * 2049}}),
    (PublicationBody, ONE | {"to": {}}),
    (PublicationBody, ONE | {"to": {"user": None}}),
    (PublicationBody, ONE | {"to": {"user": "bob", "all": True}}),
    (PublicationBody, ONE | {"to": {"users": []}}),
    (PublicationBody, ONE | {"to": {"users": "bob"}}),
    (PublicationBody, ONE | {"to": {"all": False}}),
    (PublicationBody, ONE | {"to": {"user": "\x00"}}),
    (PublicationBody, ONE | {"to": {"user": "b" * 129}}),
    (MarkBody, {}),
    (MarkBody, {"ids": []}),
    (MarkBody, {"ids": ["a"] * (MAX_IDS + 1)}),
    (MarkBody, {"ids": ["a" * 65]}),
    (MarkBody, {"ids": ["a"], "all": True}),
    (MarkBody, {"ids": ["a"], "up_to": 3}),
    (MarkBody, {"all": True, "category": "like"}),
    (MarkBody, {"all": False}),
    (MarkBody, {"up_to": -1}),
    (MarkBody, {"up_to": 2**63}),
    (MarkBody, {"up_to": 7.5}),
    (MarkBody, {"up_to": "7"}),
    (MarkBody, {"up_to": True}),
    (ReadBody, {"is_read": "true"}),
    (ReadBody, {"is_read": 1}),
    (ReadBody, {"is_read": True, "more": 1}),
]


def is_taken(model: type[BaseModel], value: Any) -> bool:
    try:
        TypeAdapter(model).validate_json(json.dumps(value), context={"max_content_characters": 100})
    except ValidationError:
        return False
    return True


def fits(model: type[BaseModel], value: Any) -> bool:
    schema = model.model_json_schema()
    if model is PublicationBody:
        schema["properties"]["content"]["maxLength"] = 100  # a setting: `openapi.document` puts it there
    return bool(jsonschema_rs.validator_for(schema).is_valid(value))


def test_what_fits_the_schema_is_taken() -> None:
    assert [case for case in TAKEN if not fits(*case)] == []
    assert [case for case in TAKEN if not is_taken(*case)] == []


def test_what_is_refused_does_not_fit_the_schema() -> None:
    assert [case for case in REFUSED if is_taken(*case)] == []
    assert [case for case in REFUSED if fits(*case)] == []


@pytest.mark.parametrize("model", [PublicationBody, MarkBody, ReadBody])
def test_every_field_says_what_it_is(model: type[BaseModel]) -> None:
    schema = model.model_json_schema()
    for name, part in {model.__name__: schema, **schema.get("$defs", {})}.items():
        assert part["description"], name
        for field, it in part["properties"].items():
            assert it.get("description") or "$ref" in it, f"{name}.{field}"
