"""A request and its response: bodies both ways, and clients that do not take what they asked for."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
from h2.errors import ErrorCodes
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from http2_client import http2_client
from listening import Listening, listen
from lumen_notify.deliver.connection import http2_cycle
from lumen_notify.deliver.connection.http2_limits import CONNECTION_WINDOW_BYTES
from lumen_notify.deliver.connection.http2_protocol import Http2Protocol

LARGE = bytes(range(256)) * 4096
"""A megabyte: more than any window."""


async def echo(request: Request) -> Response:
    return Response(
        await request.body(), headers={"connection": "close", "x-cookie": request.headers.get("cookie", "")}
    )


async def large(_request: Request) -> Response:
    return Response(LARGE)


async def ignore(_request: Request) -> Response:
    return PlainTextResponse("no thanks", 413)


async def broken(_request: Request) -> Response:
    raise RuntimeError("a defect")


class Unfinished:
    """Sends a head and a part of a body, then fails."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise RuntimeError("a defect")


class Endless:
    """Sends until the client has gone, and keeps what it was told then."""

    def __init__(self) -> None:
        self.sent_bytes = 0
        self.told: asyncio.Future[Message] = asyncio.get_running_loop().create_future()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        ending = asyncio.ensure_future(receive())
        while not ending.done():
            await send({"type": "http.response.body", "body": bytes(10_000), "more_body": True})
            self.sent_bytes += 10_000
            await asyncio.sleep(0)
        self.told.set_result(await ending)


@pytest.fixture
async def server() -> AsyncIterator[Listening]:
    routes = [
        Route("/echo", echo, methods=["POST"]),
        Route("/large", large),
        Route("/ignore", ignore, methods=["POST"]),
        Route("/broken", broken),
        Route("/unfinished", Unfinished()),
    ]
    async with listen(Starlette(routes=routes), Http2Protocol) as one:
        yield one


async def test_bodies_larger_than_all_windows_pass_both_ways(server: Listening) -> None:
    async with http2_client(server.port) as client:
        stream_id = client.request("/echo", method="POST", is_whole=False)
        sent, size = 0, len(LARGE)
        while sent < size:
            await client.wait_until(lambda: client.h2.local_flow_control_window(stream_id) > 0)
            part = LARGE[sent : sent + min(16384, client.h2.local_flow_control_window(stream_id))]
            sent += len(part)
            client.send_body(stream_id, part, is_last=sent == size)
        answer = await client.answer(stream_id)
        assert answer.body == LARGE
        assert "connection" not in answer.headers


async def test_cookies_are_one_header(server: Listening) -> None:
    async with http2_client(server.port) as client:
        headers = [("cookie", "a=1"), ("cookie", "b=2"), ("content-length", "0")]
        answer = await client.answer(client.request("/echo", method="POST", headers=headers))
        assert answer.headers["x-cookie"] == "a=1; b=2"


async def test_head_has_no_body(server: Listening) -> None:
    async with http2_client(server.port) as client:
        answer = await client.answer(client.request("/large", method="HEAD"))
        assert (answer.status, answer.body) == (200, b"")
        assert answer.headers["content-length"] == str(len(LARGE))


async def test_answer_before_the_end_of_the_body_stops_the_upload(server: Listening) -> None:
    async with http2_client(server.port) as client:
        for _ in range(2 * CONNECTION_WINDOW_BYTES // 60_000):  # more than the connection could hold unread
            stream_id = client.request("/ignore", method="POST", is_whole=False)
            await client.wait_until(lambda: client.h2.outbound_flow_control_window >= 60_000)
            client.send_body(stream_id, bytes(16_000))
            await client.wait_until(lambda: client.answers[stream_id].has_ended)  # noqa: B023
            assert client.answers[stream_id].status == 413


@pytest.mark.parametrize(
    ("path", "status", "code"), [("/broken", 500, None), ("/unfinished", 200, ErrorCodes.CANCEL)]
)
async def test_defect_of_the_application_ends_its_request_alone(
    server: Listening, path: str, status: int, code: int | None
) -> None:
    async with http2_client(server.port) as client:
        failed = await client.answer(client.request(path))
        assert (failed.status, failed.reset_code) == (status, code)
        assert (await client.answer(client.request("/large"))).body == LARGE


async def test_client_that_takes_nothing_holds_up_one_window_and_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http2_cycle, "SEND_SECONDS", 0.1)
    app = Endless()
    async with listen(app, Http2Protocol) as server, http2_client(server.port, takes=False) as client:
        answer = await client.answer(client.request())
        assert answer.reset_code == ErrorCodes.CANCEL
        assert await app.told == {"type": "http.disconnect"}
        assert app.sent_bytes <= 65_535 + 10_000


async def test_reset_by_the_client_is_told_to_the_application() -> None:
    app = Endless()
    async with listen(app, Http2Protocol) as server, http2_client(server.port) as client:
        stream_id = client.request()
        await client.wait_until(lambda: client.answers[stream_id].body)
        client.h2.reset_stream(stream_id)
        client.flush()
        async with asyncio.timeout(20):
            assert await app.told == {"type": "http.disconnect"}


async def test_body_that_does_not_arrive_is_given_up(
    server: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http2_cycle, "REQUEST_SECONDS", 0.05)
    async with http2_client(server.port) as client:
        stream_id = client.request("/echo", method="POST", is_whole=False)
        client.send_body(stream_id, b"half")
        assert (await client.answer(stream_id)).reset_code == ErrorCodes.CANCEL


async def test_abort_is_that_of_one_request(server: Listening) -> None:
    aborted: list[Any] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/stays":
            await PlainTextResponse("stays")(scope, receive, send)
            return
        receive.__self__.transport.abort()  # type: ignore[attr-defined]  # as `fallback` does
        aborted.append(await receive())

    async with listen(app, Http2Protocol) as other, http2_client(other.port) as client:
        assert (await client.answer(client.request("/aborted"))).reset_code == ErrorCodes.CANCEL
        assert (await client.answer(client.request("/stays"))).body == b"stays"
    assert aborted == [{"type": "http.disconnect"}]


async def test_requests_are_in_the_access_log(
    server: Listening, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    access = logging.getLogger("uvicorn.access")
    monkeypatch.setattr(access, "propagate", True)  # a server without an access log stops this
    monkeypatch.setattr(access, "handlers", [])  # the root's are enough
    monkeypatch.setattr(access, "filters", [])
    caplog.set_level("INFO", "uvicorn.access")
    async with http2_client(server.port) as client:
        assert (await client.answer(client.request("/large?a=b"))).status == 200
        refused = client.request("/a b")
        assert (await client.answer(refused)).status == 400
    lines = [line.partition(" - ")[2] for line in caplog.messages if "HTTP" in line]
    assert lines == ['"GET /large HTTP/2" 200']
