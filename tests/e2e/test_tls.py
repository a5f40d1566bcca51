"""HTTPS and HTTP/2 without a proxy: the stream with curl, httpx and Chromium."""

from __future__ import annotations

import json
import re
import signal
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path

import httpx
import httpx_sse
import pytest
from playwright.async_api import Browser

from certificates import CertificateFiles, make_certificate
from clients import NOTIFICATIONS, SECRET, token
from lumen_notify.auth import PUBLISH
from programs import program
from servers import RunningServer, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.server]

STREAMS = 10
"""In one browser: over HTTP/1.1 it would open six connections to one origin, and no more."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningServer, CertificateFiles]]:
    folder = tmp_path_factory.mktemp("tls")
    files = make_certificate(folder)
    environ = {"LUMEN_JWT_SECRET": SECRET}
    with RunningServer(folder, environ=environ, arguments=(*files.arguments, "--http2")) as server:
        yield server, files


@pytest.fixture
def server(served: tuple[RunningServer, CertificateFiles]) -> RunningServer:
    return served[0]


def unverified() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@pytest.fixture
async def client(server: RunningServer) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(
        http2=True, verify=unverified(), base_url=server.url, timeout=60, trust_env=False
    ) as one:
        yield one


async def publish(client: httpx.AsyncClient, user_id: str, content: str) -> None:
    response = await client.post(
        NOTIFICATIONS,
        headers={"Authorization": f"Bearer {token('publisher', PUBLISH)}"},
        json={"to": {"user": user_id}, "category": "news", "content": content},
    )
    assert (response.status_code, response.http_version) == (201, "HTTP/2")


async def test_ten_streams_share_one_connection_of_httpx(client: httpx.AsyncClient) -> None:
    async with AsyncExitStack() as stack:
        sources = [
            await stack.enter_async_context(
                httpx_sse.aconnect_sse(
                    client, "GET", f"{NOTIFICATIONS}/stream", params={"token": token("h2-user")}
                )
            )
            for _ in range(STREAMS)
        ]
        frames = [source.aiter_sse() for source in sources]
        for one in frames:
            assert (await anext(one)).event == "ready"
        await publish(client, "h2-user", "over HTTP/2")
        for one in frames:
            frame = await anext(one)
            assert json.loads(frame.data)["data"]["content"] == "over HTTP/2"
            assert frame.id


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
async def test_curl_reads_the_stream(server: RunningServer, client: httpx.AsyncClient, version: str) -> None:
    user_id = f"curl{version}"
    url = f"{server.url}{NOTIFICATIONS}/stream?token={token(user_id)}"
    command = [program("curl"), "--silent", "--insecure", "--no-buffer", "--include", version, url]
    with (server.folder / f"{user_id}.txt").open("wb") as output, ExitStack() as ending:
        process = subprocess.Popen(command, stdout=output)  # noqa: ASYNC220 - it returns at once
        ending.callback(process.wait)
        ending.callback(process.kill)

        def seen(text: str) -> None:
            path = Path(output.name)
            wait_until(lambda: text in path.read_text(), within_seconds=60, what=f"curl to show {text}")

        seen("event: ready")
        seen("HTTP/1.1 200" if version == "--http1.1" else "HTTP/2 200")
        await publish(client, user_id, "for curl")
        seen('"content":"for curl"')


@pytest.mark.browser
async def test_ten_streams_of_one_browser_stay_open(
    server: RunningServer, browser: Browser, client: httpx.AsyncClient
) -> None:
    context = await browser.new_context(ignore_https_errors=True)
    page = await context.new_page()
    await page.goto(f"{server.url}/healthz")
    await page.evaluate(
        """([url, streams]) => {
            window.ready = 0; window.received = [];
            for (let i = 0; i < streams; i++) {
                const source = new EventSource(url);
                source.addEventListener("ready", () => window.ready++);
                source.onmessage = event => window.received.push(JSON.parse(event.data).data.content);
            }
        }""",
        [f"{NOTIFICATIONS}/stream?token={token('browser-user')}", STREAMS],
    )
    await page.wait_for_function(f"window.ready === {STREAMS}", timeout=60_000)
    await publish(client, "browser-user", "to each tab")
    await page.wait_for_function(f"window.received.length === {STREAMS}", timeout=60_000)
    protocols = "performance.getEntriesByType('navigation').map(entry => entry.nextHopProtocol)"
    assert await page.evaluate(protocols) == ["h2"]
    await context.close()


async def test_cookie_of_the_stream_is_secure(client: httpx.AsyncClient) -> None:
    headers = {"Authorization": f"Bearer {token('cookie-user')}"}
    ticket = (await client.post(f"{NOTIFICATIONS}/stream/tickets", headers=headers)).json()["ticket"]
    url = f"{NOTIFICATIONS}/stream"
    async with client.stream("GET", url, params={"ticket": ticket}) as response:
        assert "Secure" in response.headers["set-cookie"]


def test_plain_http_ends_at_once(server: RunningServer) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        try:
            received = connection.recv(1000)
        except ConnectionResetError:
            received = b""
    assert not received.startswith(b"HTTP")


def test_sighup_reads_the_certificate_again(served: tuple[RunningServer, CertificateFiles]) -> None:
    server, files = served

    def serial() -> str:
        return ssl.get_server_certificate(("127.0.0.1", server.port), timeout=60)

    before = serial()
    make_certificate(files.cert.parent)
    server.process.send_signal(signal.SIGHUP)
    wait_until(lambda: serial() != before, within_seconds=60, what="the new certificate")


def test_sigterm_ends_a_stream_over_http2_with_closing(tmp_path: Path) -> None:
    files = make_certificate(tmp_path)
    environ = {"LUMEN_JWT_SECRET": SECRET, "LUMEN_DRAIN_SECONDS": "20"}
    with (
        RunningServer(tmp_path, environ=environ, arguments=(*files.arguments, "--http2")) as server,
        httpx.Client(http2=True, verify=unverified(), timeout=60, trust_env=False) as client,
        httpx_sse.connect_sse(
            client, "GET", f"{server.url}{NOTIFICATIONS}/stream", params={"token": token("alice")}
        ) as source,
    ):
        frames = source.iter_sse()
        assert next(frames).event == "ready"
        server.process.send_signal(signal.SIGTERM)
        (last,) = frames
        assert last.event == "closing"
        assert json.loads(last.data)["reason"] == "shutdown"
        assert server.process.wait(timeout=60) == 0
        assert not re.search(r"Traceback|level=error", server.log())
