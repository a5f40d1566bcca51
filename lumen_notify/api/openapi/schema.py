"""Schema: helpers for the JSON schemas that are written by hand: those of frames and problems."""

from __future__ import annotations

from collections.abc import Iterable

from lumen_notify.http.operation import JsonSchema, ref

__all__ = [
    "COUNT",
    "FLAG",
    "ID",
    "POSITION",
    "SEQ",
    "TEXT",
    "JsonSchema",
    "described",
    "nullable",
    "object_schema",
    "one_of",
    "ref",
]

COUNT: JsonSchema = {"type": "integer", "minimum": 0}
TEXT: JsonSchema = {"type": "string"}
FLAG: JsonSchema = {"type": "boolean"}
ID: JsonSchema = {"type": "string", "format": "uuid", "description": "A UUIDv7."}
SEQ: JsonSchema = {"type": "integer", "minimum": 1, "description": "The message's number in its room."}
POSITION: JsonSchema = {"type": "integer", "minimum": 0, "description": "A position in the log."}


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


def nullable(schema: JsonSchema, description: str) -> JsonSchema:
    """Describe a value or null."""
    return {"anyOf": [schema, {"type": "null"}], "description": description}


def described(schema: JsonSchema, description: str) -> JsonSchema:
    """Describe a value with a description of its own."""
    return {**schema, "description": description}
