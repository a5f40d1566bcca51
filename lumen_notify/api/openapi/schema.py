"""Schema: the words that the document's JSON schemas are made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

JsonSchema = Mapping[str, Any]
"""A JSON schema, draft 2020-12, as OpenAPI 3.1 has them."""

COUNT: JsonSchema = {"type": "integer", "minimum": 0}
TEXT: JsonSchema = {"type": "string"}
FLAG: JsonSchema = {"type": "boolean"}
SOME: JsonSchema = {"type": "integer", "minimum": 1}
ID: JsonSchema = {"type": "string", "format": "uuid", "description": "A UUIDv7."}
TIME: JsonSchema = {
    "type": "string",
    "format": "date-time",
    "description": "RFC 3339, UTC, with milliseconds.",
    "examples": ["2026-01-31T08:00:00.000Z"],
}
SEQ: JsonSchema = {"type": "integer", "minimum": 1, "description": "A message's number in its room."}
POSITION: JsonSchema = {"type": "integer", "minimum": 0, "description": "A place in the log."}


def ref(name: str) -> JsonSchema:
    """Refer to one of the document's schemas."""
    return {"$ref": f"#/components/schemas/{name}"}


def constant(word: str) -> JsonSchema:
    """Describe a text that is always the same."""
    return {"type": "string", "const": word}


def one_of(words: Iterable[str]) -> JsonSchema:
    """Describe a text that is one of a few."""
    return {"type": "string", "enum": list(words)}


def fields(description: str, optional: tuple[str, ...] = (), /, **properties: JsonSchema) -> JsonSchema:
    """Describe an object whose fields are always there, except the optional ones."""
    return {
        "type": "object",
        "description": description,
        "properties": properties,
        "required": [name for name in properties if name not in optional],
    }


def or_null(schema: JsonSchema, description: str) -> JsonSchema:
    """Describe a value that may be null."""
    return {"anyOf": [schema, {"type": "null"}], "description": description}


def told(schema: JsonSchema, description: str) -> JsonSchema:
    """Describe a value with words of its own."""
    return {**schema, "description": description}


def page_of(item: JsonSchema, description: str, *, is_paged: bool) -> JsonSchema:
    """Describe a list: `{items, next_cursor}`. is_paged: False if it always comes whole."""
    cursor = (
        or_null(TEXT, "The `cursor` of the next page; null on the last.") if is_paged else {"type": "null"}
    )
    return fields(description, items={"type": "array", "items": item}, next_cursor=cursor)
