"""The stream of administrators by HTTP: who may open it, what it sends, and how it ends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from clients import SECRET, EventStream, serve, token
from lumen_notify import Lumen, Settings
from lumen_notify.auth import ADMIN, PUBLISH
from lumen_notify.deliver.admin import streams as module
from lumen_notify.deliver.connection.handover import HandoverProtocol
from lumen_notify.settings import Secret

PATH = "/api/v1/admin/stream"


@asynccontextmanager
async def served(database_url: str, *, is_handed_over: bool = True) -> AsyncIterator[tuple[Lumen, str]]:
    settings = Settings(database_url=database_url, jwt_secret=Secret(SECRET), jwt_leeway_seconds=0)
    options = {"http": HandoverProtocol} if is_handed_over else {}
    async with Lumen(settings) as lumen, serve(lumen.app, **options) as url:
        yield lumen, url


async def opened(url: str, *scopes: str, user: str = "root", ttl_seconds: int = 3600) -> EventStream:
    given = token(user, *scopes, ttl_seconds=ttl_seconds)
    return await EventStream.open(url, given, path=PATH)


@pytest.mark.parametrize("is_handed_over", [True, False])
async def test_administrators_get_figures_at_once_and_each_second(
    database_url: str, is_handed_over: bool
) -> None:
    async with served(database_url, is_handed_over=is_handed_over) as (lumen, url):
        user = await EventStream.open(url, token("bob"), query={"device": "mobile"})
        await user.wait_for_event("ready")
        stream = await opened(url, ADMIN)
        try:
            assert stream.headers["content-type"] == "text/event-stream; charset=utf-8"
            assert stream.headers["cache-control"] == "no-store, no-transform"
            first = await stream.wait_for_event("figures")
            assert first.data["rates"]["publishes"] is None
            assert first.data["streams"]["total"] == 1
            assert first.data["streams"]["by_device"]["mobile"] == 1
            assert first.data["instances"] == [{"id": lumen._services.instance, "streams": 1}]  # type: ignore[union-attr]  # it runs
            second = await stream.wait_for_event("figures", 2)
            assert second.data["rates"]["publishes"] == 0
            assert first.data.keys() == second.data.keys()
        finally:
            await stream.close()
            await user.close()


@pytest.mark.parametrize(("scopes", "status"), [((), 403), ((PUBLISH,), 403)])
async def test_others_may_not_watch(sqlite_url: str, scopes: tuple[str, ...], status: int) -> None:
    async with served(sqlite_url) as (_, url), httpx.AsyncClient(base_url=url, trust_env=False) as http:
        for given, expected in (
            ({"token": token("root", *scopes)}, status),
            ({}, 401),
            ({"token": "no"}, 401),
        ):
            assert (await http.get(PATH, params=given)).status_code == expected


async def test_one_stream_too_many_is_told_to_come_back(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_STREAMS", 1)
    async with served(sqlite_url) as (_, url):
        first = await opened(url, ADMIN)
        await first.wait_for_event("figures")
        second = await opened(url, ADMIN)
        await second.wait_for_end()
        assert [frame.data for frame in second.frames] == [{"reason": "overloaded", "reconnect": True}]
        await second.close()
        await first.close()


async def test_stream_ends_when_the_server_stops(sqlite_url: str) -> None:
    async with served(sqlite_url) as (lumen, url):
        stream = await opened(url, ADMIN)
        await stream.wait_for_event("figures")
        assert lumen._services is not None
        lumen._services.start_drain()
        await stream.wait_for_end()
        assert stream.frames[-1].data == {"reason": "shutdown", "reconnect": True}
        await stream.close()


async def test_stream_ends_with_its_token(sqlite_url: str) -> None:
    async with served(sqlite_url) as (_, url):
        stream = await opened(url, ADMIN, ttl_seconds=1)
        await stream.wait_for_end()
        assert stream.frames[-1].data == {"reason": "expired", "reconnect": False}
        await stream.close()
