"""The browser's modules in Chromium: a JSON route lets its page import them, and so does another origin."""

from __future__ import annotations

import httpx
import pytest
from playwright.async_api import Browser, Page
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Mount, Route

from clients import NOTIFICATIONS, SECRET, serve
from lumen_notify import Lumen, Settings
from lumen_notify.settings import Secret

pytestmark = pytest.mark.browser

PATHS = ("/healthz", f"{NOTIFICATIONS}", "/api/v1/nothing", "/openapi.json", "/client/version.json")
BLANK = '<!doctype html><link rel="icon" href="data:,"><title>App</title>'
MODULES = ("lumen-notify.js", "lumen-store.js", "lumen-bell.js", "lumen-theme.js")


async def imported(page: Page, url: str) -> list[str]:
    """Import a module in a page; return the names that it exports."""
    names: list[str] = await page.evaluate(f"import({url!r}).then((module) => Object.keys(module))")
    return names


async def test_page_of_a_json_route_imports_the_client(browser: Browser, sqlite_url: str) -> None:
    settings = Settings(database_url=sqlite_url, jwt_secret=Secret(SECRET))
    async with Lumen(settings) as lumen, serve(lumen.app) as url:
        page = await browser.new_page()
        for path in PATHS:
            answer = await page.goto(url + path)
            assert answer is not None
            assert "content-security-policy" not in answer.headers
            assert "LumenNotify" in await imported(page, "/client/lumen-notify.js")
        await page.close()


async def test_page_of_another_origin_imports_all_modules_below_a_mount(
    browser: Browser, sqlite_url: str
) -> None:
    settings = Settings(
        database_url=sqlite_url, jwt_secret=Secret(SECRET), cors_origins=("https://app.example",), pages="off"
    )
    elsewhere = Starlette(routes=[Route("/", lambda _: HTMLResponse(BLANK))])
    async with Lumen(settings) as lumen:
        mounted = Starlette(routes=[Mount("/notify", lumen.app)])
        async with serve(mounted) as url, serve(elsewhere) as app:
            client = f"{url}/notify/client"
            async with httpx.AsyncClient(trust_env=False, timeout=60) as http:
                version = (await http.get(f"{client}/version.json")).json()
            page = await browser.new_page()
            complaints: list[str] = []
            page.on("console", lambda message: complaints.append(message.text))
            await page.goto(app)
            for folder in ("", f"{version['hash']}/", f"{'0' * 16}/"):
                for module in MODULES:
                    assert await imported(page, f"{client}/{folder}{module}"), module
            words = f"import('{client}/lumen-theme.js').then(({{wordsFor}}) => wordsFor('zh-Hant'))"
            assert await page.evaluate(f"{words}.then((t) => t('bell_all'))") not in ("All", "bell_all")
            assert complaints == []
            await page.close()
