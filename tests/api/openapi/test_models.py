"""Models: types become schemas; names of settings and of other models in them are resolved."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field
from typing_extensions import TypedDict

from lumen_notify.accept.notifications.bodies import To
from lumen_notify.api.openapi.models import Models
from lumen_notify.http.fields import Body
from lumen_notify.http.operation import ref
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


class Biscuit(Body):
    """A biscuit to eat with the tea."""

    kind: str = "plain"
    """Its kind."""

    is_broken: bool | None = None
    """Whether it is broken."""


def test_descriptions_name_defaults_which_generators_would_take_for_required() -> None:
    fields = Models([Biscuit], {}).definitions["Biscuit"]["properties"]
    assert fields["kind"] == {"type": "string", "description": "Its kind. By default `plain`."}
    assert fields["is_broken"] == {
        "type": ["boolean", "null"],
        "description": "Whether it is broken.",
    }


def test_forms_of_a_body_are_schemas_with_names() -> None:
    models = Models([To], {"max_batch_rows": 5})
    forms = ["ToUser", "ToUsers", "ToRoom", "ToAll"]
    assert models.definitions["To"]["oneOf"] == [ref(name) for name in forms]
    assert models.definitions["ToUsers"]["properties"]["users"]["maxItems"] == 5
    assert all(models.definitions[name]["additionalProperties"] is False for name in forms)
