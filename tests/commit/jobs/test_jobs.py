"""Jobs: they run on the instance that has the lock, and stop before it is let go."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest

from clients import POLL_SECONDS, WAIT_SECONDS, eventually
from lumen_notify.commit.committer import Committer
from lumen_notify.commit.database import Database
from lumen_notify.commit.jobs import retention
from lumen_notify.commit.jobs.job_lock import STUCK_SECONDS
from lumen_notify.commit.jobs.jobs import Jobs
from lumen_notify.outages import Outage
from lumen_notify.settings import Settings
from supervised import supervised

from ..store import DAY_MS, Store, opened


class RecordingCommitter(Committer):
    """Hands the commands on to another committer, and records them."""

    def __init__(self, other: Committer) -> None:
        self.other = other
        self.submitted: list[Any] = []
        self.wait_seconds = 0.0

    async def submit(self, command: Any) -> Any:
        self.submitted.append(command)
        return await self.other.submit(command)

    @property
    def is_closing(self) -> bool:
        return self.other.is_closing

    @property
    def longest_wait_seconds(self) -> float:
        return self.wait_seconds


@asynccontextmanager
async def running(url: str, store: Store) -> AsyncIterator[tuple[Jobs, RecordingCommitter]]:
    """Run the jobs of one instance."""
    database = Database(url)
    await database.open()
    committer = RecordingCommitter(store.committer)
    jobs = Jobs(database, committer, store.clock, Settings(), outage=Outage)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(database.close)
        for run in jobs.tasks.values():
            await stack.enter_async_context(supervised(run))
        yield jobs, committer


async def expire_one(store: Store, already: int) -> None:
    """Publish a notification that expires, and wait until a job has removed it."""
    await store.publish("ann", expires_at=store.now + 10)
    store.now += 20
    await eventually(lambda: len(store.events) == already + 2, what="the expiry")


async def test_jobs_run_on_one_instance_and_on_the_next_once_it_has_stopped(postgresql_url: str) -> None:
    async with AsyncExitStack() as first_running, opened(postgresql_url) as store:
        jobs, first = await first_running.enter_async_context(running(postgresql_url, store))
        await eventually(lambda: jobs.lock.is_held, what="the lock")
        async with running(postgresql_url, store) as (_, second):
            await expire_one(store, already=0)
            assert (bool(first.submitted), bool(second.submitted)) == (True, False)
            await first_running.aclose()
            await expire_one(store, already=2)
            assert second.submitted


async def test_jobs_move_to_another_instance_while_the_writes_of_theirs_wait(postgresql_url: str) -> None:
    async with opened(postgresql_url) as store, running(postgresql_url, store) as (jobs, first):
        await eventually(lambda: jobs.lock.is_held, what="the lock")
        async with running(postgresql_url, store) as (others, _):
            first.wait_seconds = STUCK_SECONDS
            await eventually(lambda: others.lock.is_held, what="the other one to have the lock")
            assert not jobs.lock.is_held


async def test_retention_of_an_instance_without_the_lock_deletes_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "LOOK_SECONDS", 0)
    looks = 0
    may_run = False

    def look() -> bool:
        nonlocal looks
        looks += 1
        return may_run

    await store.publish(number=3)
    store.now += DAY_MS
    async with supervised(store.retention(events_seconds=60, may_run=look).run):
        await eventually(lambda: looks > 10, what="ten looks")
        assert len(await store.log.after(0)) == 3
        may_run = True
        async with asyncio.timeout(WAIT_SECONDS):
            while (await store.log.head()).floor < 3:  # noqa: ASYNC110 - it asks
                await asyncio.sleep(POLL_SECONDS)


def test_lock_is_the_last_to_stop(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    jobs = Jobs(database, RecordingCommitter(None), lambda: 0, Settings(), outage=Outage)  # type: ignore[arg-type]
    assert next(iter(jobs.tasks)) == "job lock"
