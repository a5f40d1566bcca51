"""Chat tab: an application's page with one `<lumen-chat>`, and all that its browser complains about."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import httpx
from playwright.async_api import Browser, Locator, Page, Route, expect

from lumen_notify.auth import mint

SECRET = "a secret of the chat's tests, and long enough"

WITHIN_MS = 30_000
"""How long a busy machine may take until the page shows what it must."""

expect.set_options(timeout=WITHIN_MS)

POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self' https:; "
    "require-trusted-types-for 'script'"
)

HTML = """<!doctype html><html lang="{lang}" dir="{direction}"><meta charset="utf-8"><title>Shop</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="shop.css"><script type="module" src="client/lumen-chat.js"></script>
<main><h1 id="shop">Shop</h1>{chat}</main>"""

CSS = "html, body, main { margin: 0; height: 100% } h1 { display: none } lumen-chat { height: 100% }"


@dataclass
class ChatTab:
    """One open page. complaints: console errors and warnings, uncaught errors, violations of the policy."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    @property
    def chat(self) -> Locator:
        """Give the element."""
        return self.page.locator("lumen-chat")

    @property
    def rows(self) -> Locator:
        """Give the messages."""
        return self.chat.locator(".row")

    @property
    def input(self) -> Locator:
        """Give the box to write in."""
        return self.chat.get_by_role("textbox")

    @property
    def bar(self) -> Locator:
        """Give the bar that says that the connection is lost."""
        return self.chat.locator("[part~=state]")

    @property
    def state(self) -> Locator:
        """Give what is shown in place of the messages."""
        return self.chat.locator(".empty")

    def row(self, text: str) -> Locator:
        """Give the messages with this text."""
        return self.rows.filter(has=self.page.locator(".text").get_by_text(text, exact=True))

    async def is_open(self) -> None:
        """Wait until the messages are shown and the stream is open."""
        await expect(self.chat.locator(".chat")).to_have_attribute("data-state", "open")
        await expect(self.chat.locator(".empty.loading")).to_have_count(0)

    async def writes(self, text: str) -> None:
        """Send a message."""
        await self.input.fill(text)
        await self.input.press("Enter")

    async def does(self, action: str, text: str) -> None:
        """Press a button of a message's toolbar."""
        await self.row(text).hover()
        await self.chat.get_by_role("toolbar").get_by_role("button", name=action).click()

    async def scrolls_to(self, top: str) -> None:
        """Scroll the messages: an expression in `element`, the list's scroller."""
        await self.chat.locator(".scroller").evaluate(f"(element) => {{ element.scrollTop = {top}; }}")


class ChatPages:
    """Opens pages as users of one server, in one browser."""

    def __init__(self, browser: Browser, url: str) -> None:
        self._browser = browser
        self._url = url
        self.tabs: list[ChatTab] = []

    async def open(
        self,
        user: str,
        room: str | None,
        *,
        name: str | None = None,
        attributes: str = "",
        lang: str = "en",
        direction: str = "ltr",
        **options: Any,
    ) -> ChatTab:
        """Open a page with the chat, in a browser context of its own with these options."""
        context = await self._browser.new_context(**options)
        page = await context.new_page()
        tab = ChatTab(page)
        self.tabs.append(tab)
        page.on(
            "console",
            lambda line: (
                tab.complaints.append(f"{line.text} {line.location['url']}")
                if line.type in ("error", "warning")
                else None
            ),
        )
        page.on("pageerror", lambda error: tab.complaints.append(f"uncaught: {error}"))
        page.on("dialog", lambda dialog: tab.complaints.append(f"a dialog: {dialog.message}"))
        token = token_for(user, name)
        chat = (
            f'<lumen-chat token-url="token" {attributes}'
            + (f' room="{room}"' if room else "")
            + "></lumen-chat>"
        )

        async def answer(route: Route) -> None:
            path = route.request.url.partition("?")[0].rpartition("/")[2]
            if path == "shop":
                html = HTML.format(lang=lang, direction=direction, chat=chat)
                policy = {"content-security-policy": POLICY}
                await route.fulfill(body=html, content_type="text/html", headers=policy)
            elif path == "shop.css":
                await route.fulfill(body=CSS, content_type="text/css")
            else:
                await route.fulfill(body=json.dumps({"token": token}), content_type="application/json")

        await page.route(
            lambda url: url.partition("?")[0].rpartition("/")[2] in ("shop", "shop.css", "token"), answer
        )
        await page.goto(f"{self._url}/shop")
        return tab

    async def close(self) -> None:
        """Close all pages. Fails if a browser has complained."""
        complaints = [complaint for tab in self.tabs for complaint in tab.complaints]
        for tab in self.tabs:
            await tab.page.context.close()
        self.tabs.clear()
        assert not complaints, "\n".join(complaints)


class Api:
    """Requests by users of the server."""

    def __init__(self, url: str) -> None:
        self._url = url

    def call(self, user: str, method: str, path: str, body: object = None, *, name: str | None = None) -> Any:
        """Send a request as a user. Return the body of the response."""
        headers = {"Authorization": f"Bearer {token_for(user, name)}"}
        response = httpx.request(method, f"{self._url}/api/v1/{path}", json=body, headers=headers, timeout=30)
        response.raise_for_status()
        return response.json() if response.content else None

    def make_room(
        self, room: str, owner: str, *members: str, kind: str = "public", title: str | None = "Tea"
    ) -> None:
        """Make a room with members."""
        body = {"id": room, "kind": kind, "title": title, "members": list(members)}
        self.call(owner, "POST", "rooms", body)

    def send(self, user: str, room: str, content: str, **fields: object) -> Any:
        """Send a message. Return the response."""
        return self.call(user, "POST", f"rooms/{room}/messages", {"content": content, **fields})


def token_for(user: str, name: str | None = None) -> str:
    """Make a token that a server with SECRET accepts. name: default the id with a capital."""
    return mint(SECRET, user, ttl_seconds=3600, display_name=name or user.capitalize())
