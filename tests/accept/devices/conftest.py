"""Fixtures: a site with several providers of push."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from lumen_notify.push.provider import Provider
from lumen_notify.push.providers.log import LogProvider
from lumen_notify.settings import Settings
from sites import Site, open_site

PROVIDERS = ("log", "webpush")


@pytest.fixture(autouse=True)
def named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Open the providers by their names alone."""

    async def open_providers(settings: Settings, _database: Any) -> Mapping[str, Provider]:
        return {name: LogProvider() for name in settings.push_provider_names}

    monkeypatch.setattr("lumen_notify.services.open_providers", open_providers)


@pytest.fixture
async def pushing(database_url: str) -> AsyncIterator[Site]:
    async with open_site(database_url, push_providers=PROVIDERS) as site:
        yield site
