"""Fixtures: sites with accounts, with hashes of passwords that take no time."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from lumen_notify.auth import PasswordHasher
from sites import Site, open_site


def cheap() -> PasswordHasher:
    return PasswordHasher(time_cost=1, memory_kib=8, lanes=1)


@pytest.fixture(autouse=True)
def _hashes_are_cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lumen_notify.services.PasswordHasher", cheap)


@pytest.fixture
async def site(sqlite_url: str) -> AsyncIterator[Site]:
    async with open_site(sqlite_url, accounts="on", rate_limits="on") as site:
        yield site


@pytest.fixture
async def stored(database_url: str) -> AsyncIterator[Site]:
    async with open_site(database_url, accounts="on", rate_limits="on") as site:
        yield site
