"""Fixtures for tests of the browser's modules: one server and one browser for all cases of a file."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, async_playwright

import servers
from conftest import StartServer
from lumen_notify.auth import PUBLISH
from servers import RunningServer, server_folder, temporary
from web.chat_tab import SECRET, Api, ChatPages
from web.page_tab import SECRET as PAGE_SECRET
from web.page_tab import OpenTab, PageApi, PageTab, token_for

REPORT_VIOLATIONS = (
    "addEventListener('securitypolicyviolation', (event) =>"
    " console.error('policy violated: ' + event.violatedDirective))"
)


@pytest.fixture(scope="module")
def shared_server() -> Iterator[RunningServer]:
    """Give a server for all cases of a file."""
    with temporary(RunningServer(server_folder("web"), environ={"LUMEN_JWT_SECRET": SECRET})) as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_browser() -> AsyncIterator[Browser]:
    """Give the system's Chromium for all cases of a file."""
    path = servers.chromium_path()
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=path, args=servers.chromium_arguments())
        yield chromium
        await chromium.close()


@pytest.fixture
def api(shared_server: RunningServer) -> Api:
    """Send requests as users of the shared server."""
    return Api(shared_server.url)


@pytest_asyncio.fixture(loop_scope="module")
async def pages(shared_server: RunningServer, shared_browser: Browser) -> AsyncIterator[ChatPages]:
    """Open pages with a chat. At the end the test fails if a browser has complained."""
    opened = ChatPages(shared_browser, shared_server.url)
    yield opened
    await opened.close()


@pytest.fixture
async def open_tab(browser: Browser) -> AsyncIterator[OpenTab]:
    """Open the page. At the end the test fails if a browser has complained about anything unexpected."""
    opened: list[tuple[PageTab, str]] = []

    async def open_tab(
        url: str,
        *,
        token: str | None = None,
        context: BrowserContext | None = None,
        expected: str = r"(?!)",
        **options: Any,
    ) -> PageTab:
        context = context or await browser.new_context(**options)
        tab = PageTab(await context.new_page())
        opened.append((tab, expected))
        tab.watch()
        await tab.page.add_init_script(REPORT_VIOLATIONS)
        await tab.page.goto(url if token is None else f"{url}#token={token}")
        if token is not None:
            await tab.is_open()
        return tab

    yield open_tab
    for tab, expected in opened:
        assert [text for text in tab.complaints if not re.search(expected, text)] == []


@pytest.fixture
def server(start_server: StartServer) -> RunningServer:
    """Run a server that accepts the tokens of `token_for`."""
    return start_server(LUMEN_JWT_SECRET=PAGE_SECRET)


@pytest.fixture
async def page_api(server: RunningServer) -> AsyncIterator[PageApi]:
    """Give a function that sends a request as a user and returns the JSON of the response."""
    async with contextlib.AsyncExitStack() as clients:
        client = httpx.AsyncClient(base_url=f"{server.url}/api/v1/", trust_env=False, timeout=30)
        await clients.enter_async_context(client)

        async def send(user: str, method: str, path: str, **body: Any) -> Any:
            token = token_for(user, scopes=[PUBLISH], name=user.title())
            headers = {"authorization": f"Bearer {token}"}
            answer = await client.request(method, path, headers=headers, json=body or None)
            return answer.raise_for_status().json()

        yield send
