"""Supervisor: a task that raises starts again, and one that cannot be helped is given up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from clients import eventually
from lumen_notify import supervisor as module
from lumen_notify.supervisor import Supervisor, end_tasks


class Task:
    """A task that raises as often as the test says, then runs. runs: how often it was started."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.runs = 0
        self.may_end = asyncio.Event()
        self.is_running = asyncio.Event()
        self.was_cancelled = False

    async def run(self) -> None:
        self.runs += 1
        if self.runs <= self.failures:
            raise ZeroDivisionError("made up by a test")
        self.is_running.set()
        try:
            await self.may_end.wait()
        except asyncio.CancelledError:
            self.was_cancelled = True
            raise


@pytest.fixture
async def supervisor(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Supervisor]:
    monkeypatch.setattr(module, "FIRST_PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(module, "MAX_PAUSE_SECONDS", 0.002)
    supervisor = Supervisor()
    yield supervisor
    await supervisor.stop("tail")


async def test_task_that_raises_starts_again_and_is_logged_once(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "SETTLED_SECONDS", 60.0)
    task = Task(failures=3)
    supervisor.start("tail", task.run)
    await asyncio.wait_for(task.is_running.wait(), 20)
    assert (task.runs, supervisor.failures) == (4, {"tail": 3})
    assert supervisor.failing == "tail", "it has not settled yet"
    assert caplog.text.count("task tail: failing: made up by a test") == 1
    assert not supervisor.gave_up.is_set()


async def test_task_that_has_settled_works_again(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SETTLED_SECONDS", 0.02)
    task = Task(failures=1)
    supervisor.start("tail", task.run)
    await asyncio.wait_for(task.is_running.wait(), 20)
    await eventually(lambda: supervisor.failing is None, what="the task to settle")


async def test_task_that_fails_again_and_again_is_given_up_and_still_started(
    supervisor: Supervisor, caplog: pytest.LogCaptureFixture
) -> None:
    task = Task(failures=module.MAX_FAILURES)
    supervisor.start("tail", task.run)
    await asyncio.wait_for(supervisor.gave_up.wait(), 20)
    await asyncio.wait_for(task.is_running.wait(), 20)
    assert caplog.text.count("has failed 12 times in a row") == 1


async def test_pause_between_restarts_grows_up_to_its_bound(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIRST_PAUSE_SECONDS", 0.1)
    monkeypatch.setattr(module, "MAX_PAUSE_SECONDS", 1.0)
    pauses: list[float] = []
    sleep = asyncio.sleep

    async def recorded(seconds: float) -> None:
        pauses.append(seconds)
        await sleep(0)

    monkeypatch.setattr("lumen_notify.supervisor.asyncio.sleep", recorded)
    task = Task(failures=6)
    supervisor.start("tail", task.run)
    await asyncio.wait_for(task.is_running.wait(), 20)
    assert pauses == [0.1, 0.2, 0.4, 0.8, 1.0, 1.0]


async def test_task_that_is_stopped_is_cancelled_and_not_started_again(supervisor: Supervisor) -> None:
    task = Task(failures=0)
    supervisor.start("tail", task.run)
    await task.is_running.wait()
    await supervisor.stop("tail")
    await supervisor.stop("tail")
    assert (task.runs, task.was_cancelled) == (1, True)


async def test_task_that_loses_a_cancellation_is_cancelled_again(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "AGAIN_SECONDS", 0.05)
    lost = 0

    async def run() -> None:
        nonlocal lost
        while lost < 2:
            try:
                await asyncio.sleep(600)
            except asyncio.CancelledError:
                lost += 1
        await asyncio.sleep(600)

    supervisor.start("tail", run)
    await asyncio.sleep(0)
    await supervisor.stop("tail")
    assert lost == 2


async def test_end_of_tasks_is_waited_for_whatever_they_raise() -> None:
    async def fail() -> None:
        try:
            await asyncio.sleep(600)
        finally:
            raise ValueError

    tasks = [asyncio.create_task(fail()), asyncio.create_task(asyncio.sleep(0))]
    await asyncio.sleep(0)
    await end_tasks(tasks)
    await end_tasks([])
    assert all(task.done() for task in tasks)


async def test_task_that_returns_has_ended(supervisor: Supervisor) -> None:
    task = Task(failures=0)
    supervisor.start("tail", task.run)
    await task.is_running.wait()
    assert not await supervisor.wait("tail", seconds=0.01)
    task.may_end.set()
    assert await supervisor.wait("tail", seconds=20)
    assert await supervisor.wait("nothing", seconds=0)
    assert task.runs == 1
