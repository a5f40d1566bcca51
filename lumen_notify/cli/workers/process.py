"""Process: one worker, as its parent sees it."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Self

from lumen_notify.cli.workers import WORKER_VARIABLE
from lumen_notify.cli.workers.channel import Channel
from lumen_notify.cli.workers.totals import Family

OnTotal = Callable[[int], Awaitable[Sequence[Family]]]
"""Returns the metrics of all workers, of one Lumen."""

OnMetrics = Callable[[int, Sequence[Sequence[Family]]], None]
"""Receives the number of a worker and the families of each Lumen in it."""

_numbers = itertools.count(1)


class WorkerProcess:
    """A process and the channel to it.

    number: never used again. is_ready: set once it accepts connections. url: where it does, from then on.
    """

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        channel: Channel,
        *,
        on_metrics: OnMetrics,
        on_total: OnTotal,
    ) -> None:
        self.number = next(_numbers)
        self.is_ready = False
        self.url = ""
        self._process = process
        self._channel = channel
        self._on_metrics = on_metrics
        self._on_total = on_total
        self._began_at = 0.0
        self._changed = asyncio.Event()
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[None]] = {}
        self._answering: set[asyncio.Task[None]] = set()
        self._task = asyncio.create_task(self._run(), name=f"worker {process.pid}")

    @classmethod
    async def start(
        cls, listener: socket.socket, *, worker: int, on_metrics: OnMetrics, on_total: OnTotal
    ) -> Self:
        """Run this process's command again, as a worker at a socket. worker: the number in its log lines.
        on_metrics: called with its metrics. on_total: answers when it asks for those of all."""
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        numbers = (listener.fileno(), theirs.fileno())
        with theirs:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *sys.orig_argv[1:],
                env={**os.environ, WORKER_VARIABLE: ",".join(map(str, (*numbers, worker)))},
                pass_fds=numbers,
                stdin=subprocess.DEVNULL,
                process_group=0,  # a terminal sends Ctrl-C to the parent alone, which then drains the workers
            )
        return cls(process, await Channel.open(ours), on_metrics=on_metrics, on_total=on_total)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        """Whether its end has been noticed and its last metrics were received."""
        return self._task.done()

    @property
    def ran_seconds(self) -> float:
        """For how many seconds it has accepted connections."""
        return time.monotonic() - self._began_at if self.is_ready else 0.0

    async def wait_until_ready(self) -> bool:
        """Wait until it accepts connections; return False if it ends before."""
        while not (self.is_ready or self.has_ended):
            self._changed.clear()
            waiting = asyncio.create_task(self._changed.wait())
            await asyncio.wait([waiting, self._task], return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
        return self.is_ready

    async def ends_within(self, seconds: float) -> bool:
        """Wait for its end; return False after so many seconds."""
        await asyncio.wait([self._task], timeout=seconds)
        return self.has_ended

    async def wait(self) -> int:
        """Wait for its end; return the exit status, below 0 the number of a signal."""
        await asyncio.shield(self._task)
        return await self._process.wait()

    async def collect(self, seconds: float) -> bool:
        """Ask for its metrics; return whether it has answered in time."""
        number = next(self._ids)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        try:
            self._channel.send("collect", id=number)
            await asyncio.wait([answer, self._task], timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            return answer.done()
        finally:
            del self._waiting[number]

    def drain(self, *, is_replaced: bool = False) -> None:
        """Let it shut down. is_replaced: whether another process accepts connections at its socket."""
        self._channel.send("drain", is_replaced=is_replaced)

    def end(self) -> None:
        """Let it exit at once."""
        self._channel.send("end")

    def kill(self) -> None:
        """End it by SIGKILL."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    async def _run(self) -> None:
        try:
            while (message := await self._channel.receive()) is not None:
                self._handle(message)
            await self._process.wait()
        finally:
            for task in self._answering:
                task.cancel()
            await self._channel.close()

    def _handle(self, message: Mapping[str, Any]) -> None:
        match message["kind"]:
            case "ready":
                self.is_ready, self.url, self._began_at = True, message["url"], time.monotonic()
                self._changed.set()
            case "metrics":
                self._on_metrics(self.number, message["lumens"])
                answer = self._waiting.get(message["id"])
                if answer is not None and not answer.done():
                    answer.set_result(None)
            case "total":
                task = asyncio.create_task(self._answer(message["id"], message["lumen"]))
                self._answering.add(task)
                task.add_done_callback(self._answering.discard)

    async def _answer(self, number: int, lumen: int) -> None:
        self._channel.send("total", id=number, families=await self._on_total(lumen))


def how_it_ended(status: int) -> str:
    """Return an exit status in words."""
    return f"with status {status}" if status >= 0 else f"by signal {-status}"
