"""Models: the JSON schemas of all types of requests, responses and events, made by pydantic."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from lumen_notify.http.operation import JsonSchema, Shape, ref
from lumen_notify.model import to_json


class Models:
    """The schemas of some shapes. definitions: the schemas of all models with a name, by name."""

    def __init__(self, shapes: Iterable[Shape], limits: Mapping[str, int]) -> None:
        types = tuple(dict.fromkeys(shape for shape in shapes if not isinstance(shape, Mapping)))
        schemas, self.definitions = json.loads(
            _schemas(types), object_hook=functools.partial(_resolved, limits)
        )
        self._schemas: dict[Shape, JsonSchema] = dict(zip(types, schemas, strict=True))

    def schema(self, shape: Shape) -> JsonSchema:
        """Return the schema of a shape."""
        if isinstance(shape, tuple):
            return {"oneOf": [self.schema(one) for one in shape]}
        schema: JsonSchema = shape if isinstance(shape, Mapping) else self._schemas[shape]
        return schema


class _Generator(GenerateJsonSchema):
    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - pydantic's signature
        """Omit the titles, which only repeat the names."""
        return False

    def typed_dict_schema(self, schema: Any) -> dict[str, Any]:
        """Omit `additionalProperties: true`, which is the default."""
        found = super().typed_dict_schema(schema)
        if found.get("additionalProperties") is True:
            del found["additionalProperties"]
        return found


@functools.lru_cache(maxsize=4)
def _schemas(types: tuple[Shape, ...]) -> str:
    """Return a list of the schemas of all types, and all named schemas by name, as JSON. This takes 0.1 s; a
    process that opens several applications (a test) does it once."""
    found, definitions = _Generator(ref_template="#/components/schemas/{model}").generate_definitions(
        [(number, "validation", TypeAdapter(shape).core_schema) for number, shape in enumerate(types)]
    )
    untitled = {
        name: {key: value for key, value in schema.items() if key != "title"}
        for name, schema in definitions.items()
    }
    return to_json([[found[number, "validation"] for number in range(len(types))], untitled])


def _resolved(limits: Mapping[str, int], schema: dict[str, Any]) -> JsonSchema:
    """Replace `x-limit`, the name of a setting, by the limit, and `x-model`, the name of a model, by a
    reference to its schema."""
    if "x-model" in schema:
        description = {key: text for key, text in schema.items() if key == "description"}
        return {**ref(schema["x-model"]), **description}
    if "x-limit" in schema:
        limit = limits[schema.pop("x-limit")]
        schema["maxItems" if schema["type"] == "array" else "maxLength"] = limit
    return schema
