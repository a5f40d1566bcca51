"""Schemas: those of the OpenAPI document that messages refer to, in the form that AsyncAPI has (JSON Schema,
draft 7)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lumen_notify.http.operation import JsonSchema

_PREFIX = "#/components/schemas/"


def used_by(part: object, schemas: Mapping[str, JsonSchema]) -> dict[str, JsonSchema]:
    """Return the schemas that a part of the document refers to, directly and by others, by name, in the order
    of `schemas`."""
    used: set[str] = set()
    waiting = set(_names(part))
    while waiting:
        name = waiting.pop()
        used.add(name)
        waiting |= set(_names(in_draft_7(schemas[name]))) - used
    return {name: in_draft_7(schema) for name, schema in schemas.items() if name in used}


def in_draft_7(schema: Any) -> Any:
    """Return a schema as draft 7 reads it.

    A reference has no other fields beside it there: they are ignored. AsyncAPI's `discriminator` is a name,
    and a validator does not need it.
    """
    if isinstance(schema, list | tuple):
        return [in_draft_7(one) for one in schema]
    if not isinstance(schema, Mapping):
        return schema
    plain = {
        name: in_draft_7(one)
        for name, one in schema.items()
        if name != "discriminator" or not isinstance(one, Mapping)
    }
    if "$ref" in plain and len(plain) > 1:
        return {"allOf": [{"$ref": plain.pop("$ref")}], **plain}
    return plain


def _names(part: object) -> Iterator[str]:
    if isinstance(part, Mapping):
        target = part.get("$ref")
        if isinstance(target, str) and target.startswith(_PREFIX):
            yield target.removeprefix(_PREFIX)
        for one in part.values():
            yield from _names(one)
    elif isinstance(part, list | tuple):
        for one in part:
            yield from _names(one)
