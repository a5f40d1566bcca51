"""Client tabs: pages of a browser that run a `LumenNotify`, without any other page of ours."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any

from playwright.async_api import BrowserContext, Page, Route

from clients import SECRET
from lumen_notify.auth import mint

BLANK = "<!doctype html><title>Blank</title><link rel=icon href=data:,>"

WITHIN_MS = 20_000
"""How long a busy machine may take."""

START = """
async ([root, options]) => {
  const { LumenNotify } = await import(new URL("client/lumen-notify.js", root));
  const getToken = async () => { window.asked = (window.asked ?? 0) + 1; return mintToken("bob"); };
  const client = (window.client = new LumenNotify({ ...options, getToken }));
  window.heard = { contents: [], replayed: [], toasts: [], unread: [], states: [], frames: [] };
  client.addEventListener("notification", ({ detail }) => {
    heard.contents.push(detail.data.content);
    if (detail.is_replayed) heard.replayed.push(detail.data.content);
    if (detail.is_first) heard.toasts.push(detail.data.content);
  });
  client.addEventListener("unread", ({ detail }) => heard.unread.push(detail.unread_count));
  client.addEventListener("state", ({ detail }) => heard.states.push(detail.state));
  client.addEventListener("frame", ({ detail }) => heard.frames.push(detail.frame));
  client.start();
}
"""


class ClientTab:
    """One page with a client."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def wait(self, condition: str, argument: Any = None) -> None:
        """Wait until a function in JavaScript returns true."""
        await self.page.wait_for_function(condition, arg=argument, timeout=WITHIN_MS, polling=20)

    async def is_open(self, unread: int | None = None) -> None:
        await self.wait("() => client.state === 'open'")
        if unread is not None:
            await self.wait("(count) => client.unreadCount === count", unread)

    async def hears(self, contents: Sequence[str]) -> None:
        """Wait until it has heard as many notifications; they must be these."""
        await self.wait("(number) => heard.contents.length >= number", len(contents))
        assert await self.page.evaluate("heard.contents") == list(contents)

    async def get(self, expression: str) -> Any:
        return await self.page.evaluate(expression)


class Tabs:
    """Opens tabs in a browser context. requests: the URLs that all of them have asked for."""

    def __init__(self, context: BrowserContext, *, ttl_seconds: float = 600) -> None:
        self.context = context
        self.ttl_seconds = ttl_seconds
        self.requests: list[str] = []
        context.on("request", lambda request: self.requests.append(request.url))

    async def prepare(self) -> Tabs:
        await self.context.expose_function("mintToken", self.token)
        return self

    def token(self, user: str) -> str:
        return mint(SECRET, user, ttl_seconds=self.ttl_seconds)

    async def open(self, url: str, *, origin: str | None = None, is_url_given: bool = True) -> ClientTab:
        """Open a page of an origin (by default that of the server), and start a client there, as bob."""
        page = await self.context.new_page()
        if origin is None:
            await page.route("**/blank.html", _answer_blank)
        await page.goto((origin or url) + "/blank.html")
        return await start(page, url, is_url_given=is_url_given)


async def start(page: Page, url: str, *, is_url_given: bool = True) -> ClientTab:
    """Start a client in a page. url: the root of the server, which it finds by itself unless given."""
    await page.evaluate(START, [url + "/", {"url": url} if is_url_given else {}])
    return ClientTab(page)


@contextlib.asynccontextmanager
async def blank_origin() -> AsyncIterator[str]:
    """Serve an empty page at an origin of its own.

    Chromium takes a page that Playwright answers for one of the public network, which may not reach this
    machine.
    """

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer), contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            head = f"Content-Type: text/html\r\nContent-Length: {len(BLANK)}\r\nConnection: close"
            writer.write(f"HTTP/1.1 200 OK\r\n{head}\r\n\r\n{BLANK}".encode())
            await writer.drain()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def _answer_blank(route: Route) -> None:
    await route.fulfill(body=BLANK, content_type="text/html")
