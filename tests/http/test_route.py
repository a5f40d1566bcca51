"""Route: a path, its endpoints, and its descriptions stay together."""

from __future__ import annotations

import httpx
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Match, Router

from lumen_notify.errors import NotFound
from lumen_notify.http.operation import Operation
from lumen_notify.http.route import ApiRoute, route


def operation(name: str) -> Operation:
    return Operation(name=name, tag="t", summary="s", answered="a", response={"type": "string"})


async def get(request: Request) -> Response:
    return PlainTextResponse(f"got {request.path_params}")


async def post(_request: Request) -> Response:
    raise NotFound("It is not here.")


def made() -> ApiRoute:
    first = route("/things/{id}", GET=(get, operation("get")))
    return first.merge(route("/things/{id}", POST=(post, operation("post")))).with_prefix("/api")


async def test_merged_route_answers_each_method_by_its_endpoint() -> None:
    transport = httpx.ASGITransport(Router([made()]))
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        assert (await client.get("/api/things/a")).text == "got {'id': 'a'}"
        assert (await client.head("/api/things/a")).status_code == 200
        assert (await client.post("/api/things/a")).json()["detail"] == "It is not here."
        refused = await client.put("/api/things/a")
    assert (refused.status_code, set(refused.headers["allow"].split(", "))) == (405, {"GET", "HEAD", "POST"})


def test_merged_route_has_the_descriptions_of_both() -> None:
    assert {method: one.name for method, one in made().operations.items()} == {"GET": "get", "POST": "post"}


def test_line_feed_is_part_of_a_path() -> None:
    def matches(path: str) -> bool:
        return made().matches({"type": "http", "method": "GET", "path": path})[0] is not Match.NONE

    assert matches("/api/things/a")
    assert made().matches({"type": "http", "method": "GET", "path": "/api/things/a\n"})[1]["path_params"] == {
        "id": "a\n"
    }
