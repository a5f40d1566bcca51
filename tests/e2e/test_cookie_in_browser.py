"""Chromium reconnects by itself with the stream's cookie after its ticket has expired, also across origins.

Across sites the cookie needs https.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page
from starlette.responses import HTMLResponse

from certificates import make_certificate
from clients import NOTIFICATIONS, SECRET, WAIT_SECONDS, serve, token
from lumen_notify import Lumen, Settings
from lumen_notify.auth import TICKET_SECONDS
from lumen_notify.deliver.connection.handover import HandoverProtocol
from lumen_notify.deliver.frames import control
from lumen_notify.model import CloseReason, now_ms
from lumen_notify.settings import Secret

pytestmark = [pytest.mark.browser, pytest.mark.slow]

OPEN = """async ([base, token]) => {
  const made = await fetch(base + "/stream/tickets", {
    method: "POST", headers: { Authorization: `Bearer ${token}` } });
  const { ticket } = await made.json();
  window.got = [];
  window.source = new EventSource(`${base}/stream?ticket=${ticket}`, { withCredentials: true });
  for (const name of ["ready", "message", "closing"]) {
    window.source.addEventListener(name, (event) => window.got.push([name, JSON.parse(event.data)]));
  }
}"""


class Clock:
    """The time, and how far it is ahead."""

    ahead_ms = 0

    def __call__(self) -> int:
        return now_ms() + self.ahead_ms


@dataclass
class Site:
    """A Lumen, its clock, and the origin of a page."""

    lumen: Lumen
    clock: Clock
    url: str
    page_origin: str


@pytest.fixture(params=["same origin", "another origin", "another site"])
async def site(
    request: pytest.FixtureRequest, sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Site]:
    monkeypatch.setattr(control, "RETRY_MS", (50, 100))
    tls: dict[str, Any] = {}
    if request.param == "another site":
        files = make_certificate(tmp_path)
        tls = {"ssl_certfile": files.cert, "ssl_keyfile": files.key}

    async with contextlib.AsyncExitStack() as stack:
        elsewhere = await stack.enter_async_context(serve(HTMLResponse("<title>A page</title>"), **tls))
        if tls:  # a name and an address are different sites
            elsewhere = elsewhere.replace("http://127.0.0.1", "https://localhost")
        clock = Clock()
        settings = Settings(database_url=sqlite_url, jwt_secret=Secret(SECRET), cors_origins=(elsewhere,))
        lumen = await stack.enter_async_context(Lumen(settings, clock=clock))
        url = await stack.enter_async_context(serve(lumen.app, http=HandoverProtocol, **tls))
        if tls:
            url = url.replace("http:", "https:")
        yield Site(lumen, clock, url, url if request.param == "same origin" else elsewhere)


async def test_native_reconnect_after_the_tickets_minute(site: Site, browser: Browser) -> None:
    page = await browser.new_page(ignore_https_errors=True)
    await page.goto(site.page_origin + ("/healthz" if site.page_origin == site.url else "/"))
    await page.evaluate(OPEN, [site.url + NOTIFICATIONS, token("bob", ttl_seconds=7200)])
    await _until(page, "ready", 1)
    site.clock.ahead_ms = (TICKET_SECONDS + 5) * 1000
    for number in (2, 3):
        assert site.lumen._services is not None
        site.lumen._services.hub.channels["bob"].close(CloseReason.SHUTDOWN)
        await _until(page, "ready", number)
    await site.lumen.publish("bob", category="like", content="still here")
    await _until(page, "message", 1)
    assert await page.evaluate("document.cookie") == "", "no script can read the cookie"
    await page.close()


async def _until(page: Page, kind: str, number: int) -> None:
    await page.wait_for_function(
        "([kind, number]) => window.got.filter(([name]) => name === kind).length >= number",
        arg=[kind, number],
        timeout=WAIT_SECONDS * 1000,
    )
