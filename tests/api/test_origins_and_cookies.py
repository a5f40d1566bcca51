"""Other origins and cookies, for each route of the OpenAPI document."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from clients import NOTIFICATIONS, SECRET, serve, token
from documents import operations
from lumen_notify import Lumen, Settings
from lumen_notify.auth import ADMIN, PUBLISH
from lumen_notify.settings import Secret

APP = "https://app.example"
SENT = ("authorization", "idempotency-key", "last-event-id", "content-type")
READS_COOKIE = ("GET", f"{NOTIFICATIONS}/stream")
"""The only operation that a cookie opens. It changes nothing."""


@pytest.fixture
async def http(sqlite_url: str) -> AsyncIterator[httpx.AsyncClient]:
    settings = Settings(
        database_url=sqlite_url, jwt_secret=Secret(SECRET), accounts="on", cors_origins=(APP,)
    )
    async with (
        Lumen(settings) as lumen,
        serve(lumen.app) as url,
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as client,
    ):
        yield client


def path_of(template: str) -> str:
    """Return a path of the document with parameters."""
    return re.sub(r"\{\w+\}", "01923456-0000-7000-8000-000000000000", template)


async def cookie_of_alice(http: httpx.AsyncClient) -> str:
    """Return the cookie that a stream sets, which opens the stream again."""
    bearer = {"Authorization": f"Bearer {token('alice', PUBLISH, ADMIN)}"}
    made = await http.post(f"{NOTIFICATIONS}/stream/tickets", headers=bearer)
    stream = f"{NOTIFICATIONS}/stream"
    async with http.stream("GET", stream, params={"ticket": made.json()["ticket"]}) as opened:
        cookie = opened.headers["set-cookie"].partition(";")[0]
    async with http.stream("GET", stream, headers={"Cookie": cookie}) as again:
        assert again.status_code == 200
    http.cookies.clear()
    return str(cookie)


async def test_no_route_that_changes_anything_accepts_a_cookie(http: httpx.AsyncClient) -> None:
    document = (await http.get("/openapi.json")).json()
    cookie = await cookie_of_alice(http)
    tried = set()
    for method, path, operation in operations(document):
        takes_cookie = any("cookie" in one for one in operation.get("security", []))
        assert takes_cookie == ((method, path) == READS_COOKIE), f"{method} {path}"
        if takes_cookie or operation["operationId"] == "getReadiness":
            continue
        body = b"{}" if method in {"POST", "PUT", "PATCH"} else None
        for origin in ({}, {"Origin": str(http.base_url).rstrip("/"), "Sec-Fetch-Site": "same-origin"}):
            answers = [
                await http.request(method, path_of(path), content=body, headers={**origin, **extra})
                for extra in ({}, {"Cookie": cookie})
            ]
            without, with_cookie = answers
            assert with_cookie.status_code == without.status_code, f"{method} {path}"
            if operation.get("security"):
                assert with_cookie.status_code == 401, f"{method} {path}"
        tried.add((method, path))
    assert sum(method != "GET" for method, _ in tried) > 30


async def test_pages_of_named_origins_may_call_every_route(http: httpx.AsyncClient) -> None:
    document = (await http.get("/openapi.json")).json()
    for method, path, _ in operations(document):
        for origin, is_named in ((APP, True), ("https://other.example", False)):
            asked = await http.options(
                path_of(path),
                headers={
                    "Origin": origin,
                    "Access-Control-Request-Method": method,
                    "Access-Control-Request-Headers": ", ".join(SENT),
                },
            )
            assert (asked.status_code == 200) is is_named, f"{method} {path}"
            assert (asked.headers.get("access-control-allow-origin") == origin) is is_named
            allowed = asked.headers["access-control-allow-headers"].lower()
            assert all(name in allowed for name in SENT)
            assert method in asked.headers["access-control-allow-methods"]
            assert asked.headers["access-control-allow-credentials"] == "true"


async def test_refusals_can_be_read_by_pages_of_named_origins(http: httpx.AsyncClient) -> None:
    for path in (f"{NOTIFICATIONS}/counts", f"{NOTIFICATIONS}/stream", "/api/v1/nothing"):
        answer = await http.get(path, headers={"Origin": APP})
        assert answer.status_code in {401, 404}
        assert answer.headers["access-control-allow-origin"] == APP
        assert "Retry-After" in answer.headers["access-control-expose-headers"]
        foreign = await http.get(path, headers={"Origin": "https://other.example"})
        assert "access-control-allow-origin" not in foreign.headers


async def test_modules_may_be_loaded_by_every_origin(http: httpx.AsyncClient) -> None:
    for origin, allowed in ((APP, {"*", APP}), ("https://other.example", {"*"})):
        answer = await http.get("/client/lumen-notify.js", headers={"Origin": origin})
        assert answer.headers["access-control-allow-origin"] in allowed
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin"


async def test_json_routes_send_no_policy(http: httpx.AsyncClient) -> None:
    document: Any = (await http.get("/openapi.json")).json()
    bearer = {"Authorization": f"Bearer {token('alice')}"}
    for method, path, _ in operations(document):
        if method == "GET" and path not in ("/docs", READS_COOKIE[1]):
            answer = await http.get(path_of(path), headers=bearer)
            assert "content-security-policy" not in answer.headers, path
            assert "cross-origin-embedder-policy" not in answer.headers, path
