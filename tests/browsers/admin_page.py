"""AdminPage: the page at `/admin` in Chromium, and what an administrator does there."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.async_api import Locator, expect

from lumen_notify.auth import ADMIN, PUBLISH, mint
from web.axe import violations

from .chromium import ChromiumWindow
from .person import SECRET

WITHIN_MS = 60_000
"""How long a busy machine may take until the page shows what it must."""

PICTURES = Path(__file__).parents[2] / "build" / "screenshots"

PICTURE = r"label-content-name-mismatch: .* \.user-button:"
"""The initial of the administrator is a picture, which axe-core takes for a part of the button's text."""


TOO_WIDE = """() => {
  const ends = [...document.body.querySelectorAll("header *, main.content *, dialog *")]
    .filter((one) => one instanceof HTMLElement && one.checkVisibility() && one.closest(".unseen") === null)
    .map((one) => [one.getBoundingClientRect().right, `${one.tagName}.${one.className}`]);
  return ends.filter(([right]) => right > innerWidth + 1).map(([, name]) => name).slice(0, 5);
}"""
"""Return what is wider than the window, whether the page scrolls or cuts it off."""


class AdminPage:
    """An administrator at one window of a server with SECRET."""

    def __init__(self, window: ChromiumWindow, url: str) -> None:
        self.window = window
        self.page = window.page
        self.url = url
        self.page.set_default_timeout(WITHIN_MS)

    @property
    def main(self) -> Locator:
        """Give what the place of the address shows."""
        return self.page.locator("main.content")

    def tile(self, name: str) -> Locator:
        """Give the number of a tile of the overview."""
        tile = self.main.locator(".tile", has=self.page.get_by_role("heading", name=name, exact=True))
        return tile.locator(".tile-number")

    @property
    def dialog(self) -> Locator:
        """Give the open dialog."""
        return self.page.get_by_role("dialog")

    async def sign_in(self, user: str = "root") -> None:
        """Open the page by a link with a token, and wait for the first figures."""
        token = mint(SECRET, user, ttl_seconds=600, scopes=[ADMIN, PUBLISH])
        await self.page.goto(f"{self.url}/admin#token={token}")
        await self.is_live()

    async def is_live(self) -> None:
        """Wait until the stream of figures is open."""
        await self.sees(self.page.locator(".live[data-state=open]"))

    async def go(self, place: str) -> None:
        """Go to a place, and wait until it is loaded."""
        await self.page.evaluate("(place) => { location.hash = `#/${place}`; }", place)
        await self.sees(self.page.locator("main.content h1"))
        await expect(self.page.locator("main.content [aria-busy=true]")).to_have_count(0, timeout=WITHIN_MS)

    async def sees(self, what: Locator) -> None:
        """Wait until something is visible."""
        await expect(what.first).to_be_visible(timeout=WITHIN_MS)

    async def says(self, text: str) -> None:
        """Wait for the toast that says what was done."""
        await expect(self.page.locator(".toast")).to_contain_text(text, timeout=WITHIN_MS)

    async def keep(self, state: str, look: str, *, is_checked: bool = True) -> list[str]:
        """Keep a picture in `build/screenshots`. Return what is wrong with what is shown: by axe-core if
        is_checked, and by its width."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        await self.page.screenshot(path=PICTURES / f"admin-{state}-{look}.png", animations="disabled")
        found = await violations(self.page) if is_checked else []
        faults = [f"{state}: {fault}" for fault in found if not re.match(PICTURE, fault)]
        wide = await self.window.call(TOO_WIDE)
        return [*faults, *(f"{state}: goes beyond the right edge: {one}" for one in wide)]
