"""Person: who sits before the page at `/`, in any browser, and what they do and see there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .chromium import ChromiumWindow
from .window import Window

SECRET = "a secret of the tests of browsers, and long enough"
"""Of the servers, so that tests can act as an application."""

TEXT = "lumen-chat >> #text"
ROW = "lumen-chat >> .row"
BELL = "lumen-bell >> button.bell"
BADGE = "lumen-bell >> .badge"
PANEL = "lumen-bell >> .panel"


@dataclass
class Person:
    """A user of the demo at one window."""

    name: str
    window: Window

    async def sign_in(self, url: str) -> None:
        """Open the page, and sign in by one click."""
        await self.window.go(url)
        await self.window.click("button", f"Continue as {self.name}")
        await self.window.see("a.room")

    async def open_tab(self, url: str) -> Person:
        """Sign in once more, in another tab of the same browser."""
        assert isinstance(self.window, ChromiumWindow)
        other = Person(self.name, await self.window.new_tab())
        await other.window.go(f"{url}/#as={self.name.lower()}")
        await other.window.see("a.room")
        return other

    async def enter(self, title: str) -> None:
        """Open a room of the list, and wait until one can write."""
        await self.window.click("a.room", title)
        await self.window.see("lumen-chat >> h2", title)
        await self.window.see(TEXT)

    async def say(self, text: str) -> None:
        """Write a message and send it."""
        await self.window.write(TEXT, text)
        await self.window.press("Enter")

    async def sees(self, text: str, *, times: int = 1) -> None:
        """Wait until the conversation has a message this often, none of them in the air."""
        await self.window.see(ROW, text, times=times)
        await self.window.see_none("lumen-chat >> .foot", "Sending")

    async def sees_count(self, count: int) -> None:
        """Wait until badge and title of the tab have the count."""
        if count:
            await self.window.see(BADGE, str(count), times=1)
        else:
            await self.window.see_none(BADGE)
        await self.window.until(
            "(count) => Number(/^\\((\\d+)/.exec(document.title)?.[1] ?? 0) === count", count
        )

    async def opens_bell(self) -> None:
        """Open the bell and wait for its list."""
        await self.window.click(BELL)
        await self.window.see(PANEL)
        await self.window.see_none("lumen-bell >> .bone")

    async def client(self, expression: str) -> Any:
        """Return the value of an expression about the page's `client`; a promise is awaited."""
        function = f"async ({{ client }}) => {expression}"
        return await self.window.call(f"() => ({function})(document.querySelector('lumen-bell'))")
