"""HTTP client: whatever the other side does, a request ends soon, with an answer or a ConnectionError."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from email.utils import formatdate

import pytest

from clients import eventually
from lumen_notify.push import http_client
from lumen_notify.push.http_client import MAX_ANSWER_BYTES, Answer, HttpClient

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(handle: Handler) -> AsyncIterator[str]:
    running: set[asyncio.Task[None] | None] = set()

    async def run(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        running.add(asyncio.current_task())
        await handle(reader, writer)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        running.discard(asyncio.current_task())

    server = await asyncio.start_server(run, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/secret"
        await eventually(lambda: not running, what="all connections to end")


async def post(url: str) -> http_client.Answer:
    client = HttpClient()
    try:
        return await client.post(url, headers={}, content=b"{}")
    finally:
        await client.close()


async def test_redirect_is_an_answer() -> None:
    async def redirect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 307 X\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    async with listening(redirect) as url:
        answer = await post(url)
    assert (answer.status, answer.headers["location"]) == (307, "http://127.0.0.1:1/")


async def test_endless_answer_is_cut() -> None:
    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 X\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"x" * 65536)
            try:
                await writer.drain()
            except ConnectionError:
                break
        writer.close()

    async with listening(flood) as url:
        answer = await post(url)
    assert len(answer.body) == MAX_ANSWER_BYTES


async def test_silent_server_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(100):
            pass  # until the client has closed the connection
        writer.close()
        closed.set()

    closed = asyncio.Event()

    monkeypatch.setattr(http_client, "SECONDS", 0.2)
    async with listening(wait) as url:
        with pytest.raises(ConnectionError) as caught:
            await post(url)
        await closed.wait()
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/secret", "http://[secret/", "gopher://secret/"])
async def test_failure_has_no_address(url: str) -> None:
    with pytest.raises(ConnectionError) as caught:
        await post(url)
    assert "secret" not in str(caught.value)


async def answer_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one request, and close the connection when the next one has come."""
    await reader.readuntil(b"\r\n\r\n{}")
    writer.write(b"HTTP/1.1 200 X\r\nContent-Length: 0\r\n\r\n")
    await reader.readuntil(b"\r\n\r\n{}")
    writer.close()


async def test_request_is_sent_once_more_after_a_connection_that_had_answered_has_ended() -> None:
    connections = 0

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        with contextlib.suppress(asyncio.IncompleteReadError):
            await answer_once(reader, writer)
        writer.close()

    client = HttpClient()
    async with listening(handle) as url:
        for _ in range(3):
            assert (await client.post(url, headers={}, content=b"{}")).status == 200
        await client.close()
    assert connections == 3


async def test_request_on_a_new_connection_that_ends_fails_at_once() -> None:
    connections = 0

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await reader.readuntil(b"\r\n\r\n{}")
        writer.close()

    async with listening(handle) as url:
        with pytest.raises(ConnectionError, match="RemoteProtocolError"):
            await post(url)
    assert connections == 1


async def test_connections_are_kept_to_a_bounded_number_of_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    is_open = 4

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal is_open
        with contextlib.suppress(asyncio.IncompleteReadError):
            while await reader.readuntil(b"\r\n\r\n{}"):
                writer.write(b"HTTP/1.1 200 X\r\nContent-Length: 0\r\n\r\n")
        is_open -= 1

    monkeypatch.setattr(http_client, "MAX_HOSTS", 2)
    client = HttpClient()
    async with contextlib.AsyncExitStack() as stack:
        urls = [await stack.enter_async_context(listening(answer)) for _ in range(4)]
        for url in urls:
            assert (await client.post(url, headers={}, content=b"{}")).status == 200
        await eventually(lambda: is_open == 2, what="two connections to be closed")
        await client.close()
        await eventually(lambda: is_open == 0, what="the others to be closed")


async def test_answers_are_asked_for_as_they_are() -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 X\r\nConnection: close\r\n\r\n" + head)
        writer.close()

    async with listening(echo) as url:
        head = (await post(url)).body.lower()
    assert b"accept-encoding: identity" in head
    assert b"user-agent: lumen-notify/" in head


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        (lambda _: "120", 120, 120),
        (lambda now: formatdate(now + 3600, usegmt=True), 3500, 3600),
        (lambda now: formatdate(now - 3600, usegmt=True), 0, 0),
        (lambda now: time.asctime(time.gmtime(now + 3600)), 3500, 3600),
        (lambda _: "9" * 400, 1e6, 1e9),
    ],
    ids=["seconds", "date", "past", "asctime", "endless"],
)
def test_answer_says_how_long_to_wait(text: Callable[[float], str], least: float, most: float) -> None:
    seconds = Answer(status=503, headers={"retry-after": text(time.time())}, body=b"").retry_seconds
    assert seconds is not None
    assert least <= seconds <= most


@pytest.mark.parametrize("text", ["", "soon", "-5", "1.5", "\u0663", "Sun, 06 Nov 99999 08:49:37 GMT"])
def test_answer_that_says_it_wrongly_says_nothing(text: str) -> None:
    assert Answer(status=503, headers={"retry-after": text}, body=b"").retry_seconds is None


async def test_no_address_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 X\r\nContent-Length: 0\r\n\r\n")

    caplog.set_level("DEBUG")
    async with listening(answer) as url:
        assert (await post(url)).status == 200
    assert "secret" not in caplog.text
