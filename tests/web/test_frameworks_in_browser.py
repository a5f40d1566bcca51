"""docs/frameworks.md: its components in a real browser, above its back ends and a real stream."""

from __future__ import annotations

import asyncio
import json
import types
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from clients import SECRET, serve
from lumen_notify import Lumen
from lumen_notify.deliver.connection.handover import HandoverProtocol
from lumen_notify.settings import Secret, Settings
from pages import blocks, section
from programs import NODE, installed

pytestmark = pytest.mark.browser

WITHIN_MS = 20_000

CLIENT = {
    "lumen-notify": "/notify/client/lumen-notify.js",
    "lumen-notify/store": "/notify/client/lumen-store.js",
}
REACT = "/modules/react.js"
VUE = "/npm/vue/dist/vue.esm-browser.prod.js"

# React has no build that a browser can import: its scripts make globals.
REACT_MODULE = """
const load = (src) => new Promise((resolve) => document.head.append(
  Object.assign(document.createElement("script"), { src, onload: resolve })));
await load("/npm/react/umd/react.production.min.js");
await load("/npm/react-dom/umd/react-dom.production.min.js");
export const { createElement, useEffect, useState } = React;
"""
START = {
    "Vue": 'import { createApp } from "vue"; import part from "./notifications.js"; '
    'createApp(part).mount("#app");',
    "React": 'import { createElement } from "react"; import { Notifications } from "./notifications.js"; '
    'ReactDOM.createRoot(document.getElementById("app")).render(createElement(Notifications));',
}


def page_of(framework: str) -> str:
    imports = {**CLIENT, "vue": VUE, "react": REACT}
    entries = ",".join(f'"{name}":"{url}"' for name, url in imports.items())
    return (
        f'<!doctype html><script type="importmap">{{"imports":{{{entries}}}}}</script>'
        f'<div id="app"></div><script type="module" src="/modules/{framework}/start.js"></script>'
    )


@pytest.fixture
def modules(tmp_path: Path) -> Path:
    """Write the modules of the page, named by their first line, and what starts them."""
    (tmp_path / "react.js").write_text(REACT_MODULE)
    for framework, start in START.items():
        folder = tmp_path / framework
        folder.mkdir()
        (folder / "start.js").write_text(start)
        for _, code in blocks(section(framework), "js"):
            name = code.partition("\n")[0].removeprefix("// ")
            (folder / name).write_text(code)
    return tmp_path


@pytest.fixture
async def site(sqlite_url: str, modules: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """The FastAPI application of the page, with a Lumen at /notify."""
    settings = Settings(database_url=sqlite_url, jwt_secret=Secret(SECRET))
    back_end = types.ModuleType("back_end")
    monkeypatch.setenv("LUMEN_JWT_SECRET", SECRET)
    monkeypatch.setenv("LUMEN_URL", "set below")
    ((_, code),) = blocks(section("A back end in FastAPI"), "python")
    exec(compile(code, "docs/frameworks.md", "exec"), back_end.__dict__)  # noqa: S102 - our own page

    async def show(request: Request) -> HTMLResponse:
        return HTMLResponse(page_of(request.path_params["framework"]))

    npm = installed(NODE / "vue", "npm ci --prefix tests/node").parent
    async with Lumen(settings) as lumen:
        app = Starlette(
            routes=[
                Route("/page/{framework}", show),
                Mount("/notify", lumen.app),
                Mount("/npm", StaticFiles(directory=npm)),
                Mount("/modules", StaticFiles(directory=modules)),
                Mount("/", back_end.app),
            ]
        )
        async with serve(app, http=HandoverProtocol) as url:
            back_end.__dict__["SERVER"] = f"{url}/notify"
            yield url


@pytest.mark.parametrize("framework", START)
async def test_component_shows_the_count_and_the_list(framework: str, site: str, browser: Browser) -> None:
    context = await browser.new_context()
    page = await context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.goto(f"{site}/page/{framework}")
    await expect(page.locator("button")).to_have_text("0 unread", timeout=WITHIN_MS)

    for photo in (1, 2):
        await context.request.post(f"{site}/photos/{photo}/like")
    await expect(page.locator("button")).to_have_text("2 unread", timeout=WITHIN_MS)
    await expect(page.locator("li")).to_have_text(
        ["liked your photo 2", "liked your photo 1"], timeout=WITHIN_MS
    )

    await page.locator("button").click()
    await expect(page.locator("button")).to_have_text("0 unread", timeout=WITHIN_MS)
    assert complaints == []
    await context.close()


async def test_django_and_flask_mint_tokens_and_publish(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LUMEN_URL", f"{site}/notify")
    for call in (_ask_django, _ask_flask):
        token, published = await asyncio.to_thread(call)
        assert token.count(".") == 2
        assert published["recipients"] == 1


def _ask_django() -> tuple[str, dict[str, Any]]:
    import django  # noqa: PLC0415 - only for this test
    from django.conf import settings  # noqa: PLC0415
    from django.test import RequestFactory  # noqa: PLC0415

    if not settings.configured:
        databases = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
        settings.configure(
            ALLOWED_HOSTS=["*"], DATABASES=databases, ROOT_URLCONF="photos_urls", SECRET_KEY="x"
        )
        django.setup()
    shown = _python("A back end in Django")
    views = {str(pattern.pattern): pattern.callback for pattern in shown["urlpatterns"]}
    factory = RequestFactory()
    token = json.loads(views["notify-token"](factory.get("/notify-token")).content)
    published = json.loads(views["photos/<int:photo>/like"](factory.post("/photos/7/like"), photo=7).content)
    return token, published


def _ask_flask() -> tuple[str, dict[str, Any]]:
    client = _python("A back end in Flask")["app"].test_client()
    return client.get("/notify-token").json, client.post("/photos/7/like").json


def _python(title: str) -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": title}
    ((_, code),) = blocks(section(title), "python")
    exec(compile(code, "docs/frameworks.md", "exec"), names)  # noqa: S102 - our own page
    return names
