"""Fixtures for tests of the browser's modules: one server and one browser for all cases of a file."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

import servers
from servers import RunningServer, server_folder, temporary
from web.chat_tab import SECRET, Api, ChatPages


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
