"""HTTP client: whatever the other side does, a request ends soon, with an answer or a ConnectionError."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from lumen_notify.push import http_client
from lumen_notify.push.http_client import MAX_ANSWER_BYTES, HttpClient

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(handle: Handler) -> AsyncIterator[str]:
    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/secret"


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
