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
    """Describe one of several texts."""
    return {"type": "string", "enum": list(words)}


def object_schema(
    description: str, optional: tuple[str, ...] = (), /, **properties: JsonSchema
) -> JsonSchema:
    """Describe an object whose fields are required, except the optional ones."""
    return {
        "type": "object",
        "description": description,
        "properties": properties,
        "required": [name for name in properties if name not in optional],
    }


def described(schema: JsonSchema, description: str) -> JsonSchema:
    """Describe a value with a description of its own."""
    return {**schema, "description": description}
