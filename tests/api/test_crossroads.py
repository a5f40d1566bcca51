"""Crossroads: whoever comes to a route by it comes to the same one by Starlette's own router."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Mount, Route, Router

from lumen_notify.api.crossroads import Crossroads

PATHS = (
    "/things",
    "/things/latest",
    "/things/{id:uuid}",
    "/rooms/{room}",
    "/rooms/{room}/messages",
    "/rooms/{room}/messages/{number:int}",
    "/rooms/of/two",
)
ASKED = (
    *("/things", "/things/", "/things/latest", "/things/01923456-0000-7000-8000-000000000000"),
    *("/things/seven", "/rooms/a", "/rooms/a/", "/rooms/of", "/rooms/of/messages", "/rooms/of/two"),
    *("/rooms/a/messages", "/rooms/a/messages/7", "/rooms/a/messages/seven", "/rooms//messages"),
    *("/", "", "//", "/nothing", "/things/latest/more", "/rooms/a%2Fb/messages", "/files/x"),
)


def at(path: str, base: str = "") -> Route:
    async def answer(request: Request) -> PlainTextResponse:
        return PlainTextResponse(f"{path} {request.path_params}")

    return Route(base + path, answer, methods=["GET", "PUT"])


async def files(scope: Any, receive: Any, send: Any) -> None:
    await PlainTextResponse("a file", 404)(scope, receive, send)


def routes() -> list[BaseRoute]:
    return [Mount("/api", routes=[*map(at, PATHS)]), at("/things"), Mount("/", files)]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD"])
@pytest.mark.parametrize("root_path", ["", "/below"])
async def test_every_request_is_answered_as_by_the_router_of_starlette(method: str, root_path: str) -> None:
    paths = [*("/api" + path for path in ASKED), *ASKED]

    async def answers(router: Router) -> list[tuple[str, int, str, Any]]:
        transport = httpx.ASGITransport(router, root_path=root_path)
        async with httpx.AsyncClient(transport=transport, base_url="http://t") as http:
            asked = [await http.request(method, root_path + path) for path in paths]
        return [
            (path, answer.status_code, answer.text, answer.headers.get("location"))
            for path, answer in zip(paths, asked, strict=True)
        ]

    paved = [*(at(path, "/api") for path in PATHS), at("/things")]
    found = await answers(Crossroads(routes(), paved=paved))
    assert found == await answers(Router(routes()))
    assert sum(status == 200 for _, status, _, _ in found) > 8 or method == "DELETE"
