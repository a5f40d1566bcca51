"""Client in a browser: tabs that share a stream of a real server, and what a network does to it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Browser, BrowserContext, Error

from clients import SECRET, Api
from conftest import StartServer
from documents import described_events
from relay import relay_to
from servers import RunningServer, free_port
from silent_relay import SilentRelay
from web.client_tabs import ClientTab, Tabs, blank_origin, start

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def server(start_server: StartServer) -> RunningServer:
    return start_server(LUMEN_JWT_SECRET=SECRET, LUMEN_PING_SECONDS="1")


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    async with await browser.new_context() as context:
        yield context


@pytest.fixture
async def tabs(context: BrowserContext) -> Tabs:
    return await Tabs(context).prepare()


@pytest.fixture
async def api(server: RunningServer) -> AsyncIterator[Api]:
    """Give what bob's backend may do."""
    async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=30) as http:
        yield Api(http, "bob")


async def publish(api: Api, *contents: str) -> None:
    for content in contents:
        await api.post("", {"to": {"user": "bob"}, "category": "like", "content": content})


async def streams_of(api: Api) -> int:
    return len((await api.get_api("/connections"))["items"])


async def test_five_tabs_share_one_stream_and_each_shows_the_count(
    server: RunningServer, tabs: Tabs, api: Api
) -> None:
    await publish(api, "before")
    five = [await tabs.open(server.url) for _ in range(5)]
    for tab in five:
        await tab.is_open(unread=1)
    assert [await tab.get("client.isLeader") for tab in five] == [True, False, False, False, False]
    assert await streams_of(api) == 1

    await publish(api, "one", "two")
    for tab in five:
        await tab.hears(["one", "two"])
        assert await tab.get("[client.unreadCount, client.unread.categories.like]") == [3, 3]
    assert [toast for tab in five for toast in await tab.get("heard.toasts")] == ["one", "two"]

    await five[2].get("client.mark('read', {all: true})")
    for tab in five:
        await tab.wait("() => client.unreadCount === 0")

    started = await five[4].get(
        """async () => {
          const { LumenNotify } = await import("/client/lumen-notify.js");
          const late = new LumenNotify({ getToken: () => mintToken("bob") });
          const begin = performance.now();
          const count = new Promise((resolve) => late.addEventListener("unread", (event) => resolve(event)));
          await late.start();
          return [late.state, (await count).detail.unread_count, performance.now() - begin, late.stop()];
        }"""
    )
    assert started[:2] == ["open", 0]
    assert started[2] < 5000
    assert [url for url in tabs.requests if "token=" in url] == []
    assert all("ticket=" in url for url in tabs.requests if "/stream?" in url)


END = {
    "closes": "close",
    "crashes": "crash",
    "is frozen": "freeze",
    "hangs": "hang",
}


async def end(tab: ClientTab, how: str) -> None:
    if how == "close":
        await tab.page.close()
    elif how == "crash":
        with contextlib.suppress(Error):
            await tab.page.goto("chrome://crash", timeout=1000)
    elif how == "freeze":
        await tab.get("document.dispatchEvent(new Event('freeze'))")  # Chromium freezes no tab that it shows
    else:
        # Whoever waits for the answer of a page that hangs, hangs.
        await tab.get("setTimeout(() => { for (const end = Date.now() + 30_000; Date.now() < end; ); }, 50)")


@pytest.mark.parametrize("how", END.values(), ids=END)
async def test_another_tab_goes_on_without_loss_or_repeat_when_the_leader(
    server: RunningServer, tabs: Tabs, api: Api, how: str
) -> None:
    three = [await tabs.open(server.url) for _ in range(3)]
    for tab in three:
        await tab.is_open()
    expected = [f"event {number}" for number in range(60)]
    publishing = asyncio.create_task(publish(api, *expected))
    await three[1].wait("() => heard.contents.length >= 10")
    await end(three[0], how)
    await publishing
    for tab in three[1:]:
        await tab.hears(expected)
        await tab.is_open(unread=60)
    assert [await tab.get("client.isLeader") for tab in three[1:]].count(True) == 1
    if how != "hang":
        await three[1].wait("async () => (await client.connections()).items.length === 1")


async def test_no_frame_of_the_server_is_unknown_to_the_client(
    server: RunningServer, tabs: Tabs, api: Api
) -> None:
    tab = await tabs.open(server.url)
    known = await tab.get("import('/client/lumen-notify.js').then(({ FRAMES }) => FRAMES)")
    async with httpx.AsyncClient(base_url=server.url, trust_env=False) as http:
        document = (await http.get("/openapi.json")).json()
    assert sorted(known) == sorted(described_events(document))


