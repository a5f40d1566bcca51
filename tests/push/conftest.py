"""Fixtures: a worker on a migrated database of each kind."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from .push_desk import PushDesk, opened_desk


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[PushDesk]:
    async with opened_desk(database_url) as desk:
        yield desk
