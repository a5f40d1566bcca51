"""Page tab: one open page at `/`, and everything that its browser complains about."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from playwright.async_api import BrowserContext, Locator, Page, expect

from lumen_notify.auth import mint

SECRET = "a secret of the page's tests, and long enough"

WITHIN_MS = 30_000
"""How long a busy machine may take until the page shows what it must."""

NETWORK = r"Failed to load resource: (net::ERR_|the server responded with a status of 503)"
REFUSED = r"Failed to load resource: the server responded with a status of 4\d\d"
"""What a browser says by itself of a response that the page expects."""

expect.set_options(timeout=WITHIN_MS)


def token_for(
    user: str, *, ttl_seconds: float = 600, scopes: Sequence[str] = (), name: str | None = None
) -> str:
    """Make a token that a server with SECRET accepts."""
    return mint(SECRET, user, ttl_seconds=ttl_seconds, scopes=scopes, display_name=name)


PageApi = Callable[..., Awaitable[Any]]
"""Sends a request as a user: `await page_api("alice", "POST", "rooms", id="tea")`."""


@dataclass
class PageTab:
    """One open page. complaints: errors and warnings of the console, uncaught errors, policy violations."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def watch(self) -> None:
        """Keep what the browser complains about from now on."""
        page, complaints = self.page, self.complaints
        page.on(
            "console",
            lambda line: complaints.append(line.text) if line.type in ("error", "warning") else None,
        )
        page.on("pageerror", lambda error: complaints.append(f"uncaught: {error}"))
        page.on("dialog", lambda dialog: complaints.append(f"a dialog: {dialog.message}"))

    @property
    def chat(self) -> Locator:
        """Give the conversation."""
        return self.page.locator("lumen-chat")

    @property
    def bell(self) -> Locator:
        """Give the bell, with its panel."""
        return self.page.locator("lumen-bell")

    @property
    def rooms(self) -> Locator:
        """Give the links to the user's rooms."""
        return self.page.locator("a.room")

    def room(self, title: str) -> Locator:
        """Give the link to a room by a part of its text."""
        return self.rooms.filter(has_text=title)

    async def sign_in_as(self, name: str) -> None:
        """Sign in as a demo user."""
        await self.page.get_by_role("button", name=f"Continue as {name}").click()
        await self.is_open(name)

    async def is_open(self, name: str | None = None) -> None:
        """Wait until the page is signed in and its rooms are listed."""
        await expect(self.page.locator(".rooms").first).to_have_attribute("aria-busy", "false")
        await expect(self.page.locator(".strip:visible")).to_have_count(0)
        if name is not None:
            await expect(self.page.get_by_role("button", name=f"Menu of {name}")).to_be_visible()

    async def choose(self, item: str) -> None:
        """Choose an item of the user's menu."""
        await self.page.locator(".user-button").click()
        await (
            self.page.get_by_role("menuitem", name=item, exact=True)
            .or_(self.page.get_by_role("menuitemradio", name=item, exact=True))
            .click()
        )

    async def is_signed_out(self, reason: str | None = None) -> None:
        """Wait for the sign-in page; reason: the sentence that it gives, None for none."""
        await expect(self.page.get_by_role("heading", name="Sign in", exact=True)).to_be_visible()
        await expect(self.page.locator(".app")).to_have_count(0)
        notice = self.page.locator(".sign-in .notice")
        if reason is None:
            await expect(notice).to_be_hidden()
        else:
            await expect(notice).to_have_text(reason)

    async def is_at(self, fragment: str) -> None:
        """Wait until the address has this fragment."""
        await expect(self.page).to_have_url(re.compile(re.escape(fragment) + "$"))

    async def use_token(self, text: str) -> None:
        """Paste a token into the sign-in page."""
        summary = self.page.locator(".sign-in summary")
        if await summary.count() and not await self.page.get_by_label("Token").is_visible():
            await summary.click()
        await self.page.get_by_label("Token").fill(text)
        await self.page.get_by_label("Token").press("Enter")

    async def writes(self, text: str) -> None:
        """Send a message in the open room."""
        box = self.chat.get_by_role("textbox").last
        await box.fill(text)
        await box.press("Enter")

    async def reads(self, text: str) -> None:
        """Wait until the open room shows a message."""
        await expect(self.chat.get_by_text(text, exact=True).first).to_be_visible()

    async def title_counts(self, count: int, place: str = "lumen") -> None:
        """Wait until the tab's title has this count and names this place."""
        await expect(self.page).to_have_title(f"({count}) {place}" if count else place)


class OpenTab(Protocol):
    """Open the page, in a new browser context unless one is given.

    expected: the complaints that the test causes. options: of the new context.
    """

    def __call__(
        self,
        url: str,
        *,
        token: str | None = None,
        context: BrowserContext | None = None,
        expected: str = r"(?!)",
        **options: Any,
    ) -> Awaitable[PageTab]: ...
