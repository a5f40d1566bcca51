"""Slot: keeps one worker running at one of the sockets.

| the worker | then |
|---|---|
| ends | a new one starts, after a pause that grows while they end soon (`restarts`) |
| does not answer MAX_UNANSWERED questions in a row | it is killed, and a new one starts |
| is replaced | a new one starts; once it accepts connections, the old one drains |
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable

from lumen_notify.cli.workers.process import OnTotal, WorkerProcess, how_it_ended
from lumen_notify.cli.workers.restarts import Restarts
from lumen_notify.cli.workers.totals import Totals
from lumen_notify.errors import LumenError

COLLECT_SECONDS = 5.0
"""How often a worker is asked for its metrics, and how long it has to answer."""

MAX_UNANSWERED = 3
"""Questions in a row: after half a minute a worker hangs. They are counted, and time is not measured, since
the parent may have been paused, too."""

SPARE_SECONDS = 5.0
"""How much longer than LUMEN_DRAIN_SECONDS a worker may take to end before it is killed."""

_log = logging.getLogger("lumen_notify.workers")


class WorkersFailed(LumenError):
    """The workers cannot be kept running. The message says which one, and how it ended."""

    code = "workers_failed"


class NotReady(Exception):
    """A worker has ended before it accepted connections, or could not be started. status: its exit status."""

    def __init__(self, how: str, status: int | None = None) -> None:
        super().__init__(how)
        self.status = status


class Slot:
    """A worker and its successors. number: from 1. listener: their socket. on_failure: called once they end
    again and again.

    processes: all that run, also one that starts or drains. current: the one that is kept running.
    """

    def __init__(
        self,
        number: int,
        listener: socket.socket,
        *,
        drain_seconds: float,
        totals: Totals,
        on_total: OnTotal,
        on_failure: Callable[[WorkersFailed], None],
    ) -> None:
        self.number = number
        self.listener = listener
        self.processes: list[WorkerProcess] = []
        self.current: WorkerProcess | None = None
        self._drain_seconds = drain_seconds
        self._totals = totals
        self._on_total = on_total
        self._on_failure = on_failure
        self._restarts = Restarts()
        self._changing = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> WorkerProcess:
        """Start a worker and keep it running; return it once it accepts connections. Raises NotReady."""
        try:
            process = await WorkerProcess.start(
                self.listener, worker=self.number, on_metrics=self._totals.learn, on_total=self._on_total
            )
        except OSError as error:
            raise NotReady(f"at its start: {error.strerror}") from None
        self.processes.append(process)
        if not await process.wait_until_ready():
            self.processes.remove(process)
            status = await process.wait()
            raise NotReady(how_it_ended(status), status)
        _log.info("worker %d is ready: process %d", self.number, process.pid)
        self.current = process
        task = asyncio.create_task(self._keep(process), name=f"worker {self.number}")
        self._tasks.add(task)
        task.add_done_callback(self._has_ended)
        return process

    async def replace(self) -> bool:
        """Start a worker, then let the one before drain; return once this has ended.

        Returns False if the new one did not start: the one before serves on.
        """
        async with self._changing:
            before = self.current
            try:
                await self.start()
            except NotReady as problem:
                _log.error("worker %d was not replaced: the new one has ended %s", self.number, problem)
                return False
        if before is not None:
            before.drain(is_replaced=True)
            if not await before.ends_within(self._drain_seconds + SPARE_SECONDS):
                before.kill()
        return True

    def release(self) -> None:
        """Keep no worker running any more."""
        for task in self._tasks:
            task.cancel()

    def _has_ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("worker %d cannot be watched", self.number, exc_info=error)
            self._on_failure(WorkersFailed(f"Worker {self.number} cannot be watched. The log says why."))

    async def _keep(self, process: WorkerProcess) -> None:
        """Watch a worker until it ends; start another one unless it was replaced."""
        await self._watch(process)
        status = await process.wait()
        self.processes.remove(process)
        self._totals.end(process.number)
        ran_seconds = process.ran_seconds
        async with self._changing:
            if process is not self.current:
                _log.info("process %d, which was worker %d, has ended", process.pid, self.number)
                return
            how = how_it_ended(status)
            while (pause_seconds := self._restarts.pause_seconds(ran_seconds)) is not None:
                _log.error(
                    "worker %d has ended %s; another one starts in %.1f s", self.number, how, pause_seconds
                )
                await asyncio.sleep(pause_seconds)
                try:
                    await self.start()
                except NotReady as problem:
                    ran_seconds, how = 0.0, str(problem)
                else:
                    return
        self._on_failure(
            WorkersFailed(
                f"Worker {self.number} has ended {self._restarts.failures} times in a row, the last time"
                f" {how}. The log says why."
            )
        )

    async def _watch(self, process: WorkerProcess) -> None:
        unanswered = 0
        while not await process.ends_within(COLLECT_SECONDS):
            if await process.collect(COLLECT_SECONDS):
                unanswered = 0
                continue
            unanswered += 1
            if unanswered == MAX_UNANSWERED:
                _log.error("worker %d does not answer: process %d is killed", self.number, process.pid)
                process.kill()
