"""Documents: the OpenAPI document of a running application, and what is held to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import jsonschema_rs

from clients import Frame
from closed_schemas import closed

Json = Any


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


def described_events(document: Json) -> dict[str, Json]:
    """Return the descriptions of server-sent events by name."""
    schemas = document["components"]["schemas"]
    mapping = schemas["Event"]["discriminator"]["mapping"]
    return {event: schemas[ref.rpartition("/")[2]] for event, ref in mapping.items()}


def check_frames(document: Json, frames: Iterable[Frame]) -> set[str]:
    """Assert that each frame is as described; return their names."""
    events = described_events(document)
    names = set()
    for frame in frames:
        assert faults(document, {"$ref": "#/components/schemas/Event"}, _as_object(frame)) == [], frame
        schema = events[frame.event]["properties"]["data"]["contentSchema"]
        assert faults(document, schema, frame.data) == [], frame
        names.add(frame.event)
    return names


def _as_object(frame: Frame) -> dict[str, Any]:
    fields = {"event": frame.event, "id": frame.id, "retry": frame.retry_ms, "data": "{}"}
    return {name: value for name, value in fields.items() if value is not None}
