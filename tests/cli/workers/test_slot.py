"""Slot: a worker that ends, hangs or is replaced has a successor."""

from __future__ import annotations

import errno
import logging
import socket
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from clients import eventually
from lumen_notify.cli.workers import restarts, slot
from lumen_notify.cli.workers.process import WorkerProcess
from lumen_notify.cli.workers.slot import NotReady, Slot, WorkersFailed
from lumen_notify.cli.workers.totals import Totals

from .conftest import Behave

pytestmark = pytest.mark.server

WITHIN_SECONDS = 60.0


class Kept(Slot):
    """A slot, and why it was given up."""

    failure: WorkersFailed | None = None

    def __init__(self, listener: socket.socket) -> None:
        self.totals = Totals()

        async def total(lumen: int) -> Sequence[dict[str, Any]]:
            return []

        super().__init__(
            1, listener, drain_seconds=0.0, totals=self.totals, on_total=total, on_failure=self._given_up
        )

    def _given_up(self, failure: WorkersFailed) -> None:
        self.failure = failure

    async def successor(self, process: WorkerProcess) -> WorkerProcess:
        """Wait for the worker after another one."""
        await eventually(
            lambda: self.current not in (None, process), what="a successor", within_seconds=WITHIN_SECONDS
        )
        assert self.current is not None
        return self.current

    def served(self) -> float:
        (family, _) = self.totals.sum(0, set())
        return float(family["samples"][0][2])


@pytest.fixture
async def kept(
    behave: Behave, listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Kept]:
    monkeypatch.setattr(slot, "COLLECT_SECONDS", 0.2)
    monkeypatch.setattr(restarts, "FIRST_PAUSE_SECONDS", 0.001)
    kept = Kept(listener)
    yield kept
    kept.release()
    for process in kept.processes:
        process.kill()
        await process.wait()


async def test_worker_that_was_killed_has_a_successor_and_its_counters_stay(kept: Kept) -> None:
    first = await kept.start()
    await eventually(lambda: len(kept.totals.sum(0, set())) == 2, what="its metrics")
    first.kill()
    second = await kept.successor(first)
    assert second.pid != first.pid
    await eventually(lambda: kept.served() == 2, what="the counters of both")
    assert kept.processes == [second]


async def test_worker_that_does_not_answer_is_killed_and_has_a_successor(
    kept: Kept, behave: Behave, caplog: pytest.LogCaptureFixture
) -> None:
    behave("deaf")
    first = await kept.start()
    behave("good")
    await kept.successor(first)
    assert await first.wait() == -9
    assert f"worker 1 does not answer: process {first.pid} is killed" in caplog.messages


@pytest.mark.parametrize(("behaviour", "status"), [("failing", 3), ("short", 4)])
async def test_workers_that_end_again_and_again_are_given_up(
    kept: Kept, behave: Behave, monkeypatch: pytest.MonkeyPatch, behaviour: str, status: int
) -> None:
    monkeypatch.setattr(restarts, "MAX_FAILURES", 3)
    first = await kept.start()
    behave(behaviour)
    first.kill()
    await eventually(lambda: kept.failure, what="the end", within_seconds=WITHIN_SECONDS)
    assert kept.failure is not None
    assert kept.failure.message == (
        f"Worker 1 has ended 3 times in a row, the last time with status {status}. The log says why."
    )
    assert kept.processes == []


async def test_replaced_worker_ends_after_its_successor_is_ready(
    kept: Kept, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "lumen_notify.workers")
    first = await kept.start()
    assert await kept.replace()
    second = kept.current
    assert second is not None
    assert second is not first
    assert await first.wait() == 0
    gone = f"process {first.pid}, which was worker 1, has ended"
    await eventually(lambda: gone in caplog.messages, what="its end in the log")
    assert caplog.messages.index(f"worker 1 is ready: process {second.pid}") < caplog.messages.index(gone)
    assert kept.processes == [second]
    assert not [record for record in caplog.records if record.levelno > logging.INFO]


async def test_worker_serves_on_if_its_successor_does_not_start(
    kept: Kept, behave: Behave, caplog: pytest.LogCaptureFixture
) -> None:
    first = await kept.start()
    behave("failing")
    assert not await kept.replace()
    assert kept.current is first
    assert not first.has_ended
    assert "worker 1 was not replaced: the new one has ended with status 3" in caplog.messages


async def test_replaced_worker_that_does_not_end_is_killed(
    kept: Kept, behave: Behave, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slot, "SPARE_SECONDS", 0.1)
    behave("stubborn")
    first = await kept.start()
    behave("good")
    assert await kept.replace()
    assert await first.wait() == -9


async def test_first_worker_that_does_not_start_is_not_started_again(kept: Kept, behave: Behave) -> None:
    behave("failing")
    with pytest.raises(NotReady, match="with status 3") as raised:
        await kept.start()
    assert raised.value.status == 3
    assert kept.processes == []


async def test_worker_that_cannot_be_started_is_tried_again(
    kept: Kept, behave: Behave, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    first = await kept.start()
    original = WorkerProcess.start
    errors = [OSError(errno.EAGAIN, "Resource temporarily unavailable")]

    async def start(*arguments: Any, **options: Any) -> WorkerProcess:
        if errors:
            raise errors.pop()
        return await original(*arguments, **options)

    monkeypatch.setattr(WorkerProcess, "start", start)
    first.kill()
    await kept.successor(first)
    how = "worker 1 has ended at its start: Resource temporarily unavailable"
    assert any(message.startswith(how) for message in caplog.messages)


async def test_defect_in_the_parent_is_a_failure(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(worker: int) -> None:
        raise ValueError("a defect")

    first = await kept.start()
    monkeypatch.setattr(kept.totals, "end", fail)
    first.kill()
    await eventually(lambda: kept.failure, what="the failure", within_seconds=WITHIN_SECONDS)
