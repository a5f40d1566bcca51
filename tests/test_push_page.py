"""docs/push.md: what it shows runs."""

from __future__ import annotations

import base64
import json
import sys
import tomllib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from clients import serve
from conftest import StartServer
from lumen_notify.commit.database import Database
from lumen_notify.push.provider import Provider
from lumen_notify.push.providers.registry import open_providers
from lumen_notify.push.push import SENT, Push, Result, Target
from lumen_notify.settings import Secret, Settings
from pages import DOCS, blocks, section
from servers import wait_until
from shell_session import run

TARGET = Target(id="1", user_id="bob", provider="jpush", token="171976fa8a8")


def test_the_page_is_tried_as_it_says(start_server: StartServer) -> None:
    ((_, commands),) = blocks(section("Try it"), "sh")
    ((_, line),) = blocks(section("Try it"), "log")
    server = start_server(LUMEN_PUSH_PROVIDERS="log", LUMEN_LOG_FORMAT="logfmt")
    run(server, commands)
    wait_until(lambda: "Push to bob" in server.log(), within_seconds=60, what="the push")
    shown = next(found for found in server.log().splitlines() if "Push to bob" in found)
    for part in line.strip().split("01a2…"):
        assert part.rstrip('…"') in shown


class JPush:
    """Answers as the test says. requests: body and headers."""

    def __init__(self) -> None:
        self.status, self.body, self.headers = 200, '{"sendno": "0", "msg_id": "1"}', dict[str, str]()
        self.requests: list[tuple[Any, Mapping[str, str]]] = []

    async def answer(self, request: Request) -> Response:
        self.requests.append((await request.json(), request.headers))
        return Response(self.body, self.status, self.headers)


@pytest.fixture
async def jpush(
    tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Provider, JPush]]:
    """Install the provider of the page as pip does, and lead it to a service of the test."""
    page = (DOCS / "push.md").read_text("utf-8")
    (source,) = (text for _, text in blocks(page, "python") if "class JPushProvider" in text)
    ((_, project),) = blocks(page, "toml")
    (group, points), *more = tomllib.loads(project)["project"]["entry-points"].items()
    assert not more
    (tmp_path / "jpush_push.py").write_text(source)
    information = tmp_path / "jpush_push-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: jpush-push\nVersion: 1.0\n")
    lines = [f"[{group}]", *(f"{name} = {value}" for name, value in points.items())]
    (information / "entry_points.txt").write_text("\n".join(lines))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "jpush_push", raising=False)
    service = JPush()
    async with serve(Starlette(routes=[Route("/v3/push", service.answer, methods=["POST"])])) as url:
        monkeypatch.setenv("JPUSH_APP_KEY", "key")
        monkeypatch.setenv("JPUSH_MASTER_SECRET", "secret")
        monkeypatch.setenv("JPUSH_URL", f"{url}/v3/push")
        settings = Settings(database_url=sqlite_url, jwt_secret=Secret("s" * 32), push_providers=("jpush",))
        provider = (await open_providers(settings, Database(sqlite_url)))["jpush"]
        yield provider, service
        await provider.close()


def push(**fields: Any) -> Push:
    payload = {"type": "read" if fields.get("is_silent") else "notification", "tag": "n-1"}
    return Push(payload=payload, collapse_key="n-1", badge=3, ttl_seconds=60, title="Tea", **fields)


async def test_provider_of_ones_own_hands_over(jpush: tuple[Provider, JPush]) -> None:
    provider, service = jpush
    assert provider.config() == {"app_key": "key"}
    assert await provider.send(push(content="is ready"), TARGET) == SENT
    body, headers = service.requests[0]
    assert headers["authorization"] == f"Basic {base64.b64encode(b'key:secret').decode()}"
    assert body["audience"] == {"registration_id": [TARGET.token]}
    assert body["notification"]["ios"]["alert"] == {"title": "Tea", "body": "is ready"}
    assert body["notification"]["ios"]["badge"] == 3
    assert body["notification"]["android"]["extras"]["tag"] == "n-1"
    assert await provider.send(push(is_silent=True), TARGET) == SENT
    body, _ = service.requests[1]
    assert "notification" not in body
    assert body["message"]["extras"]["type"] == "read"


@pytest.mark.parametrize(
    ("status", "body", "result"),
    [
        (400, {"error": {"code": 1011, "message": "cannot find user"}}, Result(outcome="gone")),
        (400, {"error": {"code": 1003}}, Result(outcome="refused", reason="HTTP 400")),
        (429, {"error": {"code": 2002}}, Result(outcome="retry", reason="HTTP 429", retry_seconds=7)),
    ],
    ids=["unknown device", "refused", "too many"],
)
async def test_provider_of_ones_own_reads_the_answer(
    jpush: tuple[Provider, JPush], status: int, body: object, result: Result
) -> None:
    provider, service = jpush
    service.status, service.body = status, json.dumps(body)
    service.headers = {"retry-after": "7"} if status == 429 else {}
    found = await provider.send(push(), TARGET)
    assert (found.outcome, found.retry_seconds) == (result.outcome, result.retry_seconds)
    assert not result.reason or found.reason == result.reason
