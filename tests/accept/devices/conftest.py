"""Fixtures: a site with several providers of push."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from sites import Site, open_site

PROVIDERS = ("log", "webpush")


@pytest.fixture
async def pushing(database_url: str) -> AsyncIterator[Site]:
    async with open_site(database_url, push_providers=PROVIDERS) as site:
        yield site
