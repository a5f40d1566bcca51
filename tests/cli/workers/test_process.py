"""Process: one worker, from its start to its end."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Sequence
from typing import Any

import pytest

from lumen_notify.cli.workers.process import WorkerProcess, how_it_ended

from .conftest import Behave

pytestmark = pytest.mark.server

WAIT_SECONDS = 30.0


class Started:
    """Starts workers and keeps what they have sent."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self.received: list[tuple[int, Any]] = []

    async def start(self) -> WorkerProcess:
        async def total(lumen: int) -> Sequence[dict[str, Any]]:
            return [{"name": str(lumen)}]

        return await WorkerProcess.start(
            self._listener,
            worker=3,
            on_metrics=lambda number, lumens: self.received.append((number, lumens)),
            on_total=total,
        )


async def test_worker_gets_ready_answers_and_sends_its_last_metrics_when_it_drains(
    behave: Behave, listener: socket.socket
) -> None:
    started = Started(listener)
    process = await started.start()
    assert await process.wait_until_ready()
    assert (process.url, process.has_ended) == ("http://fake", False)
    assert await process.collect(WAIT_SECONDS)
    process.drain()
    assert await process.ends_within(WAIT_SECONDS)
    assert await process.wait() == 0
    values = [lumens[0][0]["samples"][0][2] for _, lumens in started.received]
    assert values == [1, 2]
    assert {number for number, _ in started.received} == {process.number}
    assert not await process.collect(WAIT_SECONDS), "nobody answers any more"


async def test_worker_that_ends_before_it_is_ready_is_noticed(
    behave: Behave, listener: socket.socket
) -> None:
    behave("failing")
    process = await Started(listener).start()
    assert not await process.wait_until_ready()
    assert await process.wait() == 3
    assert process.ran_seconds == 0


async def test_worker_that_does_not_answer_is_not_waited_for(behave: Behave, listener: socket.socket) -> None:
    behave("deaf")
    process = await Started(listener).start()
    assert await process.wait_until_ready()
    assert not await process.collect(0.05)
    assert not await process.ends_within(0.01)
    process.kill()
    assert await process.wait() == -signal.SIGKILL
    process.kill()


async def test_numbers_are_never_used_again(behave: Behave, listener: socket.socket) -> None:
    started = Started(listener)
    processes = [await started.start() for _ in range(2)]
    assert processes[0].number < processes[1].number
    for process in processes:
        process.kill()
    await asyncio.gather(*(process.wait() for process in processes))


def test_the_end_in_words() -> None:
    assert (how_it_ended(3), how_it_ended(-9)) == ("with status 3", "by signal 9")
