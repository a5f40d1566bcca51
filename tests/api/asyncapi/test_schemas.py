"""Schemas: those of both documents are the same, in two forms."""

from __future__ import annotations

from typing import Any

from lumen_notify.api.asyncapi.intake import SCHEMAS
from lumen_notify.api.asyncapi.schemas import in_draft_7, used_by
from lumen_notify.http.operation import JsonSchema, ref
from lumen_notify.intake.envelopes import ENVELOPES


def test_both_documents_have_the_same_schemas(document: Any, openapi: Any) -> None:
    shared = document["components"]["schemas"]
    assert {"NotificationFrame", "Notification", "ReadyFrame", "Role"} <= shared.keys()
    of_queue = {model.__name__ for model in ENVELOPES.values()} | SCHEMAS.keys()
    assert of_queue <= shared.keys()
    for name in shared.keys() - of_queue:
        assert shared[name] == in_draft_7(openapi["components"]["schemas"][name]), name


def test_schemas_are_taken_with_those_that_they_refer_to() -> None:
    schemas: dict[str, JsonSchema] = {
        "Unused": {"type": "object", "properties": {"a": ref("A")}},
        "A": {"type": "array", "items": ref("B")},
        "B": {"type": "object", "properties": {"self": ref("B"), "c": ref("C")}},
        "C": {"type": "string"},
    }
    assert list(used_by({"payload": [ref("A")]}, schemas)) == ["A", "B", "C"]
    assert used_by({"payload": {"$ref": "#/components/messages/A"}}, schemas) == {}


def test_what_draft_7_ignores_beside_a_reference_stays_readable() -> None:
    described = {**ref("A"), "description": "An A."}
    assert in_draft_7({"properties": {"a": described}}) == {
        "properties": {"a": {"allOf": [ref("A")], "description": "An A."}}
    }
    assert in_draft_7([ref("A")]) == [ref("A")]


def test_discriminators_of_openapi_are_left_out_and_fields_of_that_name_stay() -> None:
    forms = {"oneOf": [ref("A")], "discriminator": {"propertyName": "kind"}}
    assert in_draft_7(forms) == {"oneOf": [ref("A")]}
    field = {"required": ["discriminator"], "discriminator": "kind"}
    assert in_draft_7(field) == field
