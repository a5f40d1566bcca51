"""Behind nginx, Caddy and HAProxy as `deploy/` sets them up: a restart of the server loses nothing.

An event source reconnects by the cookie of its ticket, below the prefix that the proxy strips.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
from collections.abc import Iterator

import httpx
import pytest
from playwright.async_api import Browser

import servers
from clients import BASE, NOTIFICATIONS, SECRET, WAIT_SECONDS, token
from conftest import StartServer
from event_source import EventSource
from proxies import KINDS, PREFIX, Proxy, publish
from servers import RunningServer

pytestmark = pytest.mark.slow


@pytest.fixture
def server(start_server: StartServer, sqlite_url: str) -> RunningServer:
    return start_server(database_url=sqlite_url, LUMEN_JWT_SECRET=SECRET)


@pytest.fixture(params=list(KINDS))
def proxy(request: pytest.FixtureRequest, server: RunningServer) -> Iterator[Proxy]:
    folder = servers.server_folder("proxy")
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        proxy = Proxy(request.param, folder, server.port)
        stack.callback(proxy.kill)
        yield proxy.start()


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGKILL], ids=["SIGTERM", "SIGKILL"])
async def test_restart_of_the_server_behind_a_proxy_loses_nothing(
    server: RunningServer, proxy: Proxy, stop: signal.Signals
) -> None:
    async with httpx.AsyncClient(base_url=proxy.url, timeout=60, trust_env=False) as http:
        made = await http.post(
            f"{NOTIFICATIONS}/stream/tickets", headers={"Authorization": f"Bearer {token('bob')}"}
        )
        url = f"{proxy.url}{NOTIFICATIONS}/stream?ticket={made.json()['ticket']}"
        source = EventSource(http, url)
        try:
            await source.wait_for(lambda: source.count("ready") == 1, "ready")
            await publish(http, "one")
            await source.wait_for(lambda: source.contents == ["one"], "the first message")
            (cookie,) = http.cookies.jar
            assert cookie.path == f"{PREFIX}{NOTIFICATIONS}", "below the prefix that the proxy strips"

            opened = source.opened
            server.process.send_signal(stop)
            await asyncio.to_thread(server.process.wait, 60)
            # While the server is away the proxy tells it to come back, again and again.
            await source.wait_for(lambda: source.opened >= opened + 3, "the answers of the proxy")
            refused = await http.get(f"{proxy.url}{BASE}/rooms")
            assert refused.status_code in {502, 503, 504}, "other requests are not answered by 200"
            await asyncio.to_thread(server.start)
            await publish(http, "two")
            await source.wait_for(lambda: source.contents == ["one", "two"], "what came after the restart")
            assert source.events[-1].json()["unread_count"] == 2
        finally:
            await source.close()


async def test_redirect_and_end_of_the_cookie_stay_below_the_prefix(
    server: RunningServer, proxy: Proxy
) -> None:
    async with httpx.AsyncClient(
        base_url=proxy.url, timeout=60, trust_env=False, follow_redirects=True
    ) as http:
        bearer = {"Authorization": f"Bearer {token('bob')}"}
        redirected = await http.get(f"{proxy.url}{NOTIFICATIONS}/", headers=bearer)
        assert (redirected.status_code, redirected.url.path) == (200, f"{PREFIX}{NOTIFICATIONS}")
        renewed = await http.post(f"{NOTIFICATIONS}/stream/renew", headers=bearer)
        assert renewed.status_code == 200
        assert [cookie.path for cookie in http.cookies.jar] == [f"{PREFIX}{NOTIFICATIONS}/stream"]
        stream = await http.send(http.build_request("GET", f"{proxy.url}{NOTIFICATIONS}/stream"), stream=True)
        assert stream.status_code == 200, "by the cookie of the renewal"
        await stream.aclose()
        ended = await http.delete(f"{NOTIFICATIONS}/stream")
        assert ended.url.path == f"{PREFIX}{NOTIFICATIONS}/stream/renew"
        assert not http.cookies


OPEN = """async ([base, token]) => {
  const made = await fetch(base + "/stream/tickets", {
    method: "POST", headers: { Authorization: `Bearer ${token}` } });
  const { ticket } = await made.json();
  window.got = [];
  window.source = new EventSource(`${base}/stream?ticket=${ticket}`);
  window.source.onmessage = (event) => window.got.push(JSON.parse(event.data).data.content);
}"""


@pytest.mark.browser
async def test_event_source_of_chromium_survives_a_restart_behind_a_proxy(
    server: RunningServer, proxy: Proxy, browser: Browser
) -> None:
    page = await browser.new_page()
    await page.goto(f"{proxy.url}/healthz")
    await page.evaluate(OPEN, [f"{proxy.url}{NOTIFICATIONS}", token("bob")])

    async def until(condition: str) -> None:
        await page.wait_for_function(condition, timeout=WAIT_SECONDS * 1000)

    async with httpx.AsyncClient(base_url=proxy.url, timeout=60, trust_env=False) as http:
        await until("window.source.readyState === EventSource.OPEN")
        await publish(http, "one")
        await until("window.got.length === 1")
        await asyncio.to_thread(server.kill)
        await until("window.source.readyState === EventSource.CONNECTING")
        refused = await http.get(f"{proxy.url}{BASE}/rooms")
        assert refused.status_code in {502, 503, 504}
        await asyncio.to_thread(server.start)
        await publish(http, "two")
        await until("window.got.length === 2")
    assert await page.evaluate("window.got") == ["one", "two"]
    await page.close()
