"""Chromium, by Playwright."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

from playwright.async_api import Browser, BrowserContext, Page, Playwright, async_playwright

import servers

from .window import Window, WindowOpener

WATCH_POLICY = (
    "addEventListener('securitypolicyviolation', (event) =>"
    " console.error('policy violated: ' + event.violatedDirective + ' ' + event.sample))"
)


class ChromiumWindow(Window):
    """A page of Playwright. page: for what only Chromium is asked to do."""

    def __init__(self, page: Page) -> None:
        super().__init__()
        self.page = page
        page.on("console", lambda line: self._note(line.type, line.text))
        page.on("pageerror", lambda error: self.complaints.append(f"uncaught: {error}"))
        page.on("dialog", lambda dialog: self.complaints.append(f"a dialog: {dialog.message}"))

    @classmethod
    async def in_context(cls, context: BrowserContext) -> Self:
        window = cls(await context.new_page())
        await window.page.add_init_script(WATCH_POLICY)
        return window

    async def new_tab(self) -> Self:
        """Open a tab beside this one, with the same cookies and storage."""
        return await type(self).in_context(self.page.context)

    async def go(self, url: str) -> None:
        await self.page.goto(url)

    async def reload(self) -> None:
        await self.page.reload()

    async def call(self, function: str, *arguments: Any) -> Any:
        return await self.page.evaluate(f"(all) => ({function})(...all)", list(arguments))

    async def click_at(self, x: float, y: float) -> None:
        await self.page.mouse.click(x, y)

    async def press(self, key: str) -> None:
        await self.page.keyboard.press(key)

    async def type(self, text: str) -> None:
        await self.page.keyboard.type(text)

    async def screenshot(self, path: Path) -> None:
        await self.page.screenshot(path=path)

    async def close(self) -> None:
        await self.page.context.close()

    def _note(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.complaints.append(text)


class Chromium(WindowOpener):
    """The system's Chromium."""

    name = "chromium"

    def __init__(self, playwright: Playwright, browser: Browser) -> None:
        self._playwright = playwright
        self._browser = browser

    @classmethod
    async def start(cls) -> Self:
        path = servers.chromium_path()
        playwright = await async_playwright().start()
        browser = await playwright.chromium.launch(executable_path=path, args=servers.chromium_arguments())
        return cls(playwright, browser)

    async def open(self, **options: Any) -> ChromiumWindow:
        """Open a window that shares nothing with the others. options: of Playwright's `new_context`."""
        return await ChromiumWindow.in_context(await self._browser.new_context(**options))

    async def close(self) -> None:
        await self._browser.close()
        await self._playwright.stop()
