"""Bell pages: pages of an application with `<lumen-bell>`, and what their browsers complain about."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any, Self

import httpx
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Route, expect

from lumen_notify.auth import ADMIN, PUBLISH, mint

SECRET = "a secret of the bell's tests, and long enough"

WITHIN_MS = 30_000
"""How long a busy machine may take until the page shows what it must."""

POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self' https:; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)

TWO_LINES = """<script type="module" src="/client/lumen-bell.js"></script>
<lumen-bell token-url="/notify-token"></lumen-bell>"""

HTML = """<!doctype html><html lang="{lang}" dir="{dir}"><meta charset="utf-8"><title>Shop</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="stylesheet" href="/shop.css">
<header><h1>Shop</h1>{bell}</header><main><button id="elsewhere">Elsewhere</button></main></html>"""

CSS = """body { margin: 0; font: 16px system-ui; color-scheme: light dark }
body { background: Canvas; color: CanvasText } h1 { font-size: 20px }
header { display: flex; justify-content: space-between; align-items: center; padding: 8px 20px }
main { padding: 20px }"""

expect.set_options(timeout=WITHIN_MS)


class Api:
    """Requests to a server, as its users. url: of the server."""

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(base_url=f"{url}/api/v1/", trust_env=False, timeout=30)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._client.close()

    def __call__(self, user: str, method: str, path: str, body: Any = None) -> Any:
        """Send a request with the rights to publish and to administer; return the JSON of its response."""
        token = mint(SECRET, user, ttl_seconds=600, scopes=[PUBLISH, ADMIN], display_name=user.title())
        answer = self._client.request(method, path, headers={"authorization": f"Bearer {token}"}, json=body)
        return answer.raise_for_status().json()

    def publish(
        self, user: str, content: str, *, sender: str = "bob", category: str = "comment", **more: Any
    ) -> None:
        """Publish a notification to a user."""
        named = {"id": sender, "username": sender.title()}
        body = {"to": {"user": user}, "category": category, "content": content, "sender": named, **more}
        self("app", "POST", "notifications", body)

    def publish_many(self, user: str, count: int) -> None:
        """Publish notifications `number 1` to `number <count>`."""
        one = {"to": {"user": user}, "category": "system"}
        self("app", "POST", "notifications", [{**one, "content": f"number {n}"} for n in range(1, count + 1)])


@dataclass
class BellPage:
    """One open page."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    @property
    def button(self) -> Locator:
        return self.page.locator("lumen-bell .bell")

    @property
    def badge(self) -> Locator:
        return self.page.locator("lumen-bell .badge")

    @property
    def panel(self) -> Locator:
        return self.page.locator("lumen-bell .panel")

    @property
    def rows(self) -> Locator:
        return self.page.locator("lumen-bell .row")

    @property
    def toasts(self) -> Locator:
        return self.page.locator("lumen-bell .toast")

    def row(self, text: str) -> Locator:
        return self.rows.filter(has_text=text)

    def press(self, name: str) -> Any:
        """Click the button with this name in the panel."""
        return self.panel.get_by_role("button", name=name, exact=True).click()

    def note(self, line: ConsoleMessage) -> None:
        """Keep an error or a warning of the console."""
        if line.type in ("error", "warning"):
            self.complaints.append(line.text)

    async def is_live(self) -> None:
        """Wait until the client of the first bell is connected and its panel is loaded."""
        await expect(self.page.locator("lumen-bell .panel .bar").first).to_be_attached()
        await self.page.wait_for_function(
            "() => document.querySelector('lumen-bell').client.state === 'open'"
        )

    async def open_panel(self) -> None:
        await self.button.click()
        await expect(self.panel.locator(".row, .blank").first).to_be_visible()


class BellPages:
    """Opens pages. url: of the server."""

    def __init__(self, browser: Browser, url: str) -> None:
        self.url = url
        self._browser = browser
        self._pages: list[tuple[BellPage, str]] = []

    async def context(self, **options: Any) -> BrowserContext:
        """Make a browser context."""
        return await self._browser.new_context(**{"viewport": {"width": 900, "height": 760}, **options})

    async def open(
        self,
        user: str,
        *,
        bell: str = TWO_LINES,
        lang: str = "en",
        direction: str = "ltr",
        script: str = "",
        expected: str = r"(?!)",
        context: BrowserContext | None = None,
        **options: Any,
    ) -> BellPage:
        """Open a page of a user. script: runs before the page's own. expected: complaints, as a pattern."""
        page = await (context or await self.context(**options)).new_page()
        opened = BellPage(page)
        self._pages.append((opened, expected))
        page.on("console", opened.note)
        page.on("pageerror", lambda error: opened.complaints.append(f"uncaught: {error}"))
        await page.add_init_script(
            "addEventListener('securitypolicyviolation', (event) => console.error(event.violatedDirective));"
            + script
        )
        html = HTML.format(lang=lang, dir=direction, bell=bell)
        token = mint(SECRET, user, ttl_seconds=600, display_name=user.title())

        async def answer(route: Route) -> None:
            await route.fulfill(
                body=html, content_type="text/html", headers={"content-security-policy": POLICY}
            )

        async def answer_token(route: Route) -> None:
            await route.fulfill(body=json.dumps({"token": token}), content_type="application/json")

        await page.route("**/shop.html*", answer)
        await page.route("**/notify-token", answer_token)
        await page.route("**/shop.css", lambda route: route.fulfill(body=CSS, content_type="text/css"))
        await page.goto(f"{self.url}/shop.html")
        if "token-url" in bell:
            await opened.is_live()
        return opened

    async def close(self) -> None:
        """Close all, and fail if a browser has complained about anything unexpected."""
        for opened, _ in self._pages:
            await opened.page.context.close()
        for opened, expected in self._pages:
            unexpected = [text for text in opened.complaints if not re.search(expected, text)]
            assert unexpected == [], unexpected