async def test_reload_resumes_and_a_token_that_expires_is_renewed(
    server: RunningServer, context: BrowserContext, api: Api
) -> None:
    tabs = await Tabs(context, ttl_seconds=62).prepare()
    tab = await tabs.open(server.url)
    await tab.is_open()
    asked = await tab.get("asked")
    await tab.wait("(before) => asked > before && heard.frames.includes('expiring')", asked)
    tabs.ttl_seconds = 600
    assert await tab.get("heard.states") == ["connecting", "open"]
    assert len([url for url in tabs.requests if "/renew" in url]) >= 1
    assert not [url for url in tabs.requests if "token=" in url]

    await publish(api, "seen")
    await tab.hears(["seen"])
    await tab.page.goto("about:blank")
    await publish(api, "missed")
    await tab.page.goto(server.url + "/blank.html")
    again = await start(tab.page, server.url)
    await again.hears(["missed"])
    assert await again.get("[heard.replayed, heard.toasts]") == [["missed"], []]


async def test_half_open_connection_and_lost_network_are_noticed(
    server: RunningServer, tabs: Tabs, api: Api, context: BrowserContext
) -> None:
    port = free_port()
    async with SilentRelay(port, server.port) as relay:
        tab = await tabs.open(f"http://127.0.0.1:{port}")
        await tab.is_open()
        assert relay.silence(b"/notifications/stream?") == 1
        await publish(api, "while silent")
        await tab.hears(["while silent"])

        await context.set_offline(True)
        await tab.get("client.reconnect()")
        await tab.wait("() => client.state === 'waiting' && client.nextAttemptAt > Date.now()")
        await publish(api, "while offline")
        await context.set_offline(False)
        await tab.hears(["while silent", "while offline"])
        await tab.is_open(unread=2)


async def test_restart_of_the_server_loses_nothing(server: RunningServer, tabs: Tabs, api: Api) -> None:
    async with relay_to(server.port) as url:
        two = [await tabs.open(url) for _ in range(2)]
        for tab in two:
            await tab.is_open()
        await publish(api, "before")
        server.kill()
        server.start()
        await publish(api, "after")
        for tab in two:
            await tab.hears(["before", "after"])
            await tab.is_open(unread=2)


SHOP = """
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from lumen_notify import Lumen

notify = Lumen()

async def stripped(scope, receive, send):
    path = scope["path"].removeprefix("/behind")
    await notify.app({**scope, "path": path, "raw_path": path.encode(), "root_path": ""}, receive, send)

class Behind:
    async def __call__(self, scope, receive, send):
        app = stripped if scope.get("path", "").startswith("/behind/") else mounted
        await app(scope, receive, send)

healthz = Route("/healthz", lambda request: PlainTextResponse("ok"))
mounted = Starlette(routes=[healthz, Mount("/notify", notify.app)], lifespan=notify.lifespan)
app = Behind()
"""


async def test_client_works_below_a_mount_path_and_behind_a_prefix_that_a_proxy_strips(
    tmp_path: Path, start_server: StartServer, tabs: Tabs
) -> None:
    folder = tmp_path / "server"
    folder.mkdir()
    (folder / "shop.py").write_text(SHOP)
    server = start_server("--app", "shop:app", LUMEN_JWT_SECRET=SECRET)
    for prefix in ("/notify", "/behind"):
        tab = await tabs.open(server.url + prefix, is_url_given=False)
        await tab.is_open(unread=0)
        assert (await tab.get("client.preferences()"))["presence"] == "shown"
        await tab.get("client.signOut()")
        assert await tabs.context.cookies() == []
        await tab.page.close()


async def test_client_works_from_another_origin_with_credentials_and_ends_the_cookie(
    start_server: StartServer, tabs: Tabs
) -> None:
    async with blank_origin() as origin:
        server = start_server(LUMEN_JWT_SECRET=SECRET, LUMEN_CORS_ORIGINS=origin)
        tab = await tabs.open(server.url, origin=origin)
        await tab.is_open(unread=0)
        assert [cookie["httpOnly"] for cookie in await tabs.context.cookies()] == [True]
        assert await tab.get("client.list().then(({ items }) => items)") == []
        await tab.get("client.signOut()")
        assert await tab.get("[client.state, client.reason, client.user]") == ["closed", "stopped", None]
        assert await tabs.context.cookies() == []
