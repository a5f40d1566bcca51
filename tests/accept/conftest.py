"""Fixtures: a site to send bad requests to."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from sites import OpenSite, Site, open_site


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
