"""Request ids around an application. On the wire: `contract/test_request_ids.py`."""

from __future__ import annotations

import json

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from lumen_notify.api.request_ids import RequestIds
from lumen_notify.http.problems import problem
from lumen_notify.request_id import REQUEST_ID

GIVEN = {"X-Request-ID": "shop-4711"}


async def ask(app: ASGIApp, headers: dict[str, str] | None = None) -> httpx.Response:
    transport = httpx.ASGITransport(RequestIds(app), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://a") as http:
        return await http.get("/", headers=headers)


async def test_response_has_the_id_of_the_request() -> None:
    assert (await ask(PlainTextResponse("a"), GIVEN)).headers["x-request-id"] == "shop-4711"


async def test_response_without_one_gets_an_id() -> None:
    first, second = [(await ask(PlainTextResponse("a"))).headers["x-request-id"] for _ in range(2)]
    assert first
    assert first != second


async def test_problem_document_has_it() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await problem(418, code="teapot", detail="It is one.", limit="x")(scope, receive, send)

    answer = await ask(app, GIVEN)
    assert answer.json() == {
        "type": "urn:lumen-notify:teapot",
        "title": "I'm a Teapot",
        "status": 418,
        "code": "teapot",
        "detail": "It is one.",
        "limit": "x",
        "request_id": "shop-4711",
    }


def test_problem_document_outside_of_a_request_has_none() -> None:
    assert "request_id" not in json.loads(bytes(problem(418, code="teapot", detail="It is one.").body))


async def test_what_an_application_raises_is_answered_with_an_id(caplog: pytest.LogCaptureFixture) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise KeyError

    answer = await ask(app, GIVEN)
    assert answer.status_code == 500
    assert answer.headers["x-request-id"] == answer.json()["request_id"] == "shop-4711"
    assert "GET / failed" in caplog.messages


async def test_what_is_raised_after_the_head_is_not_answered_again(caplog: pytest.LogCaptureFixture) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse("a")(scope, receive, send)
        raise KeyError

    assert (await ask(app)).status_code == 200
    assert caplog.messages == []


async def test_id_ends_with_its_request() -> None:
    seen: list[str | None] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(REQUEST_ID.get())
        await PlainTextResponse("a")(scope, receive, send)

    await ask(app, GIVEN)
    assert [*seen, REQUEST_ID.get()] == ["shop-4711", None]
