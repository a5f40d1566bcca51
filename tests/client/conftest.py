"""Fixtures for the clients: a scripted server, a real one, and both kinds of client."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from lumen_notify.client import AsyncClient, Client, retries, stream_state
from scripted import Script, scripted_server
from sites import Site, open_site

from .either import Connect, connections


@pytest.fixture(name="script")
def start_scripted_server() -> Iterator[Script]:
    with scripted_server() as script:
        yield script


@pytest.fixture(params=[Client, AsyncClient], ids=["sync", "async"])
async def connect(request: pytest.FixtureRequest) -> AsyncIterator[Connect]:
    """Make clients; each test runs with both kinds."""
    async for made in connections(request.param):
        yield made


@pytest.fixture
async def site(sqlite_url: str) -> AsyncIterator[Site]:
    async with open_site(sqlite_url) as opened:
        yield opened


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait for seconds between attempts."""
    monkeypatch.setattr(retries, "FIRST_SECONDS", 0.01)
    monkeypatch.setattr(stream_state, "FIRST_RETRY_MS", 10)
