"""The headers for browsers: of every route, every file and every refusal, whatever the request claims."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

import lumen_notify
from clients import NOTIFICATIONS, SECRET, serve, token
from documents import operations
from lumen_notify import Lumen, Settings
from lumen_notify.api.web.client_files import ClientFiles
from lumen_notify.auth import ADMIN, PUBLISH
from lumen_notify.http.browser_headers import EVERY, PAGE
from lumen_notify.settings import Secret

WEB = Path(lumen_notify.__file__).with_name("web")
FILES = sorted(
    path.relative_to(WEB).as_posix()
    for path in WEB.rglob("*")
    if path.suffix in {".js", ".css", ".svg", ".json"} and path.relative_to(WEB).parts[0] != "client"
)

FORGED = {
    "Host": "evil.example",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Prefix": "/evil.example",
    "X-Forwarded-Proto": "evil.example",
    "X-Forwarded-Server": "evil.example",
    "X-Original-URL": "/evil.example",
    "X-Rewrite-URL": "/evil.example",
    "Forwarded": "host=evil.example;proto=https",
    "Origin": "https://evil.example",
    "Referer": "https://evil.example/",
}


@pytest.fixture(params=["", "/notify"], ids=["at the root", "under a prefix"])
async def http(request: pytest.FixtureRequest, sqlite_url: str) -> AsyncIterator[httpx.AsyncClient]:
    settings = Settings(database_url=sqlite_url, jwt_secret=Secret(SECRET), accounts="on")
    async with (
        Lumen(settings) as lumen,
        serve(Starlette(routes=[Mount(request.param or "/", lumen.app)])) as url,
        httpx.AsyncClient(base_url=f"{url}{request.param}", trust_env=False, timeout=60) as client,
    ):
        yield client


def check(answer: httpx.Response) -> None:
    """Assert that a response has the headers of its media type."""
    media_type = answer.headers.get("content-type", "").partition(";")[0]
    is_page = media_type in {"text/html", "image/svg+xml"}
    for name, value in PAGE if is_page else EVERY:
        found = answer.headers.get_list(name.decode())
        assert found == [value.decode()], f"{answer.request.method} {answer.url}: {name.decode()}"


async def paths(http: httpx.AsyncClient) -> list[tuple[str, str]]:
    """Return method and path of every operation, with values for parameters."""
    document = (await http.get("/openapi.json")).json()
    return [
        (method, re.sub(r"\{\w+\}", "01923456-0000-7000-8000-000000000000", path))
        for method, path, _ in operations(document)
    ]


async def test_every_route_has_them_with_and_without_a_token(http: httpx.AsyncClient) -> None:
    tried = await paths(http)
    assert len(tried) > 60
    for number, (method, path) in enumerate(tried):
        # Each as another user: one of the routes ends all tokens.
        bearer = {"Authorization": f"Bearer {token(f'user-{number}', PUBLISH, ADMIN)}"}
        for headers in ({}, bearer):
            async with http.stream(method, path, headers=headers) as answer:
                check(answer)


async def test_pages_and_their_files_have_them(http: httpx.AsyncClient) -> None:
    types = set()
    for path in ["", "admin", "docs", *FILES, "page/config.json"]:
        answer = await http.get(f"/{path}")
        if path.endswith(".html") or answer.status_code == 404:
            continue
        check(answer)
        types.add(answer.headers["content-type"].partition(";")[0])
    assert types >= {"text/html", "text/javascript", "text/css", "image/svg+xml", "application/json"}


async def test_modules_for_other_origins_have_them_but_for_one(http: httpx.AsyncClient) -> None:
    for path in [*ClientFiles().files, "version.json", f"{'0' * 16}/lumen-notify.js"]:
        answer = await http.get(f"/client/{path}")
        assert answer.status_code in {200, 307}
        assert answer.headers["x-content-type-options"] == "nosniff", path
        assert answer.headers.get_list("cross-origin-resource-policy") == ["cross-origin"], path


async def test_refusals_and_redirects_have_them(http: httpx.AsyncClient) -> None:
    for method, path, status in (
        ("GET", "/nothing/<script>alert(1)</script>", 404),
        ("GET", "/api/v1/nothing", 404),
        ("POST", "/openapi.json", 405),
        ("POST", "/", 405),
        ("PUT", NOTIFICATIONS, 405),
        ("GET", f"{NOTIFICATIONS}?<script>=1", 422),
        ("GET", f"{NOTIFICATIONS}/", 307),
        ("GET", "/admin/", 307),
        ("DELETE", f"{NOTIFICATIONS}/stream", 307),
        ("GET", "/client/nothing.js", 404),
    ):
        answer = await http.request(method, path)
        assert answer.status_code == status, path
        check(answer)
        assert "html" not in answer.headers.get("content-type", "")


async def test_nothing_that_a_request_claims_of_its_origin_is_repeated(http: httpx.AsyncClient) -> None:
    tried = [*await paths(http), ("GET", "/"), ("GET", f"{NOTIFICATIONS}/")]
    for number, (method, path) in enumerate(tried):
        bearer = {"Authorization": f"Bearer {token(f'user-{number}', PUBLISH, ADMIN)}"}
        async with http.stream(method, path, headers={**bearer, **FORGED}) as answer:
            if answer.headers.get("content-type", "").startswith("text/event-stream"):
                continue
            body = (await answer.aread()).decode()
            assert "evil" not in body, path
            assert not [name for name, text in answer.headers.items() if "evil" in text], path


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example/",
        "/%2f%2fevil.example/",
        "/%5cevil.example/",
        "/api/v1/notifications/counts/",
        "/api/v1/rooms/%2f%2fevil.example/",
        "/api/v1/rooms/%5c%5cevil.example/",
        "/api/v1/rooms/https:%2f%2fevil.example/",
        "/api/v1/rooms/https:evil.example/",
        "/api/v1/notifications/%09%2f%2fevil.example/",
        "/api/v1/rooms/%0d%0aLocation:evil.example/",
        "/client/%2f%2fevil.example/lumen-notify.js",
        "/client/0000000000000000/%2f%2fevil.example",
    ],
)
async def test_redirects_lead_nowhere_else(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.get(f"{http.base_url}".rstrip("/") + path)
    location = answer.headers.get("location", "")
    assert answer.url.join(location).host == answer.url.host
    assert "\\" not in location
    assert re.fullmatch(r"(\.\./[\w.:%~-]*)?", location), location
