"""Pool: all workers start, are replaced and end together. With real ones: `tests/e2e/test_workers.py`."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager

import pytest
import typer

from clients import eventually
from lumen_notify.cli.workers import pool as pool_module
from lumen_notify.cli.workers import restarts, slot
from lumen_notify.cli.workers.pool import Pool, serve_with_workers
from lumen_notify.cli.workers.process import WorkerProcess
from lumen_notify.cli.workers.slot import WorkersFailed
from lumen_notify.errors import Misconfigured
from lumen_notify.settings import Settings

from .conftest import Behave

pytestmark = pytest.mark.server

WITHIN_SECONDS = 60.0


@pytest.fixture
def listeners() -> Iterator[list[socket.socket]]:
    with ExitStack() as stack:
        yield [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(3)]


class Running:
    """A pool that runs. urls: where it says that it serves."""

    def __init__(self, listeners: list[socket.socket], drain_seconds: float = 30.0) -> None:
        self.urls: list[str] = []
        self.pool = Pool(listeners, drain_seconds=drain_seconds)
        self.task = asyncio.create_task(self.pool.run(self.urls.append))

    @property
    def processes(self) -> list[WorkerProcess]:
        return self.pool._processes()

    async def until(self, is_so: Callable[[], object], what: str) -> None:
        await eventually(lambda: is_so() or self.task.done(), what=what, within_seconds=WITHIN_SECONDS)
        if self.task.done():
            await self.task

    async def signal(self, number: signal.Signals) -> None:
        os.kill(os.getpid(), number)
        await asyncio.sleep(0)


@asynccontextmanager
async def running(listeners: list[socket.socket], drain_seconds: float = 30.0) -> AsyncIterator[Running]:
    """Run a pool until all workers serve; kill what is left at the end."""
    running = Running(listeners, drain_seconds)
    try:
        await running.until(lambda: running.urls, "the start")
        yield running
    finally:
        processes = running.processes
        running.task.cancel()
        await asyncio.gather(running.task, return_exceptions=True)
        for process in processes:
            process.kill()
            await process.wait()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_all_workers_start_and_a_signal_drains_all(
    behave: Behave, listeners: list[socket.socket], caplog: pytest.LogCaptureFixture, number: signal.Signals
) -> None:
    caplog.set_level("INFO", "lumen_notify.server")
    async with running(listeners) as it:
        assert it.urls == ["http://fake"]
        assert "serving at http://fake with 3 workers" in caplog.messages
        processes = it.processes
        assert len(processes) == 3
        await it.signal(number)
        await asyncio.wait_for(it.task, WITHIN_SECONDS)
        assert [await process.wait() for process in processes] == [0, 0, 0]
        assert all(listener.fileno() == -1 for listener in listeners), "nobody waits at a socket in vain"


async def test_second_signal_does_not_wait_for_the_drain_time(
    behave: Behave, listeners: list[socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool_module, "END_SECONDS", 0.1)
    behave("stubborn")
    async with running(listeners, drain_seconds=3000.0) as it:
        processes = it.processes
        await it.signal(signal.SIGTERM)
        await eventually(it.pool._has_to_end.is_set, what="the first signal")
        await it.signal(signal.SIGTERM)
        await asyncio.wait_for(it.task, WITHIN_SECONDS)
        assert {await process.wait() for process in processes} == {-9}


async def test_workers_that_do_not_end_within_the_drain_time_are_killed(
    behave: Behave, listeners: list[socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool_module, "END_SECONDS", 0.1)
    monkeypatch.setattr(pool_module, "SPARE_SECONDS", 0.1)
    behave("stubborn")
    async with running(listeners, drain_seconds=0.1) as it:
        await it.signal(signal.SIGTERM)
        await asyncio.wait_for(it.task, WITHIN_SECONDS)


async def test_hangup_replaces_all_workers_one_after_another(
    behave: Behave, listeners: list[socket.socket], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "lumen_notify")
    async with running(listeners) as it:
        before = {process.pid for process in it.processes}
        await it.signal(signal.SIGHUP)
        await it.until(lambda: "replaced 3 workers" in caplog.messages, "the new workers")
        assert len(it.processes) == 3
        assert not before & {process.pid for process in it.processes}
    begins = [text for text in caplog.messages if text.startswith(("worker", "process"))][3:]
    assert [text.split()[0] for text in begins[:6]] == ["worker", "process"] * 3


async def test_hangup_ends_all_when_the_terminal_was_closed(
    behave: Behave, listeners: list[socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    controller, terminal = os.openpty()
    monkeypatch.setattr(pool_module, "STDIN", terminal)
    try:
        async with running(listeners) as it:
            os.close(controller)
            await it.signal(signal.SIGHUP)
            await asyncio.wait_for(it.task, WITHIN_SECONDS)
    finally:
        os.close(terminal)


async def test_workers_stay_if_the_new_ones_do_not_start(
    behave: Behave, listeners: list[socket.socket], caplog: pytest.LogCaptureFixture
) -> None:
    async with running(listeners) as it:
        before = it.processes
        behave("failing")
        await it.signal(signal.SIGHUP)
        await it.until(lambda: any("was not replaced" in text for text in caplog.messages), "the failure")
        assert it.processes == before


async def test_metrics_are_the_sum_of_those_who_answer_in_time(
    behave: Behave, listeners: list[socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(listeners) as it:
        served, answering = await it.pool._total(0)
        assert served["samples"] == [["served_total", {}, 3]]
        assert answering["samples"] == [["lumen_workers_answering", {}, 3]]
        monkeypatch.setattr(pool_module, "ANSWER_SECONDS", 0.2)
        os.kill(it.processes[0].pid, signal.SIGSTOP)
        served, answering = await it.pool._total(0)
        assert served["samples"] == [["served_total", {}, 3]], "a counter never goes back"
        assert answering["samples"] == [["lumen_workers_answering", {}, 2]]
        os.kill(it.processes[0].pid, signal.SIGCONT)


async def test_one_worker_that_cannot_be_kept_running_ends_all(
    behave: Behave, listeners: list[socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restarts, "MAX_FAILURES", 2)
    monkeypatch.setattr(slot, "COLLECT_SECONDS", 0.1)
    async with running(listeners) as it:
        processes = it.processes
        behave("failing")
        processes[1].kill()
        with pytest.raises(WorkersFailed, match="Worker 2 has ended 2 times in a row"):
            await asyncio.wait_for(it.task, WITHIN_SECONDS)
        assert [await process.wait() for process in processes] == [0, -9, 0]


@pytest.mark.parametrize(
    ("status", "raised"), [(1, typer.Exit), (2, typer.Exit), (3, WorkersFailed)], ids=["1", "2", "3"]
)
async def test_only_the_first_worker_reports_what_is_wrong_and_its_status_is_that_of_the_parent(
    behave: Behave, listeners: list[socket.socket], status: int, raised: type[Exception]
) -> None:
    behave(f"failing {status}")
    with pytest.raises(raised) as error:
        async with running(listeners):
            pass
    assert getattr(error.value, "exit_code", 3) == status


async def test_signal_while_the_workers_start_ends_them(
    behave: Behave, listeners: list[socket.socket]
) -> None:
    behave("slow")
    it = Running(listeners)
    await it.until(lambda: it.processes, "the first worker")
    await it.signal(signal.SIGTERM)
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.wait_for(it.task, WITHIN_SECONDS)
    assert it.urls == []
    assert all(process.has_ended for process in it.processes)


def test_sqlite_is_refused_before_anything_starts() -> None:
    settings = Settings(workers=2, database_url="sqlite:///x.db")
    with pytest.raises(Misconfigured) as raised:
        serve_with_workers(settings, app=None, on_started=lambda _: None)
    ((name, problem),) = raised.value.problems
    assert name == "LUMEN_WORKERS"
    assert "Set LUMEN_DATABASE_URL=postgresql://user:password@host/name, or LUMEN_WORKERS=1" in problem
