"""Closed schemas: JSON schemas in which objects have no other fields than those listed.

The documents leave objects open, so that a client made from them lives on when a field is added. A test wants
to know of each field that is not described.
"""

from __future__ import annotations

from typing import Any


def closed(schema: Any) -> Any:
    """Return a schema in which objects have no other fields than those listed."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    shut = {name: closed(one) for name, one in schema.items()}
    is_whole = schema.get("type") in ("object", ["object", "null"]) and isinstance(
        schema.get("properties"), dict
    )
    if is_whole and "additionalProperties" not in schema:
        shut["additionalProperties"] = False
    return shut
