"""Documents: the document of a running application, and its schemas closed for tests.

The document leaves objects open, so that a client made from it lives on when a field is added. A test wants
to know of each field that is not described: `closed` shuts every object whose fields are listed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema_rs

Json = Any


def closed(schema: Json) -> Json:
    """Return a schema in which objects have no other fields than those listed."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    shut = {name: closed(one) for name, one in schema.items()}
    is_whole = schema.get("type") == "object" and isinstance(schema.get("properties"), dict)
    if is_whole and "additionalProperties" not in schema:
        shut["additionalProperties"] = False
    return shut


def faults(document: Json, schema: Json, value: Json) -> list[str]:
    """Say in what a value departs from a schema of the document, closed."""
    whole = closed({"components": document["components"], "allOf": [schema]})
    validator = jsonschema_rs.validator_for(whole, validate_formats=True)
    return [f"{error.instance_path}: {error.message}" for error in validator.iter_errors(value)]


def operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    """Yield method, path and operation."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def references(schema: Json) -> Iterator[str]:
    """Yield every `$ref` within."""
    if isinstance(schema, dict):
        if "$ref" in schema:
            yield schema["$ref"]
        for one in schema.values():
            yield from references(one)
    elif isinstance(schema, list):
        for one in schema:
            yield from references(one)
