"""Types: fields that share a type refer to it, so that generated clients have it once."""

from __future__ import annotations

from typing import Any

from documents import references
from lumen_notify.api.openapi.types import SCHEMAS


def test_every_type_is_in_the_document_and_used(document: Any) -> None:
    used = set(references(document))
    for name, schema in SCHEMAS.items():
        assert document["components"]["schemas"][name] == schema
        assert f"#/components/schemas/{name}" in used


def test_words_of_a_type_are_listed_nowhere_else(document: Any) -> None:
    listed = {name: schema["enum"] for name, schema in SCHEMAS.items() if "enum" in schema}
    for name, schema in document["components"]["schemas"].items():
        for field, described in schema.get("properties", {}).items():
            some = described.get("anyOf", [described])
            assert not any(one.get("enum") in listed.values() for one in some), f"{name}.{field}"
