"""The job lock: one instance has it, and another one soon after that one stops, is paused or cannot write."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from clients import POLL_SECONDS, WAIT_SECONDS, eventually
from lumen_notify.commit.database import Database
from lumen_notify.commit.database.migrations import migrate
from lumen_notify.commit.jobs import job_lock as module
from lumen_notify.commit.jobs.job_lock import JobLock
from servers import run_sql
from supervised import supervised

END_HOLDERS = """
    SELECT pg_terminate_backend(l.pid, 10000)
    FROM pg_locks l
    JOIN pg_database d ON d.oid = l.database
    WHERE l.locktype = 'advisory' AND l.classid = 1819635055 AND l.granted AND d.datname = current_database()
"""


class Instance:
    """One instance's lock. is_stuck: whether it cannot write."""

    def __init__(self, database: Database) -> None:
        self.is_stuck = False
        self.session = database.new_session()
        self.lock = JobLock(self.session, is_stuck=lambda: self.is_stuck)

    async def look(self) -> bool:
        """Look once, as `run` does each second."""
        assert self.session is not None
        self.lock.is_held = await self.lock._look(self.session)
        return self.lock.is_held

    async def wait(self) -> None:
        """Wait until it has the lock."""
        async with asyncio.timeout(WAIT_SECONDS):
            while not await self.look():  # noqa: ASYNC110 - looking is what is awaited
                await asyncio.sleep(POLL_SECONDS)


NewInstance = Callable[[], Instance]


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[NewInstance]:
    """Open a database, and close it and the instances on it."""
    database = Database(url)
    await database.open()
    async with AsyncExitStack() as closing:
        closing.push_async_callback(database.close)
        await migrate(database)

        def new() -> Instance:
            instance = Instance(database)
            if instance.session is not None:
                closing.push_async_callback(instance.session.close)
            return instance

        yield new


@pytest.fixture
async def new_instance(postgresql_url: str) -> AsyncIterator[NewInstance]:
    async with opened(postgresql_url) as new:
        yield new


async def test_process_on_sqlite_does_the_jobs_and_takes_nothing(sqlite_url: str) -> None:
    async with opened(sqlite_url) as new:
        lock = new().lock
        assert lock.is_held
        await lock.run()  # returns at once
        assert lock.is_held


@pytest.mark.postgresql
async def test_one_instance_has_the_lock_until_it_stops(
    new_instance: NewInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.02)
    first, second = new_instance(), new_instance()
    async with supervised(first.lock.run):
        await eventually(lambda: first.lock.is_held, what="the first one to have it")
        for _ in range(20):
            assert not await second.look()
        assert first.lock.is_held
    async with supervised(second.lock.run):
        await eventually(lambda: second.lock.is_held, what="the other one to have it")


@pytest.mark.postgresql
async def test_lock_goes_to_another_instance_when_its_session_ends(
    new_instance: NewInstance, postgresql_url: str
) -> None:
    first, second = new_instance(), new_instance()
    assert [await first.look(), await second.look()] == [True, False]
    run_sql(postgresql_url, END_HOLDERS)
    assert [await second.look(), await first.look()] == [True, False]
    assert not await first.look(), "on a new session"
    assert await second.look()


@pytest.mark.postgresql
async def test_lock_of_an_instance_that_is_silent_goes_to_another(
    new_instance: NewInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SILENT_SECONDS", 1)
    first, second = new_instance(), new_instance()
    assert [await first.look(), await second.look()] == [True, False]
    await second.wait()
    assert not await first.look()


@pytest.mark.postgresql
async def test_instance_that_cannot_write_leaves_the_jobs_to_others(
    new_instance: NewInstance, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = new_instance(), new_instance()
    assert [await first.look(), await second.look()] == [True, False]
    first.is_stuck = True
    assert [await first.look(), await first.look()] == [False, False]
    assert [record.levelname for record in caplog.records].count("WARNING") == 1
    await second.wait()
    first.is_stuck = False
    assert not await first.look()


@pytest.mark.postgresql
async def test_lock_is_given_up_while_the_database_does_not_answer(
    new_instance: NewInstance,
) -> None:
    first = new_instance()
    assert await first.look()
    assert first.session is not None
    first.session._raw.terminate()
    assert not await first.look()
    await first.wait()  # the server ends the session a moment later
