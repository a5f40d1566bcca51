"""The connection: limits for clients that do not behave, and its end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from h2.errors import ErrorCodes
from starlette.types import Receive, Scope, Send

from http2_client import http2_client
from listening import Listening, listen
from lumen_notify.deliver.connection import http2_protocol
from lumen_notify.deliver.connection.http2_limits import MAX_STREAMS
from lumen_notify.deliver.connection.http2_protocol import (
    FED_BYTES,
    MAX_TASKS,
    Http2Protocol,
)

BROKEN = b"\0\0\4\x08\0\0\0\0\0" + b"\0\0\0\0"
"""A WINDOW_UPDATE of nothing (RFC 9113, section 6.9)."""

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\x04\0\0\0\0\0"
PING = b"\0\0\x08\x06\0\0\0\0\0" + b"abcdefgh"
PONG = b"\0\0\x08\x06\x01\0\0\0\0" + b"abcdefgh"
GOAWAY = b"\0\0\x08\x07\0\0\0\0\0" + bytes(8)


class Transport:
    """The end of a connection, for a test that hands bytes over itself."""

    def __init__(self) -> None:
        self.written = b""
        self.is_paused = False
        self._is_closing = False

    def write(self, data: bytes) -> None:
        self.written += data

    def is_closing(self) -> bool:
        return self._is_closing

    def close(self) -> None:
        self._is_closing = True

    abort = close

    def pause_reading(self) -> None:
        self.is_paused = True

    def resume_reading(self) -> None:
        self.is_paused = False

    def set_write_buffer_limits(self, high: int) -> None:
        pass

    def get_extra_info(self, _name: str) -> tuple[str, int]:
        return "127.0.0.1", 1


class Waiting:
    """An application whose requests wait for `go`, whatever their clients do."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.started = 0

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        self.started += 1
        await self.go.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"done"})


@pytest.fixture
async def app() -> AsyncIterator[Waiting]:
    one = Waiting()
    yield one
    one.go.set()


@pytest.fixture
async def server(app: Waiting) -> AsyncIterator[Listening]:
    async with listen(app, Http2Protocol) as one:
        yield one
        app.go.set()


async def test_requests_of_one_connection_are_answered_side_by_side(app: Waiting, server: Listening) -> None:
    async with http2_client(server.port) as client:
        streams = [client.request() for _ in range(10)]
        while app.started < len(streams):  # noqa: ASYNC110 - the server runs in this loop
            await asyncio.sleep(0)
        app.go.set()
        for stream_id in streams:
            assert (await client.answer(stream_id)).body == b"done"


async def test_connection_announces_how_many_requests_it_takes(server: Listening) -> None:
    async with http2_client(server.port) as client:
        await client.wait_until(lambda: client.h2.remote_settings.max_concurrent_streams == MAX_STREAMS)


async def test_client_that_opens_and_resets_requests_is_disconnected(app: Waiting, server: Listening) -> None:
    async with http2_client(server.port) as client:
        for _ in range(MAX_TASKS + 1):
            client.h2.reset_stream(client.request())
            client.flush()
        await client.wait_until(lambda: client.goodbye is not None)
        assert client.goodbye == ErrorCodes.ENHANCE_YOUR_CALM
    assert app.started <= MAX_TASKS


async def test_a_flood_of_frames_leaves_others_their_turn(
    server: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http2_protocol, "STEP_SECONDS", 0.0)
    transport = Transport()
    connection = Http2Protocol(server.config, server.state, {})
    connection.connection_made(transport)
    before = len(transport.written)
    connection.data_received(PREFACE + PING * 1000)
    turns = 0
    while transport.is_paused:
        assert len(transport.written) - before < (turns + 2) * FED_BYTES
        turns += 1
        await asyncio.sleep(0)
    assert turns >= len(PING) * 1000 // FED_BYTES
    assert transport.written.count(PONG) == 1000
    connection.connection_lost(None)


async def test_nothing_is_handled_after_a_goodbye(server: Listening) -> None:
    transport = Transport()
    connection = Http2Protocol(server.config, server.state, {})
    connection.connection_made(transport)
    connection.data_received(PREFACE + PING + GOAWAY + PING * 1000)
    assert transport.written.count(PONG) < FED_BYTES // len(PING)
    assert transport.is_closing()
    connection.connection_lost(None)


async def test_frames_that_break_the_protocol_end_the_connection(server: Listening) -> None:
    async with http2_client(server.port) as client:
        client.send_raw(BROKEN)
        await client.wait_until(lambda: client.goodbye is not None)
        assert client.goodbye == ErrorCodes.PROTOCOL_ERROR
        await client.wait_until(lambda: client.is_closed)


async def test_response_after_a_goodbye_is_dropped(caplog: pytest.LogCaptureFixture) -> None:
    has_started, is_late = asyncio.Event(), asyncio.Event()

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        (connection,) = listening.state.connections
        has_started.set()
        while not connection.transport.is_closing():  # noqa: ASYNC110 - to answer before it is lost
            await asyncio.sleep(0)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        is_late.set()

    async with listen(app, Http2Protocol) as listening, http2_client(listening.port) as client:
        client.request()
        await has_started.wait()
        client.send_raw(BROKEN)
        await client.wait_until(lambda: client.is_closed)
        async with asyncio.timeout(20):
            await is_late.wait()
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_idle_connection_is_closed_whatever_it_sends(
    server: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http2_protocol, "IDLE_SECONDS", 0.05)
    async with http2_client(server.port) as client:
        client.h2.ping(b"12345678")
        client.flush()
        await client.wait_until(lambda: client.is_closed)
        assert client.goodbye == ErrorCodes.NO_ERROR


async def test_shutdown_lets_requests_end_and_refuses_new_ones(app: Waiting, server: Listening) -> None:
    async with http2_client(server.port) as client, http2_client(server.port) as idle:
        running = client.request()
        await idle.wait_until(lambda: idle.h2.remote_settings.max_concurrent_streams == MAX_STREAMS)
        while app.started == 0:  # noqa: ASYNC110 - the server runs in this loop
            await asyncio.sleep(0)
        server.shut_down()
        await idle.wait_until(lambda: idle.is_closed)
        refused = await client.answer(client.request())
        assert refused.reset_code == ErrorCodes.REFUSED_STREAM
        app.go.set()
        assert (await client.answer(running)).body == b"done"
        await client.wait_until(lambda: client.is_closed)


async def test_lost_connection_leaves_nothing_behind(app: Waiting, server: Listening) -> None:
    async with http2_client(server.port) as client:
        client.request()
        while app.started == 0:  # noqa: ASYNC110 - the server runs in this loop
            await asyncio.sleep(0)
    app.go.set()
    async with asyncio.timeout(20):
        while server.state.connections or server.state.tasks:  # noqa: ASYNC110
            await asyncio.sleep(0)
