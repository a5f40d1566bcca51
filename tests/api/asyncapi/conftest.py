"""Fixtures: an application behind a real server, and its two documents."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from clients import SECRET, serve
from lumen_notify import Lumen, Settings


@pytest.fixture
async def lumen(sqlite_url: str) -> AsyncIterator[Lumen]:
    environ = {
        "LUMEN_DATABASE_URL": sqlite_url,
        "LUMEN_JWT_SECRET": SECRET,
        "LUMEN_ACCOUNTS": "on",
        "LUMEN_PING_SECONDS": "0.2",
        "LUMEN_MAX_BATCH_ROWS": "7",
    }
    async with Lumen(Settings.from_env(environ)) as lumen:
        yield lumen


@pytest.fixture
async def http(lumen: Lumen) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        serve(lumen.app) as url,
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as client,
    ):
        yield client


@pytest.fixture
async def document(http: httpx.AsyncClient) -> Any:
    return (await http.get("/asyncapi.json")).json()


@pytest.fixture
async def openapi(http: httpx.AsyncClient) -> Any:
    return (await http.get("/openapi.json")).json()
