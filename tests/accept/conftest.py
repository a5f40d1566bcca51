"""Fixtures: a site to send bad requests to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from clients import EventStream, token
from sites import OpenSite, Site, open_site

from .talk import ROOMS, done


@pytest.fixture
async def site(sqlite_url: str) -> AsyncIterator[Site]:
    """Run on SQLite: for what is refused before a database hears of it."""
    async with open_site(sqlite_url) as site:
        yield site


@pytest.fixture
async def stored(database_url: str) -> AsyncIterator[Site]:
    """Run on each database: for what one of them could take and another not."""
    async with open_site(database_url) as site:
        yield site


@pytest.fixture
def open_with(sqlite_url: str) -> OpenSite:
    """Run one with other settings."""
    return lambda **settings: open_site(sqlite_url, **settings)


@pytest.fixture
async def room(stored: Site) -> Site:
    """Run a site on each database, with alice and bob in the public room `here`."""
    await done(stored, "alice", "POST", ROOMS, {"id": "here", "kind": "public", "members": ["bob"]})
    return stored


@pytest.fixture
async def streams(room: Site) -> AsyncIterator[dict[str, EventStream]]:
    """Open a stream for each user."""
    async with AsyncExitStack() as closing:
        opened = {}
        for user in ("alice", "bob", "eve"):
            opened[user] = await EventStream.open(room.base_url, token(user))
            closing.push_async_callback(opened[user].close)
            await opened[user].wait_for_event("ready")
        yield opened
