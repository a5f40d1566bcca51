"""Fixtures: two instances that report streams to one database."""

from __future__ import annotations

import pytest

from lumen_notify.commit.database import Database

from .reporting import Reporting


@pytest.fixture
async def first(database: Database) -> Reporting:
    return Reporting(database, "first")


@pytest.fixture
async def second(database: Database, other_database: Database) -> Reporting:
    return Reporting(other_database, "second")
