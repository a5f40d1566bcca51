"""Document: it names every route, every refusal and every limit, and refers to nothing that it lacks."""

from __future__ import annotations

import re
from typing import Any

import httpx
import jsonschema_rs
from starlette.applications import Starlette
from starlette.routing import Mount

from clients import SECRET
from documents import operations, references
from lumen_notify import Lumen, Settings
from lumen_notify.api.routes import Application
from lumen_notify.api.web import ClientFiles, Page
from lumen_notify.http.route import ApiRoute
from lumen_notify.settings import Secret
from pages import TEXT
from test_pages import UNANSWERED_CODES, error_codes, paths

WITHOUT_TOKEN = {f"/api/v1/auth/{name}" for name in ("register", "login", "refresh", "logout")}
ENDS = {("DELETE", f"/api/v1/notifications/stream{name}") for name in ("", "/renew")}


def test_every_route_is_in_the_document_and_nothing_else(lumen: Lumen, document: Any) -> None:
    application = lumen._application
    assert isinstance(application, Application)
    routes = set(paths(application.routes))
    assert len(routes) > 15
    assert {(method, path) for method, path, _ in operations(document)} == routes


def test_every_route_was_declared_with_its_description(lumen: Lumen) -> None:
    application = lumen._application
    assert isinstance(application, Application)
    for route in application.routes:
        is_page = isinstance(route, Mount) and isinstance(route.app, ClientFiles | Page)
        inner = route.routes if isinstance(route, Mount) and not is_page else [route]
        for one in inner:
            assert is_page or isinstance(one, ApiRoute), one


DELETED_BY_BODY = ("DELETE", "/api/v1/devices")
"""Its token is a secret, which a URL would carry into logs."""


def test_every_operation_is_complete(document: Any) -> None:
    tags = {tag["name"] for tag in document["tags"]}
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(set(names)) == len(names)
    for method, path, operation in operations(document):
        assert operation["summary"]
        assert set(operation["tags"]) <= tags
        takes_body = method in {"POST", "PUT", "PATCH"} or (method, path) == DELETED_BY_BODY
        assert ("requestBody" in operation) <= takes_body
        in_path = [one["name"] for one in operation.get("parameters", []) if one["in"] == "path"]
        assert in_path == re.findall(r"{(\w+)}", path)
        needs_token = path.startswith("/api/") and path not in WITHOUT_TOKEN and (method, path) not in ENDS
        assert needs_token == bool(operation["security"]), path
        for one in operation["security"]:
            assert set(one) <= document["components"]["securitySchemes"].keys()


ENDED_BY_POST = {("POST", f"/api/v1/auth/{name}") for name in ("logout", "logout-everywhere")}


def test_each_path_has_one_meaning_and_each_removal_one_answer(document: Any) -> None:
    methods: dict[str, dict[str, Any]] = {}
    for method, path, operation in operations(document):
        methods.setdefault(path, {})[method] = operation
        successes = [status for status in operation["responses"] if status < "400"]
        is_removal = method == "DELETE" or (method, path) in ENDED_BY_POST
        is_redirect = (method, path) == ("DELETE", "/api/v1/notifications/stream")
        if is_removal:
            assert successes == (["204", "307"] if is_redirect else ["204"]), path
        assert is_removal == ("content" not in operation["responses"][successes[0]]), path
    for path, found in methods.items():
        # GET lists what POST adds to; PUT replaces what GET returns, and PATCH changes a part of it.
        if {"GET", "POST"} <= found.keys():
            assert found["GET"]["operationId"].startswith("list"), path
        if {"GET", "PUT"} <= found.keys():
            shapes = [found[method]["responses"]["200"]["content"] for method in ("GET", "PUT")]
            assert shapes[0] == shapes[1], path


def test_every_list_takes_a_cursor_and_returns_one_as_text(document: Any) -> None:
    schemas = document["components"]["schemas"]
    lists = {
        path: operation
        for _, path, operation in operations(document)
        if operation["operationId"].startswith(("list", "adminList"))
    }
    assert len(lists) == 21
    for path, operation in lists.items():
        parameters = {one["name"]: one for one in operation["parameters"]}
        assert {"cursor", "limit"} <= parameters.keys(), path
        assert parameters["cursor"]["schema"]["type"] == "string", path
        (content,) = operation["responses"]["200"]["content"].values()
        page = schemas[content["schema"]["$ref"].rpartition("/")[2]]
        more = ["status"] if path.endswith("/deliveries") else []
        assert page["required"] == ["items", "next_cursor", *more], path
        assert page["properties"]["next_cursor"] == schemas["Rooms"]["properties"]["next_cursor"], path


