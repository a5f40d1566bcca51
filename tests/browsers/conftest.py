"""Fixtures: windows of each browser in turn, or of Chromium alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from .chromium import Chromium
from .firefox import Firefox
from .webkit import WebKit
from .window import Window, WindowOpener

KINDS: dict[str, Callable[[], Awaitable[WindowOpener]]] = {
    "chromium": Chromium.start,
    "firefox": Firefox.start,
    "webkit": WebKit.start,
}

OpenWindow = Callable[[], Awaitable[Window]]


@pytest.fixture(params=KINDS)
async def open_window(request: pytest.FixtureRequest) -> AsyncIterator[OpenWindow]:
    """Give a function that opens a window that shares nothing with others. Runs in each browser in turn."""
    browser = await KINDS[request.param]()
    try:
        yield browser.open
    finally:
        await browser.close()
