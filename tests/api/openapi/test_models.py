"""Models: types become schemas; names of settings and of other models in them are resolved."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field
from typing_extensions import TypedDict

from lumen_notify.api.openapi.models import Models
from lumen_notify.model.events.payload import extensible


@extensible
class Tea(TypedDict):
    """A cup of tea."""

    leaves: Annotated[
        dict[str, Any], Field(description="Its leaves.", json_schema_extra={"x-model": "Leaves"})
    ]
    name: Annotated[str, Field(json_schema_extra={"x-limit": "max_characters"})]
    names: Annotated[list[str], Field(json_schema_extra={"x-limit": "max_items"})]


class Pot(TypedDict):
    """A pot of tea."""

    tea: Tea


def test_types_become_schemas_without_titles() -> None:
    models = Models([Pot, {"type": "string"}, Tea], {"max_characters": 7, "max_items": 3})
    assert models.schema(Pot) == {"$ref": "#/components/schemas/Pot"}
    assert models.schema({"type": "string"}) == {"type": "string"}
    assert models.schema((Pot, Tea)) == {"oneOf": [models.schema(Pot), models.schema(Tea)]}
    assert models.definitions == {
        "Pot": {
            "type": "object",
            "description": "A pot of tea.",
            "properties": {"tea": {"$ref": "#/components/schemas/Tea"}},
            "required": ["tea"],
        },
        "Tea": {
            "type": "object",
            "description": "A cup of tea.",
            "properties": {
                "leaves": {"$ref": "#/components/schemas/Leaves", "description": "Its leaves."},
                "name": {"type": "string", "maxLength": 7},
                "names": {"type": "array", "items": {"type": "string"}, "maxItems": 3},
            },
            "required": ["leaves", "name", "names"],
        },
    }


def test_each_application_has_its_own_limits() -> None:
    for limit in (3, 4):
        models = Models([Tea], {"max_characters": 7, "max_items": limit})
        assert models.definitions["Tea"]["properties"]["names"]["maxItems"] == limit
