"""Fixtures: a migrated database of each kind, the log in it, and a second door to both."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from lumen_notify.commit.database import Database
from lumen_notify.commit.database.migrations import migrate
from lumen_notify.commit.log import Log
from lumen_notify.model import now_ms

from .store import Store, opened


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url)
    await database.open()
    await migrate(database)
    yield database
    await database.close()


@pytest.fixture
async def log(database: Database) -> Log:
    log = Log(database, now_ms)
    await log.open()
    return log


@pytest.fixture
async def other_database(database: Database, database_url: str) -> AsyncIterator[Database]:
    """Give a second process's view of the same database."""
    other = Database(database_url)
    await other.open()
    yield other
    await other.close()


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    async with opened(database_url) as store:
        yield store


@pytest.fixture
async def other_store(store: Store, database_url: str) -> AsyncIterator[Store]:
    """Give a second instance on the same database."""
    async with opened(database_url) as other:
        yield other
