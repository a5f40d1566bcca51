"""Schema: helpers for JSON schemas that are written by hand: those of control frames and problems."""

from __future__ import annotations

from collections.abc import Iterable

from lumen_notify.http.operation import JsonSchema, ref

__all__ = [
    "COUNT",
    "FLAG",
    "ID",
    "TEXT",
    "JsonSchema",
    "described",
    "object_schema",
    "one_of",
    "ref",
]

COUNT: JsonSchema = {"type": "integer", "minimum": 0}
TEXT: JsonSchema = {"type": "string"}
FLAG: JsonSchema = {"type": "boolean"}
ID: JsonSchema = {"type": "string", "format": "uuid", "description": "A UUIDv7."}


def one_of(words: Iterable[str]) -> JsonSchema:
    """Return the schema of a text that is one of several words."""
    return {"type": "string", "enum": list(words)}


def object_schema(
    description: str, optional: tuple[str, ...] = (), /, **properties: JsonSchema
) -> JsonSchema:
    """Return the schema of an object whose fields are required, except the optional ones."""
    return {
        "type": "object",
        "description": description,
        "properties": properties,
        "required": [name for name in properties if name not in optional],
    }


def described(schema: JsonSchema, description: str) -> JsonSchema:
    """Return a schema with a description."""
    return {**schema, "description": description}
