"""Routes: an API path answers for itself, and not for the page."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from starlette.routing import Match, Route

from lumen_notify import Lumen, Settings
from lumen_notify.api.routes import HOT, Application
from lumen_notify.auth import mint
from lumen_notify.commit.database.queries import sql_folder
from lumen_notify.model import BASE

PARAMETERS = {"id": "01923456-0000-7000-8000-000000000000"}
PARAMETERS |= dict.fromkeys(("message_id", "notification_id"), PARAMETERS["id"])
PARAMETERS |= {"user": "ann/b", "name": "like", "username": "ann"}


def settings(url: str) -> Settings:
    environ = {"LUMEN_DATABASE_URL": url, "LUMEN_JWT_SECRET": "x" * 40, "LUMEN_ACCOUNTS": "on"}
    return Settings.from_env(environ)


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("POST", "/api/v1/nothing", 404, None),
        ("DELETE", "/api/v1/notifications", 405, {"GET", "HEAD", "POST"}),
        ("GET", "/api/v1/notifications/read", 405, {"POST"}),
        ("OPTIONS", "/api/v1/rooms/read", 405, {"POST"}),
        ("GET", "/api/v1/notifications/unread", 405, {"POST"}),
        ("GET", "/api/v1/rooms/a/messages/7", 404, None),
        ("GET", "/api/v1/notifications/read%0A", 404, None),
        ("GET", "/api/v1/", 404, None),
        ("GET", "/api/v1", 404, None),
        ("GET", "/healthz/", 404, None),
        ("POST", "/healthz", 405, {"GET", "HEAD"}),
    ],
)
async def test_api_path_answers_for_itself_and_not_for_the_page(
    sqlite_url: str, method: str, path: str, status: int, allow: set[str] | None
) -> None:
    async with (
        Lumen(settings(sqlite_url)) as lumen,
        httpx.AsyncClient(transport=httpx.ASGITransport(lumen.app), base_url="http://t") as client,
    ):
        answer = await client.request(method, path)
    assert answer.status_code == status
    assert allow is None or set(answer.headers["allow"].split(", ")) == allow
    document = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert document["code"] == {404: "path_not_found", 405: "method_not_allowed"}[status]


async def test_routes_that_comments_of_queries_name_exist(sqlite_url: str) -> None:
    async with Lumen(settings(sqlite_url)) as lumen:
        application = lumen._application
    assert isinstance(application, Application)
    there = {
        (method, re.sub(r":\w+}", "}", route.path).removeprefix(BASE))
        for route in application.routes
        if isinstance(route, Route)
        for method in route.methods or ()
    }
    named = {
        (method, path.rstrip("."))
        for file in (sql_folder() / "queries").rglob("*.sql")
        for methods, path in re.findall(
            r"\b([A-Z]+(?: and [A-Z]+)?) (/[a-z_/{}.-]+)", file.read_text("utf-8")
        )
        for method in methods.split(" and ")
    }
    assert ("GET", "/notifications") in named
    assert named - there == set()


async def test_no_route_hides_another_one(sqlite_url: str) -> None:
    async with Lumen(settings(sqlite_url)) as lumen:
        application = lumen._application
    assert isinstance(application, Application)
    routes = [route for route in application.routes if isinstance(route, Route)]
    assert len(routes) > 30
    for route in routes:
        names = {name: PARAMETERS[name] for name in route.param_convertors}
        path = route.path
        for name, value in names.items():
            path = path.replace(f"{{{name}:path}}", value).replace(f"{{{name}:uuid}}", value)
            path = path.replace(f"{{{name}}}", value)
        for method in route.methods or ():
            scope = {"type": "http", "method": method, "path": path}
            assert next(one for one in routes if one.matches(scope)[0] is Match.FULL) is route


async def test_hot_routes_are_tried_first(sqlite_url: str) -> None:
    async with Lumen(settings(sqlite_url)) as lumen:
        application = lumen._application
    assert isinstance(application, Application)
    first = [route for route in application.routes if isinstance(route, Route)][: len(HOT)]
    assert all(
        route.path == path and method in (route.methods or ())
        for route, (method, path) in zip(first, HOT, strict=True)
    )


@pytest.mark.parametrize("prefix", ["", "/below"])
async def test_slash_too_many_is_redirected(sqlite_url: str, prefix: str) -> None:
    async with Lumen(settings(sqlite_url)) as lumen:
        transport = httpx.ASGITransport(lumen.app, root_path=prefix)
        async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
            answer = await client.post(f"{prefix}/api/v1/notifications/?a=b")
    assert answer.status_code == 307
    location = answer.headers["location"]
    assert location == "../notifications?a=b"
    assert str(answer.url.join(location)) == f"http://t{prefix}/api/v1/notifications?a=b"
    # As a browser resolves it behind a proxy that strips another prefix.
    outside = httpx.URL("https://app.example/outside/api/v1/notifications/")
    assert str(outside.join(location)) == "https://app.example/outside/api/v1/notifications?a=b"


async def test_removal_of_a_member_whose_id_is_two_dots_does_not_delete_the_room(sqlite_url: str) -> None:
    async with (
        Lumen(settings(sqlite_url)) as lumen,
        httpx.AsyncClient(transport=httpx.ASGITransport(lumen.app), base_url="http://t") as client,
    ):
        client.headers["Authorization"] = f"Bearer {mint('x' * 40, 'ann', ttl_seconds=60)}"
        await client.post("/api/v1/rooms", json={"id": "tea", "kind": "public", "members": [".."]})
        url = client.base_url.join("/api/v1/rooms/tea/members/..")
        assert url.path == "/api/v1/rooms/tea/", "as browsers and curl make it"
        removed = await client.delete(url, follow_redirects=True)
        room = await client.get("/api/v1/rooms/tea")
    assert (removed.status_code, room.status_code) == (404, 200)


@pytest.mark.parametrize("user", ["ann%0A", "an%0An"])
async def test_line_feed_in_an_id_is_refused_and_not_cut(sqlite_url: str, user: str) -> None:
    async with (
        Lumen(settings(sqlite_url)) as lumen,
        httpx.AsyncClient(transport=httpx.ASGITransport(lumen.app), base_url="http://t") as client,
    ):
        headers = {"Authorization": f"Bearer {mint('x' * 40, 'alice', ttl_seconds=60)}"}
        blocked = await client.put(f"/api/v1/blocks/{user}", headers=headers)
        room = await client.get(f"/api/v1/rooms/{user}", headers=headers)
    assert (blocked.status_code, room.status_code) == (422, 404)
    assert blocked.json()["errors"][0]["field"] == "user"


async def test_path_without_its_root_path_is_found_too(sqlite_url: str) -> None:
    async def receive() -> dict[str, str]:
        return {"type": "http.request"}

    statuses: list[int] = []

    async def send(message: Any) -> None:
        statuses.append(message.get("status", 0))

    scope = {"type": "http", "method": "GET", "root_path": "/below", "headers": [], "query_string": b""}
    async with Lumen(settings(sqlite_url)) as lumen:
        for path in ("/api/v1/notifications", "/below/api/v1/notifications"):
            await lumen.app({**scope, "path": path}, receive, send)
    assert [status for status in statuses if status] == [401, 401]


async def test_pages_and_metrics_can_be_hidden(sqlite_url: str) -> None:
    hidden = {
        "/": "pages",
        "/docs": "pages",
        "/page/main.js": "pages",
        "/page/config.json": "pages",
        "/openapi.json": "pages",
        "/metrics": "metrics",
    }
    for switch in ("pages", "metrics"):
        async with Lumen(settings(sqlite_url).with_(**{switch: "off"})) as lumen:
            transport = httpx.ASGITransport(lumen.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                for path, hidden_by in hidden.items():
                    expected = 404 if hidden_by == switch else 200
                    assert (await client.get(path)).status_code == expected, path
                for path in ("/healthz", "/readyz", "/client/package.json"):
                    assert (await client.get(path)).status_code == 200


async def test_page_names_the_folder_of_a_secret_that_the_server_has_made(sqlite_url: str) -> None:
    made = Settings(database_url=sqlite_url, accounts="on")
    given = settings(sqlite_url).with_(accounts="off")
    configs = []
    for one in (made, given):
        async with Lumen(one) as lumen:
            transport = httpx.ASGITransport(lumen.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
                configs.append((await client.get("/page/config.json")).json())
    assert [config["accounts"] for config in configs] == [True, False]
    assert [config["registration"] for config in configs] == [True, False]
    assert configs[0]["token_command"].startswith("cd ")
    assert configs[1]["token_command"] == "lumen-notify token alice"
