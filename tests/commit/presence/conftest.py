"""Fixtures: two instances that report streams to one database."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from lumen_notify.commit.database import Database

from .reporting import Reporting


@pytest.fixture
async def database(postgresql_url: str) -> AsyncIterator[Database]:
    """Give a database that several instances share: SQLite is for one process."""
    database = Database(postgresql_url)
    await database.open()
    yield database
    await database.close()


@pytest.fixture
async def other_database(database: Database, postgresql_url: str) -> AsyncIterator[Database]:
    other = Database(postgresql_url)
    await other.open()
    yield other
    await other.close()


@pytest.fixture
async def first(database: Database) -> Reporting:
    return Reporting(database, "first")


@pytest.fixture
async def second(database: Database, other_database: Database) -> Reporting:
    return Reporting(other_database, "second")
