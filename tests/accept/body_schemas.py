"""Body schemas: whether a model takes a value, and whether its published JSON schema does."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
from pydantic import BaseModel, TypeAdapter, ValidationError

MAX_CONTENT_CHARACTERS = 100
"""A setting: the validation context gives it to the models, the document writes it into the schemas."""


def is_taken(model: type[BaseModel], value: Any) -> bool:
    """Say whether a model takes a value that was sent as JSON."""
    context = {"max_content_characters": MAX_CONTENT_CHARACTERS}
    try:
        TypeAdapter(model).validate_json(json.dumps(value), context=context)
    except ValidationError:
        return False
    return True


def fits(model: type[BaseModel], value: Any) -> bool:
    """Say whether a value is valid by a model's schema."""
    return bool(jsonschema_rs.validator_for(_limited(model.model_json_schema())).is_valid(value))


def undescribed(model: type[BaseModel]) -> list[str]:
    """List the models and fields in a model's schema that have no description."""
    schema = model.model_json_schema()
    named = {model.__name__: schema, **schema.get("$defs", {})}
    forms = {form["title"]: form for part in named.values() for form in part.get("oneOf", ())}
    parts = {**named, **forms}
    names = [name for name, part in parts.items() if not part.get("description")]
    return names + [
        f"{name}.{field}"
        for name, part in parts.items()
        for field, it in part.get("properties", {}).items()
        if not it.get("description") and "$ref" not in it
    ]


def _limited(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_limited(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    limited = {name: _limited(one) for name, one in schema.items()}
    if limited.get("x-limit") == "max_content_characters":
        limited["maxLength"] = MAX_CONTENT_CHARACTERS
    return limited
