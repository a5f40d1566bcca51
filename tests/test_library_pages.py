"""The library's pages: each block of Python in docs/library.md and docs/client.md runs as it stands.

An application of a block is called in this process: an asynchronous one by ASGI, another one in a thread,
against a Lumen behind a server on this loop.
"""

from __future__ import annotations

import ast
import asyncio
import contextlib
import inspect
import io
import sys
import types
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from clients import NOTIFICATIONS, SECRET, Api, token
from lumen_notify.client import AsyncClient
from pages import blocks, section
from scripted import READY, closing, scripted_server
from sites import Site, open_site


def python(title: str) -> str:
    """Return the only block of Python of a section."""
    ((_, content),) = blocks(section(title), "python")
    return content


@pytest.fixture
def modules() -> Iterator[list[str]]:
    """Forget the modules that a test makes."""
    made: list[str] = []
    yield made
    for name in made:
        del sys.modules[name]


def module_of(source: str, name: str, made: list[str]) -> types.ModuleType:
    module = types.ModuleType(name)
    sys.modules[name] = module
    made.append(name)
    exec(compile(source, name, "exec"), module.__dict__)  # noqa: S102 - our own pages
    return module


async def run(source: str, **names: Any) -> str:
    """Run a block, in which `await` may stand outside of functions; return what it prints."""
    code = compile(source, "documentation", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        made = eval(code, names)  # noqa: S307 - our own pages
        if inspect.isawaitable(made):
            await made
    return out.getvalue()


@pytest.fixture
async def site(sqlite_url: str) -> AsyncIterator[Site]:
    async with open_site(sqlite_url) as opened:
        yield opened


@pytest.mark.parametrize("framework", ["FastAPI", "Starlette"])
async def test_an_application_mounts_it_with_its_own_lifespan(
    framework: str,
    sqlite_url: str,
    monkeypatch: pytest.MonkeyPatch,
    modules: list[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("LUMEN_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("LUMEN_JWT_SECRET", SECRET)
    shown = module_of(python(framework), "photos", modules)
    transport = httpx.ASGITransport(shown.app)
    async with (
        shown.app.router.lifespan_context(shown.app),
        httpx.AsyncClient(transport=transport, base_url="http://t") as http,
    ):
        made = await http.post("/photos/7/likes", params={"user": "bob"})
        assert made.status_code == 200, made.text
        bearer = token("alice")
        if framework == "FastAPI":
            bearer = (await http.get("/token", params={"user": "alice"})).json()["token"]
        headers = {"authorization": f"Bearer {bearer}"}
        listed = (await http.get(f"/notify{NOTIFICATIONS}", headers=headers)).json()["items"]
        assert [item["id"] for item in listed] == [made.json()["id"]]
        assert listed[0]["content"] == "liked your photo"
    assert shown.notify._services is None
    assert "without a lifespan" not in caplog.text


async def test_the_calls_and_errors_of_the_library_run(site: Site) -> None:
    await open_room(site, "alice", "bob")
    await run(python("Calls"), notify=site.lumen)
    printed = await run(python("Exceptions"), notify=site.lumen)
    assert [line.split(" ")[0] for line in printed.splitlines()] == ["category", "content"]


async def open_room(site: Site, *members: str) -> None:
    """Make the room "tea" of these users, the first of whom owns it."""
    async with AsyncClient(site.base_url, token=token(members[0])) as owner:
        room = {"id": "tea", "kind": "public", "title": "Tea", "members": members[1:]}
        await owner.request("POST", "/rooms", room)


async def published(site: Site) -> list[Any]:
    """Return what alice has got."""
    return await Api(site.http, "alice").pages()


async def test_a_django_application_calls_it_by_http(
    site: Site, modules: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import django  # noqa: PLC0415 - only for this test
    from django.conf import settings  # noqa: PLC0415
    from django.test import Client as Browser  # noqa: PLC0415

    if not settings.configured:
        databases = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
        settings.configure(
            ALLOWED_HOSTS=["*"], DATABASES=databases, ROOT_URLCONF="photos_urls", SECRET_KEY="x"
        )
        django.setup()
    monkeypatch.setattr(settings, "LUMEN_URL", site.base_url, raising=False)
    monkeypatch.setattr(settings, "LUMEN_JWT_SECRET", SECRET, raising=False)
    shown = module_of(python("Django"), "photos_urls", modules)

    def like() -> list[int]:
        browser = Browser()
        return [browser.get(path).status_code for path in ("/photos/7/likes", "/photos/7/likes", "/token")]

    assert await asyncio.to_thread(like) == [200, 200, 200]
    await asyncio.to_thread(shown.notify.close)
    (item,) = await published(site)
    assert (item["content"], item["sender"]["id"], item["data"]) == ("liked your photo", "bob", {"photo": 7})


async def test_a_flask_application_calls_it_by_http(
    site: Site, modules: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LUMEN_URL", site.base_url)
    monkeypatch.setenv("LUMEN_JWT_SECRET", SECRET)
    shown = module_of(python("Flask"), "photos_flask", modules)
    answer = await asyncio.to_thread(shown.app.test_client().post, "/photos/7/likes")
    await asyncio.to_thread(shown.notify.close)
    (item,) = await published(site)
    assert answer.json == {"id": item["id"]}


async def test_the_calls_of_the_client_run(site: Site) -> None:
    await open_room(site, "bob")
    calls = python("Methods").replace("http://127.0.0.1:8000", site.base_url)
    names = {"alice_token": token("bob")}
    printed = await asyncio.to_thread(lambda: asyncio.run(run(calls, **names)))
    assert printed.splitlines() == [
        *("3 {'like': 3}", "alice three", "alice two", "alice one"),
        "bob False () None",
    ]


def test_the_stream_of_the_client_runs() -> None:
    sender = '{"id": "bob", "username": "Bob", "avatar": null}'
    shown = (
        f'{{"id": "n", "category": "like", "sender": {sender}, "content": "hi", "priority": "normal", '
        '"created_at": "2026-01-31T08:00:00.000Z"}'
    )
    frames = (
        f'data: {{"type": "like", "unread_count": 1, "data": {shown}}}\n\n'
        'data: {"type": "chat", "room": {"id": "tea", "unread": 1}, "data": {"content": "Tea?"}}\n\n'
        'event: reset\ndata: {"reason": "epoch", "unread_count": 0}\n\n'
    )
    ((_, source),) = blocks(section("Follow a stream"), "python")
    with scripted_server() as script:
        script.answers = [(200, READY + frames + closing("replaced", reconnect=False))]
        printed = asyncio.run(
            run(source.replace("http://127.0.0.1:8000", script.url), alice_token=lambda: "abc")
        )
    assert printed.splitlines() == ["hi 1", "tea Tea?", "some events are missing: fetch the list again"]
