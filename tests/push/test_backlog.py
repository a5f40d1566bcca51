"""Backlog: what waits to be pushed is counted on the instance that pushes."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from lumen_notify.commit.database import Database
from lumen_notify.errors import DatabaseUnavailable
from lumen_notify.push.backlog import Backlog

NOW = 1_000_000

ROWS = """
INSERT INTO lumen_push (id, kind, priority, policy, created_at, due_at, done_at)
VALUES ('1', 'notification', 'normal', 'offline', 0, 5000, 6000),
    ('2', 'notification', 'normal', 'offline', 0, 970000, NULL),
    ('3', 'notification', 'normal', 'offline', 0, 2000000, NULL)
"""

WAITING = """
INSERT INTO lumen_push_waiting (user_id, push_id, reason, due_at)
VALUES ('bob', '1', 'quiet', 1), ('eve', '1', 'quiet', 1), ('eve', '2', 'bundle', 1)
"""


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url)
    await database.open()
    yield database
    await database.close()


async def fill(database: Database) -> None:
    async with database.transaction() as transaction:
        for sql in (ROWS, WAITING):
            await transaction.run_sql(sql)


async def test_backlog_counts_what_waits_and_how_long_the_oldest_is_due(database: Database) -> None:
    backlog = Backlog(database, lambda: NOW, may_run=lambda: True)
    await backlog.look()
    assert (backlog.due, backlog.waiting, backlog.oldest_seconds) == (0, 0, 0)
    await fill(database)
    await backlog.look()
    assert (backlog.due, backlog.waiting, backlog.oldest_seconds) == (2, 3, 30)


async def test_instance_that_does_not_push_reports_zeros(database: Database) -> None:
    has_lock = True
    backlog = Backlog(database, lambda: NOW, may_run=lambda: has_lock)
    await fill(database)
    await backlog.look()
    assert backlog.due == 2
    has_lock = False
    await backlog.look()
    assert (backlog.due, backlog.waiting, backlog.oldest_seconds) == (0, 0, 0)


async def test_numbers_stay_while_the_database_cannot_be_read(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    backlog = Backlog(database, lambda: NOW, may_run=lambda: True)
    await fill(database)
    await backlog.look()

    async def fails(_name: str, **_values: object) -> None:
        raise DatabaseUnavailable("down")

    monkeypatch.setattr(database, "fetch", fails)
    await backlog.look()
    assert (backlog.due, backlog.waiting) == (2, 3)
