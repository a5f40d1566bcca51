"""Real clients read the stream: curl, httpx-sse, Node's EventSource and fetch, Chromium's EventSource.

Each gets the first byte at once and each event when it is published, while the stream stays open: nothing may
buffer. Each reconnects by its own means after the server was killed, and misses nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from httpx_sse import aconnect_sse
from playwright.async_api import Browser

from clients import NOTIFICATIONS, SECRET, WAIT_SECONDS, Api, Frame, read_frames, token
from conftest import StartServer
from relay import relay_to
from servers import RunningServer

pytestmark = pytest.mark.slow

AT_ONCE_SECONDS = 10.0
"""Far below the 30 s until the first ping: what buffers would be seen."""


@pytest.fixture
def server(start_server: StartServer, sqlite_url: str) -> RunningServer:
    return start_server(database_url=sqlite_url, LUMEN_JWT_SECRET=SECRET)


@pytest.fixture
async def alice(server: RunningServer) -> AsyncIterator[Api]:
    async with httpx.AsyncClient(base_url=server.url) as http:
        yield Api(http, "alice")


def stream_url(server: RunningServer, base_url: str | None = None) -> str:
    return f"{base_url or server.url}{NOTIFICATIONS}/stream?token={token('bob')}"


async def publish(alice: Api, *texts: str) -> None:
    for text in texts:
        await alice.post("", {"to": {"user": "bob"}, "category": "like", "content": text})


async def start_again(server: RunningServer) -> None:
    await asyncio.to_thread(server.kill)
    await asyncio.to_thread(server.start)


class Program:
    """A program that prints what it reads. Ended with the test."""

    def __init__(self, process: Process) -> None:
        assert process.stdout is not None
        self.process = process
        self._stdout = process.stdout

    async def block(self) -> str:
        """Return what it prints next, up to and with an empty line."""
        return (await self._within(self._stdout.readuntil(b"\n\n"))).decode()

    async def head(self) -> str:
        """Return the head of an answer."""
        return (await self._within(self._stdout.readuntil(b"\r\n\r\n"))).decode()

    async def line(self) -> Any:
        """Return the JSON of the next line that it prints."""
        return json.loads(await self._within(self._stdout.readline()))

    async def _within(self, reading: Any) -> bytes:
        read: bytes = await asyncio.wait_for(reading, AT_ONCE_SECONDS)
        return read


@contextlib.asynccontextmanager
async def running(name: str, *arguments: str) -> AsyncIterator[Program]:
    """Run an installed program. Skips the test if it is missing."""
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not on PATH")
    process = await asyncio.create_subprocess_exec(path, *arguments, stdout=PIPE, limit=2**20)
    try:
        yield Program(process)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


# ---------------------------------------------------------------------------------------------------- curl
async def test_curl_shows_each_event_as_it_comes(server: RunningServer, alice: Api) -> None:
    async with running("curl", "--no-buffer", "--silent", "--include", stream_url(server)) as curl:
        head = (await curl.head()).lower()
        assert head.startswith("http/1.1 200 ok\r\n")
        assert "content-type: text/event-stream" in head
        assert "cache-control: no-store, no-transform" in head
        assert "x-accel-buffering: no" in head
        (ready,) = read_frames(await curl.block())
        assert ready.event == "ready"
        assert ready.retry_ms is not None
        for number, text in enumerate(("one", "two", "three"), start=1):
            await publish(alice, text)
            (frame,) = read_frames(await curl.block())
            assert (frame.event, frame.data["data"]["content"]) == ("message", text)
            assert frame.data["unread_count"] == number


async def test_curl_resumes_by_header(server: RunningServer, alice: Api) -> None:
    async with running("curl", "--no-buffer", "--silent", stream_url(server)) as curl:
        (ready,) = read_frames(await curl.block())
    await publish(alice, "missed", "missed too")
    header = f"Last-Event-ID: {ready.id}"
    async with running("curl", "--no-buffer", "--silent", "--header", header, stream_url(server)) as curl:
        (again,) = read_frames(await curl.block())
        assert again.data["recovered"]
        assert again.data["replayed"] == 2
        replayed = [next(read_frames(await curl.block())) for _ in range(2)]
        assert [frame.data["data"]["content"] for frame in replayed] == ["missed", "missed too"]
        await publish(alice, "live")
        (live,) = read_frames(await curl.block())
        assert live.data["data"]["content"] == "live"


# ----------------------------------------------------------------------------------------------- httpx-sse
async def test_httpx_sse_reads_and_resumes(server: RunningServer, alice: Api) -> None:
    async def read(number: int, cursor: str = "") -> list[Frame]:
        """Return `number` durable frames; publish once the stream is open."""
        found: list[Frame] = []
        headers = {"Last-Event-ID": cursor} if cursor else {}
        async with (
            httpx.AsyncClient(timeout=AT_ONCE_SECONDS) as http,
            aconnect_sse(http, "GET", stream_url(server), headers=headers) as source,
        ):
            async for event in source.aiter_sse():
                frame = Frame(
                    id=event.id, event=event.event, data=json.loads(event.data), retry_ms=event.retry
                )
                if frame.event == "ready" and not cursor:
                    await publish(alice, "one", "two")
                if frame.is_durable:
                    found.append(frame)
                if len(found) == number:
                    break
        return found

    first = await read(2)
    await publish(alice, "three")
    await start_again(server)
    await publish(alice, "four")
    assert first[-1].id is not None
    later = await read(2, first[-1].id)
    contents = [frame.data["data"]["content"] for frame in first + later]
    assert contents == ["one", "two", "three", "four"]
    assert [frame.position for frame in first + later] == [1, 2, 3, 4]


# ---------------------------------------------------------------------------------------------------- Node
# The interval keeps Node running: that an EventSource waits to come back is no reason for it not to end.
NODE_EVENT_SOURCE = """
setInterval(() => {}, 1000);
const source = new EventSource(process.argv[1]);
const show = event => console.log(JSON.stringify([event.type, event.lastEventId, JSON.parse(event.data)]));
for (const name of ["ready", "message", "read"]) source.addEventListener(name, show);
"""

NODE_FETCH = """
const answer = await fetch(process.argv[1]);
const decoder = new TextDecoder();
let text = "";
for await (const part of answer.body) {
  text += decoder.decode(part, {stream: true});
  for (let end; (end = text.indexOf("\\n\\n")) >= 0; text = text.slice(end + 2)) {
    const data = text.slice(0, end).split("\\n").find(line => line.startsWith("data:"));
    if (data) console.log(data.slice(5));
  }
}
"""


async def has_event_source() -> bool:
    async with running(
        "node", "--experimental-eventsource", "--eval", "console.log(typeof EventSource)"
    ) as node:
        output, _ = await node.process.communicate()
    return output == b"function\n"


async def test_event_source_of_node_comes_back_and_misses_nothing(server: RunningServer, alice: Api) -> None:
    if not await has_event_source():
        pytest.skip("this Node has no EventSource, not even with --experimental-eventsource")
    arguments = ("--no-warnings", "--experimental-eventsource", "--eval", NODE_EVENT_SOURCE)
    # Node's EventSource closes for good when its first reconnect meets "connection refused": the relay
    # listens while the server restarts, however long that takes.
    async with (
        relay_to(server.port) as relay_url,
        running("node", *arguments, stream_url(server, relay_url)) as node,
    ):
        assert (await node.line())[0] == "ready"
        await publish(alice, "one")
        kind, last_event_id, data = await node.line()
        assert (kind, data["data"]["content"], data["unread_count"]) == ("message", "one", 1)
        await start_again(server)
        await publish(alice, "two")
        kind, _, ready = await node.line()
        assert kind == "ready"
        assert ready["recovered"], f"it came back without {last_event_id}"
        assert (await node.line())[2]["data"]["content"] == "two"
        await publish(alice, "three")
        assert (await node.line())[2]["data"]["content"] == "three"


async def test_fetch_of_node_streams(server: RunningServer, alice: Api) -> None:
    arguments = ("--input-type=module", "--eval", NODE_FETCH, stream_url(server))
    async with running("node", *arguments) as node:
        assert (await node.line())["unread_count"] == 0
        for text in ("one", "\N{GRINNING FACE} \u0634\u0643\u0631\u0627"):
            await publish(alice, text)
            assert (await node.line())["data"]["content"] == text


# ------------------------------------------------------------------------------------------------ Chromium
OPEN_EVENT_SOURCE = """url => {
  window.got = [];
  window.states = [];
  window.source = new EventSource(url);
  const keep = event => window.got.push([event.type, event.lastEventId, JSON.parse(event.data)]);
  const names = ["message", "ready", "read", "closing", "reset"];
  for (const name of names) window.source.addEventListener(name, keep);
  window.source.onerror = () => window.states.push(window.source.readyState);
}"""


@pytest.mark.browser
async def test_event_source_of_chromium_comes_back_and_misses_nothing(
    server: RunningServer, alice: Api, browser: Browser
) -> None:
    page = await browser.new_page()
    await page.goto(server.url + "/healthz")
    await page.evaluate(OPEN_EVENT_SOURCE, stream_url(server))

    async def until(number: int, kind: str) -> None:
        await page.wait_for_function(
            "([number, kind]) => window.got.filter(one => one[0] === kind).length >= number",
            arg=[number, kind],
            timeout=WAIT_SECONDS * 1000,
        )

    await until(1, "ready")
    await publish(alice, "one")
    await until(1, "message")
    await start_again(server)  # as a crash
    await publish(alice, "two")
    await until(2, "message")
    await asyncio.to_thread(server.stop)  # in good order
    await until(1, "closing")
    await asyncio.to_thread(server.start)
    await publish(alice, "three")
    await until(3, "message")
    bob = Api(alice._http, "bob")
    await bob.post("/read", {"all": True})
    await until(1, "read")
    got = await page.evaluate("window.got")
    messages = [data for kind, _, data in got if kind == "message"]
    assert [data["data"]["content"] for data in messages] == ["one", "two", "three"]
    assert [data["unread_count"] for data in messages] == [1, 2, 3]
    assert [data["recovered"] for kind, _, data in got if kind == "ready"] == [False, True, True]
    assert got[-1][0] == "read"
    assert got[-1][2]["unread_count"] == 0
    assert set(await page.evaluate("window.states")) <= {0}, "it never gave up"
    await page.close()


@pytest.mark.browser
async def test_event_source_of_chromium_stops_at_a_bad_token(server: RunningServer, browser: Browser) -> None:
    page = await browser.new_page()
    await page.goto(server.url + "/healthz")
    await page.evaluate(OPEN_EVENT_SOURCE, f"{server.url}{NOTIFICATIONS}/stream?token=forged")
    await page.wait_for_function(
        "window.source.readyState === EventSource.CLOSED", timeout=WAIT_SECONDS * 1000
    )
    assert await page.evaluate("window.got") == []
    await page.close()
