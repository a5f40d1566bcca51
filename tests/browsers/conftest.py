"""Fixtures: windows of each browser in turn, or of Chromium alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from .chromium import Chromium, ChromiumWindow
from .firefox import Firefox
from .webkit import WebKit
from .window import Window, WindowOpener

KINDS: dict[str, Callable[[], Awaitable[WindowOpener]]] = {
    "chromium": Chromium.start,
    "firefox": Firefox.start,
    "webkit": WebKit.start,
}

OpenChromium = Callable[..., Awaitable[ChromiumWindow]]
OpenWindow = Callable[[], Awaitable[Window]]


@pytest.fixture(params=KINDS)
async def open_window(request: pytest.FixtureRequest) -> AsyncIterator[OpenWindow]:
    """Give a function that opens a window that shares nothing with others. Runs in each browser in turn."""
    browser = await KINDS[request.param]()
    try:
        yield browser.open
    finally:
        await browser.close()


@pytest.fixture
async def open_chromium() -> AsyncIterator[OpenChromium]:
    """Give a function that opens such a window in Chromium, with options of a context of Playwright."""
    browser = await Chromium.start()
    try:
        yield browser.open
    finally:
        await browser.close()
