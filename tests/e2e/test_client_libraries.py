"""Client libraries follow the stream through SIGTERM and kill -9 of the server, each by its own means.

The relay listens while the server restarts: some libraries close for good at "connection refused".

Not here: clients without a library (`test_real_clients`), and what proxies in front do (`test_proxies`).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from clients import NOTIFICATIONS, SECRET, Api, token
from conftest import StartServer
from programs import program
from relay import relay_to
from servers import RunningServer

pytestmark = pytest.mark.slow

NODE = Path(__file__).parents[1] / "node"

LINE_SECONDS = 60.0
"""For a machine that is busy: `retry` at a shutdown is up to 10 s."""

# As their documentation says to reconnect: neither does so by itself.
HTTPX_SSE = """
import sys, time, httpx, httpx_sse
cursor, wait = "", 1
while True:
    try:
        with httpx.Client(timeout=60) as http, httpx_sse.connect_sse(
            http, "GET", sys.argv[1], headers={"Last-Event-ID": cursor} if cursor else {}
        ) as source:
            for event in source.iter_sse():
                cursor, wait = event.id or cursor, (event.retry or wait * 1000) / 1000
                print(f'["{event.event}",{event.data}]', flush=True)
    except httpx.TransportError:
        pass
    time.sleep(wait)
"""

SSECLIENT = """
import sys, time, httpx, sseclient
cursor, wait = "", 1
while True:
    headers = {"Last-Event-ID": cursor} if cursor else {}
    try:
        with httpx.stream("GET", sys.argv[1], headers=headers, timeout=60) as answer:
            for event in sseclient.SSEClient(answer.iter_bytes()).events():
                cursor, wait = event.id or cursor, (int(event.retry) if event.retry else wait * 1000) / 1000
                print(f'["{event.event}",{event.data}]', flush=True)
    except httpx.TransportError:
        pass
    time.sleep(wait)
"""


def command(library: str, url: str) -> list[str]:
    """Return what runs a library. Without it the test skips, or fails (LUMEN_TEST_PROGRAMS=required)."""
    if library in PYTHON:
        return [sys.executable, "-c", PYTHON[library], url]
    if not (NODE / "node_modules").exists():
        problem = "run `npm ci` in tests/node"
        if os.environ.get("LUMEN_TEST_PROGRAMS") == "required":
            pytest.fail(problem)
        pytest.skip(problem)
    return [program("node"), str(NODE / "follow.mjs"), library, url]


PYTHON = {"httpx-sse": HTTPX_SSE, "sseclient-py": SSECLIENT}
LIBRARIES = (*PYTHON, "eventsource", "reconnecting-eventsource", "fetch-event-source")


class Follower:
    """A program that prints an event in each line."""

    def __init__(self, output: asyncio.StreamReader) -> None:
        self._output = output

    async def next(self, name: str) -> Any:
        """Return the data of the next event; it must have this name."""
        line = await asyncio.wait_for(self._output.readline(), LINE_SECONDS)
        found, data = json.loads(line)
        assert found == name, line
        return data


@contextlib.asynccontextmanager
async def following(library: str, url: str) -> AsyncIterator[Follower]:
    process = await asyncio.create_subprocess_exec(*command(library, url), stdout=PIPE, limit=2**20)
    try:
        assert process.stdout is not None
        yield Follower(process.stdout)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


@pytest.fixture
def server(start_server: StartServer, sqlite_url: str) -> RunningServer:
    return start_server(database_url=sqlite_url, LUMEN_JWT_SECRET=SECRET)


@pytest.mark.parametrize("library", LIBRARIES)
async def test_library_comes_back_after_sigterm_and_kill_and_misses_nothing(
    server: RunningServer, library: str
) -> None:
    async with (
        httpx.AsyncClient(base_url=server.url) as http,
        relay_to(server.port) as url,
        following(library, f"{url}{NOTIFICATIONS}/stream?token={token('bob')}") as follower,
    ):
        alice = Api(http, "alice")
        assert (await follower.next("ready"))["unread_count"] == 0
        for number, stop in enumerate([None, server.kill, server.stop], start=1):
            if stop is not None:
                await asyncio.to_thread(stop)
                if stop == server.stop:
                    assert (await follower.next("closing")) == {"reason": "shutdown", "reconnect": True}
                await asyncio.to_thread(server.start)
            # Two, of which one may come as a replay. U+2028 is a line break for careless clients.
            texts = [f"{number}\u2028a", f"{number} b\u2029"]
            for text in texts:
                await alice.post("", {"to": {"user": "bob"}, "category": "like", "content": text})
            if stop is not None:
                assert (await follower.next("ready"))["recovered"] is True
            for text in texts:
                assert (await follower.next("message"))["data"]["content"] == text
