"""Document: it is one document, refers to nothing that it lacks, and says nothing of the request."""

from __future__ import annotations

import json
from typing import Any

import httpx
import jsonschema_rs
from starlette.applications import Starlette
from starlette.routing import Mount

from documents import references
from lumen_notify import Lumen, Settings
from lumen_notify.settings import Secret


def resolve(document: Any, reference: str) -> Any:
    """Return what a reference within the document leads to. Raises KeyError."""
    found = document
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return found


async def test_document_is_json_of_asyncapi_3(http: httpx.AsyncClient) -> None:
    answer = await http.get("/asyncapi.json")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["asyncapi"] == "3.0.0"


def test_every_reference_leads_somewhere_and_no_schema_is_left_over(document: Any) -> None:
    used = set(references(document))
    for one in used:
        assert resolve(document, one), one
    for kind in ("schemas", "messages", "securitySchemes", "messageBindings"):
        names = {f"#/components/{kind}/{name}" for name in document["components"][kind]}
        assert names <= used, kind


def test_every_schema_is_one_of_draft_7(document: Any) -> None:
    for name, schema in document["components"]["schemas"].items():
        jsonschema_rs.meta.validate({"$schema": "http://json-schema.org/draft-07/schema#", **schema})
        assert keywords(schema) <= DRAFT_7, name


DRAFT_7 = {
    "$ref",
    "additionalProperties",
    "allOf",
    "anyOf",
    "const",
    "description",
    "enum",
    "examples",
    "format",
    "items",
    "maxItems",
    "maxLength",
    "maximum",
    "maxProperties",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "not",
    "oneOf",
    "pattern",
    "properties",
    "propertyNames",
    "required",
    "type",
    "uniqueItems",
}


def keywords(schema: Any) -> set[str]:
    """Return the keywords within a schema."""
    if isinstance(schema, list):
        return {word for one in schema for word in keywords(one)}
    if not isinstance(schema, dict):
        return set()
    found = {word for word in schema if not word.startswith("x-")}
    for word, part in schema.items():
        if word == "properties":
            found |= {inner for one in part.values() for inner in keywords(one)}
        elif word not in ("const", "enum", "examples") and not word.startswith("x-"):
            found |= keywords(part)
    return found


async def test_document_holds_under_a_prefix_and_names_no_host(lumen: Lumen, document: Any) -> None:
    mounted = httpx.ASGITransport(Starlette(routes=[Mount("/notify", lumen.app)]))
    headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Prefix": "/evil"}
    async with httpx.AsyncClient(transport=mounted, base_url="http://t", headers=headers) as client:
        answer = await client.get("/notify/asyncapi.json")
    assert answer.json() == document
    for protocol in ("http", "https"):
        server = document["servers"][protocol]
        assert (server["host"], server["pathname"]) == ("{host}", "{path}")
        assert server["variables"].keys() == {"host", "path"}


async def test_document_goes_with_the_pages(sqlite_url: str) -> None:
    settings = Settings(database_url=sqlite_url, jwt_secret=Secret("s" * 40), pages="off")
    async with Lumen(settings) as lumen:
        transport = httpx.ASGITransport(lumen.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
            assert (await client.get("/asyncapi.json")).status_code == 404


def test_limits_are_those_of_the_settings(document: Any) -> None:
    assert document["components"]["schemas"]["MarkIds"]["properties"]["ids"]["maxItems"] == 7
    assert "x-limit" not in json.dumps(document)
