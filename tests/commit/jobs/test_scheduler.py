"""Scheduler: they find what is due, and go on, whatever one of them fails with, until they are closed."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from clients import eventually
from lumen_notify.commit.jobs import scheduler as module
from lumen_notify.commit.jobs.scheduler import Scheduler
from lumen_notify.commit.notifications.digests import PublishDigests
from lumen_notify.commit.notifications.grouping import FlushGroups
from lumen_notify.commit.notifications.schedule import PublishDue
from lumen_notify.commit.publications.removal import Expire
from lumen_notify.errors import DatabaseUnavailable
from supervised import supervised

ALL = [("scheduled",), ("expired",), ("groups",), ("digests",)]


class Due:
    """A database in which these kinds are due, again and again; failures come first."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)

    async def fetch(self, name: str, /, **_values: Any) -> list[tuple[str]]:
        assert name == "due"
        if self.failures:
            raise self.failures.pop()
        return ALL


def scheduler_of(due: Any, submit: Any, monkeypatch: pytest.MonkeyPatch) -> Scheduler:
    monkeypatch.setattr(module, "LOOK_SECONDS", 0)
    return Scheduler(due, submit, lambda: 1_800_000_000_000)


async def test_due_work_is_done_step_by_step_until_nothing_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    left = {PublishDue: 3, Expire: 1, FlushGroups: 2, PublishDigests: 1}
    done = asyncio.Event()

    async def submit(command: Any) -> int:
        left[type(command)] -= 1
        if max(left.values()) < 0:
            done.set()
        return left[type(command)] >= 0

    scheduler = scheduler_of(Due(), submit, monkeypatch)
    async with supervised(scheduler.run):
        await asyncio.wait_for(done.wait(), 10)


async def test_a_kind_that_takes_long_keeps_back_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    others: list[Any] = []
    enough = asyncio.Event()
    releases = 0

    async def submit(command: Any) -> int:
        nonlocal releases
        if isinstance(command, PublishDue):
            releases += 1
            await asyncio.Event().wait()
        others.append(command)
        if len(others) > 30:
            enough.set()
        return 0

    scheduler = scheduler_of(Due(), submit, monkeypatch)
    async with supervised(scheduler.run):
        await asyncio.wait_for(enough.wait(), 10)
        assert releases == 1, "it is not begun a second time while it is under way"


@pytest.mark.parametrize("failure", [RuntimeError("made up by a test"), DatabaseUnavailable("gone")])
@pytest.mark.parametrize("fails", ["the look", "a step"])
async def test_rounds_go_on_after_one_that_failed(
    failure: Exception, fails: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    failures = [failure] if fails == "a step" else []
    done = asyncio.Event()

    async def submit(command: Any) -> int:
        if isinstance(command, FlushGroups):
            if failures:
                raise failures.pop()
            done.set()
        return 0

    scheduler = scheduler_of(Due(*[failure] if fails == "the look" else []), submit, monkeypatch)
    async with supervised(scheduler.run):
        await asyncio.wait_for(done.wait(), 10)

    messages = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(messages) == 2
    assert messages[0] == f"scheduler: failing: {failure}"
    assert messages[1].startswith("scheduler: working again after ")


async def test_stopping_it_amid_a_step_ends_the_step(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun = asyncio.Event()
    ended = asyncio.Event()

    async def submit(_command: Any) -> int:
        begun.set()
        try:
            return await asyncio.Event().wait()
        finally:
            ended.set()

    scheduler = scheduler_of(Due(), submit, monkeypatch)
    async with supervised(scheduler.run):
        await asyncio.wait_for(begun.wait(), 10)

    assert ended.is_set()


async def test_work_that_one_step_finishes_takes_one_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    submitted: list[Any] = []
    looks = 0

    class DueOnce(Due):
        """Work that is due until it has begun."""

        async def fetch(self, name: str, /, **values: Any) -> list[tuple[str]]:
            nonlocal looks
            looks += 1
            return [] if submitted else await super().fetch(name, **values)

    async def submit(command: Any) -> int:
        submitted.append(command)
        return 1

    scheduler = scheduler_of(DueOnce(), submit, monkeypatch)
    async with supervised(scheduler.run):
        await eventually(lambda: looks > 20, what="more looks")
    assert len(submitted) == len(ALL)