def codes_of(response: Any) -> set[str]:
    """Return the codes that a description of refusals names, a line for each."""
    assert response["content"] == {
        "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
    }
    return set(re.findall(r"^`(\w+)`: ", response["description"], re.MULTILINE))


OF_NO_OPERATION = {
    "accounts_off",
    "path_not_found",
    "head_too_large",
    "method_not_allowed",
    "not_implemented",
    "request_timeout",
    "version_not_supported",
}
"""Codes of requests that reach no operation."""


def test_every_code_of_a_refusal_is_in_the_document_with_its_status(document: Any) -> None:
    codes = {
        code: int(text.partition(":")[0])
        for code, text in document["components"]["schemas"]["ProblemCode"]["x-enumDescriptions"].items()
    }
    assert list(codes) == document["components"]["schemas"]["ProblemCode"]["enum"]
    assert codes.keys() == error_codes() - UNANSWERED_CODES.keys()
    in_page = {
        code: int(status) for status, code in re.findall(r"^\| (\d{3}) \| `(\w+)` \|", TEXT, re.MULTILINE)
    }
    assert codes == in_page
    answered = {
        code
        for _, _, operation in operations(document)
        for status, response in operation["responses"].items()
        if status >= "400"
        for code in codes_of(response)
        if codes[code] == int(status)
    }
    assert answered == codes.keys() - OF_NO_OPERATION


def test_every_schema_is_one_and_every_reference_leads_somewhere(document: Any) -> None:
    schemas = document["components"]["schemas"]
    for name, schema in schemas.items():
        assert schema["description"], name
        assert "__" not in name, "two models have the same name"
        jsonschema_rs.meta.validate({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})
    wanted = set(references(document))
    assert wanted <= {f"#/components/schemas/{name}" for name in schemas}


def test_limits_are_those_of_the_settings(document: Any) -> None:
    schemas = document["components"]["schemas"]
    assert schemas["PublicationBody"]["properties"]["content"]["maxLength"] == 70
    assert schemas["PublicationBatch"]["maxItems"] == 7
    assert schemas["MarkIds"]["properties"]["ids"]["maxItems"] == 7
    assert schemas["ToUsers"]["properties"]["users"]["maxItems"] == 7


async def test_document_is_silent_about_accounts_while_they_are_off(sqlite_url: str) -> None:
    settings = Settings(database_url=sqlite_url, jwt_secret=Secret(SECRET))
    async with Lumen(settings) as lumen:
        transport = httpx.ASGITransport(lumen.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
            document = (await client.get("/openapi.json")).json()
    used = set(references(document))
    assert "accounts" not in {tag["name"] for tag in document["tags"]}
    assert not any("/auth/" in path for path in document["paths"])
    unused = {
        name for name in document["components"]["schemas"] if f"#/components/schemas/{name}" not in used
    }
    assert unused == set()


async def test_document_is_json_that_others_may_ask_for_again(http: httpx.AsyncClient) -> None:
    first, again = await http.get("/openapi.json"), await http.get("/openapi.json")
    assert first.headers["content-type"] == "application/json"
    assert first.content == again.content
    assert first.json()["openapi"].startswith("3.1.")


async def test_document_and_page_hold_under_a_prefix(lumen: Lumen, document: Any) -> None:
    mounted = httpx.ASGITransport(Starlette(routes=[Mount("/notify", lumen.app)]))
    async with httpx.AsyncClient(transport=mounted, base_url="http://t") as client:
        answer = await client.get("/notify/openapi.json")
        assert answer.json() == document
        base = answer.url.join(document["servers"][0]["url"])  # RFC 3986, section 5: relative to the document
        for method, path, operation in operations(document):
            if not operation["security"] and path not in WITHOUT_TOKEN and (method, path) not in ENDS:
                assert (await client.get(str(base).rstrip("/") + path)).status_code == 200
