"""Two instances behind nginx, Caddy and HAProxy as `deploy/` sets them up: one service to its clients."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
import ssl
from collections.abc import AsyncIterator, Iterator
from functools import partial

import httpx
import pytest

import servers
from certificates import make_certificate
from clients import BASE, NOTIFICATIONS, SECRET, token
from conftest import StartServer
from event_source import EventSource
from proxies import KINDS, Proxy, publish
from servers import RunningServer

pytestmark = pytest.mark.slow

STREAMS = 8


@pytest.fixture
def instances(start_server: StartServer, postgresql_url: str) -> list[RunningServer]:
    # With HTTP/2, httpx may leave a frame unread until the next one of any stream comes: a ping.
    settings = {"LUMEN_JWT_SECRET": SECRET, "LUMEN_PING_SECONDS": "1"}
    return [start_server(database_url=postgresql_url, **settings) for _ in range(2)]


@pytest.fixture(params=list(KINDS))
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@contextlib.contextmanager
def in_front(kind: str, instances: list[RunningServer], *, is_tls: bool = False) -> Iterator[Proxy]:
    folder = servers.server_folder("proxy")
    try:
        certificate = make_certificate(folder) if is_tls else None
        with Proxy(kind, folder, *(one.port for one in instances), certificate=certificate) as proxy:
            yield proxy
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.asynccontextmanager
async def sources(http: httpx.AsyncClient, base: str) -> AsyncIterator[list[EventSource]]:
    """Open STREAMS streams of bob."""
    url = f"{base}{NOTIFICATIONS}/stream?token={token('bob')}"
    opened = [EventSource(http, url) for _ in range(STREAMS)]
    try:
        yield opened
    finally:
        for source in opened:
            await source.close()


def trusting(proxy: Proxy) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(proxy.folder / "cert.pem"))


async def all_ready(opened: list[EventSource]) -> None:
    for source in opened:
        await source.wait_for(partial(source.count, "ready"), "ready")


async def all_have(opened: list[EventSource], contents: list[str]) -> None:
    def has_them(source: EventSource) -> bool:
        return len(source.contents) >= len(contents)

    for source in opened:
        await source.wait_for(partial(has_them, source), "all notifications")
        assert source.contents == contents


async def streams_of(server: RunningServer) -> int:
    async with httpx.AsyncClient(trust_env=False) as http:
        text = (await http.get(f"{server.url}/metrics")).text
    (line,) = [line for line in text.splitlines() if line.startswith("lumen_streams ")]
    return int(float(line.split()[1]))


async def test_instances_share_the_streams_and_the_loss_of_one_loses_nothing(
    kind: str, instances: list[RunningServer]
) -> None:
    limits = httpx.Limits(max_connections=None)
    with in_front(kind, instances) as proxy:
        async with (
            httpx.AsyncClient(base_url=proxy.url, timeout=60, trust_env=False, limits=limits) as http,
            sources(http, proxy.url) as opened,
        ):
            await all_ready(opened)
            shares = [await streams_of(one) for one in instances]
            assert sum(shares) == STREAMS
            assert min(shares) >= STREAMS // 4, shares
            await publish(http, "1")

            killed, survivor = instances
            killed.process.send_signal(signal.SIGKILL)
            await asyncio.to_thread(killed.process.wait, 60)
            for number in range(2, 6):
                await publish(http, str(number))
            await all_have(opened, ["1", "2", "3", "4", "5"])
            assert await streams_of(survivor) == STREAMS


async def test_streams_share_one_connection_over_http_2(kind: str, instances: list[RunningServer]) -> None:
    with in_front(kind, instances, is_tls=True) as proxy:
        async with httpx.AsyncClient(
            base_url=proxy.url, timeout=60, trust_env=False, verify=trusting(proxy), http2=True
        ) as http:
            assert (await http.get("/healthz")).http_version == "HTTP/2"
            async with sources(http, proxy.url) as opened:
                await all_ready(opened)
                await publish(http, "hi")
                await all_have(opened, ["hi"])
            made = await http.post(
                f"{BASE}/notifications/stream/tickets", headers={"Authorization": f"Bearer {token('bob')}"}
            )
            stream = http.build_request(
                "GET", f"{proxy.url}{NOTIFICATIONS}/stream?ticket={made.json()['ticket']}"
            )
            response = await http.send(stream, stream=True)
            assert "Secure" in response.headers["set-cookie"], "the server knows that the browser speaks TLS"
            await response.aclose()
