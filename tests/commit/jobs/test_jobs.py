"""Jobs: they run on the instance that has the lock, and stop before it is let go."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from clients import eventually
from lumen_notify.commit.database import Database
from lumen_notify.commit.jobs.jobs import Jobs
from lumen_notify.outages import Outage
from lumen_notify.settings import Settings
from supervised import supervised

from ..store import Store, opened


@asynccontextmanager
async def running(url: str, store: Store, submitted: list[Any]) -> AsyncIterator[Jobs]:
    """Run the jobs of one instance; their commands are recorded."""

    async def submit(command: Any) -> Any:
        submitted.append(command)
        return await store.committer.submit(command)

    database = Database(url)
    await database.open()
    jobs = Jobs(database, submit, store.clock, Settings(), is_stuck=lambda: False, outage=Outage)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(database.close)
        for run in jobs.tasks.values():
            await stack.enter_async_context(supervised(run))
        yield jobs


async def test_jobs_run_on_one_instance_and_on_the_next_once_it_has_stopped(postgresql_url: str) -> None:
    async with AsyncExitStack() as first, opened(postgresql_url) as store:
        by_first: list[Any] = []
        by_second: list[Any] = []
        jobs = await first.enter_async_context(running(postgresql_url, store, by_first))
        await eventually(lambda: jobs.lock.is_held, what="the lock")
        async with running(postgresql_url, store, by_second) as other:
            await store.publish("ann", expires_at=store.now + 10)
            store.now += 20
            await eventually(lambda: len(store.events) == 2, what="the expiry")
            assert by_first
            assert not by_second
            assert not other.lock.is_held
            await first.aclose()
            await store.publish("ann", expires_at=store.now + 10)
            store.now += 20
            await eventually(lambda: len(store.events) == 4, what="the second expiry")
            assert by_second


def test_lock_is_the_last_to_stop(sqlite_url: str) -> None:
    jobs = Jobs(Database(sqlite_url), submit, lambda: 0, Settings(), is_stuck=lambda: False, outage=Outage)
    assert next(iter(jobs.tasks)) == "job lock"


async def submit(command: Any) -> None:
    raise AssertionError(command)
