"""Responses of HTTP/1.0, and applications that ask whether their client is still there."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from clients import eventually
from listening import Listening, listen
from lumen_notify.deliver.connection.handover import HandoverProtocol
from raw_http import RawClient

START: Any = {"type": "http.response.start", "status": 200, "headers": []}


@contextlib.asynccontextmanager
async def serving(app: Any) -> AsyncIterator[tuple[Listening, RawClient]]:
    async with (
        listen(app, HandoverProtocol) as listening,
        RawClient.connect(listening.port) as client,
    ):
        yield listening, client


async def in_parts(scope: Any, receive: Any, send: Any) -> None:
    await send(START)
    for part in (b"one ", b"", b"two "):
        await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body", "body": b"three"})


@pytest.mark.parametrize("connection", [b"", b"connection: keep-alive\r\n"])
async def test_response_of_unknown_length_ends_with_the_connection_in_http_1_0(connection: bytes) -> None:
    async with serving(in_parts) as (_, client):
        client.send(b"GET / HTTP/1.0\r\n" + connection + b"\r\n")
        head, _, body = (await client.rest()).partition(b"\r\n\r\n")
    assert b"transfer-encoding" not in head
    assert b"\r\nconnection: close" in head
    assert body == b"one two three"


async def test_response_to_head_has_no_body_in_http_1_0() -> None:
    async with serving(in_parts) as (_, client):
        client.send(b"HEAD / HTTP/1.0\r\n\r\n")
        head, _, body = (await client.rest()).partition(b"\r\n\r\n")
    assert b"transfer-encoding" not in head
    assert body == b""


async def test_response_of_known_length_has_it_in_http_1_0() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({**START, "headers": [(b"Content-Length", b"2")]})
        await send({"type": "http.response.body", "body": b"hi"})

    async with serving(app) as (_, client):
        client.send(b"GET / HTTP/1.0\r\n\r\n")
        (answer,) = await client.answers()
    assert (answer.headers["content-length"], answer.body) == ("2", b"hi")


async def test_expectation_of_http_1_0_is_ignored() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        body = (await receive())["body"]
        await send({**START, "headers": [(b"content-length", b"%d" % len(body))]})
        await send({"type": "http.response.body", "body": body})

    async with serving(app) as (_, client):
        client.send(b"POST / HTTP/1.0\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\nhi")
        (answer,) = await client.answers()
    assert (answer.status, answer.body) == (200, b"hi")


async def test_application_that_asks_is_told_that_its_client_has_closed_its_side(
    caplog: pytest.LogCaptureFixture,
) -> None:
    told: list[Any] = []
    started = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert (await receive())["type"] == "http.request"
        await send(START)
        started.set()
        told.append(await receive())
        told.append(await receive())
        await send({"type": "http.response.body", "body": b"too late", "more_body": True})

    async with serving(app) as (listening, client):
        client.send(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        await started.wait()
        client.end()
        assert b"too late" not in await client.rest()
        await eventually(lambda: not listening.state.tasks, what="the request to end")
    assert told == [{"type": "http.disconnect"}] * 2
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
