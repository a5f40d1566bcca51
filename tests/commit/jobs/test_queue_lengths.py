"""Queue lengths: what waits is counted on the instance that does the jobs."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from clients import eventually
from lumen_notify.commit.database import Database
from lumen_notify.commit.jobs import queue_lengths as module
from lumen_notify.commit.jobs.queue_lengths import QueueLengths
from lumen_notify.errors import DatabaseUnavailable
from lumen_notify.outages import Outage
from supervised import supervised

NOW = 1_000_000

SCHEDULED = """
INSERT INTO lumen_scheduled_notification (id, owner, deliver_at, rows_count, publication)
VALUES ('a', 'ann', 970000, 1, '{}'), ('b', 'ann', 2000000, 1, '{}')
"""

DIGEST = """
INSERT INTO lumen_digest_item (user_id, id, begun_at, due_at, publication) VALUES ('ann', '1', 1, 2, '{}')
"""

GROUPS = """
INSERT INTO lumen_notification_group
    (audience, category, group_key, notification_id, actors, actors_count, announced_at, is_pending)
VALUES ('user:ann', 'like', 'a', '1', '[]', 1, 1, 1), ('user:ann', 'like', 'b', '2', '[]', 1, 1, 0)
"""


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url)
    await database.open()
    yield database
    await database.close()


def lengths(database: Database, has_lock: list[bool] | None = None) -> QueueLengths:
    return QueueLengths(
        database,
        lambda: NOW,
        may_run=lambda: has_lock is None or has_lock[0],
        outage=Outage("queue lengths"),
    )


async def test_what_waits_is_counted_and_so_is_how_long_the_oldest_is_overdue(database: Database) -> None:
    queues = lengths(database)
    await queues.look()
    assert (queues.scheduled, queues.digest_items, queues.pending_groups, queues.dead_letters) == (0,) * 4
    assert queues.overdue_seconds == 0
    assert queues.database_bytes > 4096
    async with database.transaction() as transaction:
        for sql in (SCHEDULED, DIGEST, GROUPS):
            await transaction.run_sql(sql)
    await queues.look()
    assert (queues.scheduled, queues.overdue_seconds) == (2, 30)
    assert (queues.digest_items, queues.pending_groups, queues.dead_letters) == (1, 1, 0)


async def test_instance_that_does_not_do_the_jobs_reports_zeros(database: Database) -> None:
    has_lock = [True]
    queues = lengths(database, has_lock)
    async with database.transaction() as transaction:
        await transaction.run_sql(SCHEDULED)
    await queues.look()
    assert queues.scheduled == 2
    has_lock[0] = False
    await queues.look()
    assert (queues.scheduled, queues.overdue_seconds, queues.database_bytes) == (0, 0, 0)
    has_lock[0] = True
    await queues.look()
    assert queues.database_bytes > 0, "asked again at once"


async def test_database_that_is_away_or_a_defect_does_not_end_the_looks(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.001)
    queues = lengths(database)
    looks: list[Exception | None] = [
        None,
        DatabaseUnavailable("it does not answer"),
        RuntimeError("a defect"),
    ]
    look = queues.look

    async def failing() -> None:
        if looks and (error := looks.pop(0)) is not None:
            raise error
        await look()

    monkeypatch.setattr(queues, "look", failing)
    queues.scheduled = -1
    async with supervised(queues.run):
        await eventually(lambda: not looks and queues._outage.error is None, what="the looks to go on")
        await eventually(lambda: queues.scheduled == 0, what="the numbers")
