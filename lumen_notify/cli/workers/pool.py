"""Pool: the parent of the workers (`serve --workers N`).

Promises: SIGTERM and SIGINT drain all workers within LUMEN_DRAIN_SECONDS and exit with status 0; a second
signal exits at once. SIGHUP replaces the workers, one after another; when the terminal was closed, it ends
them, as it ends other programs. The first worker starts alone: it migrates the database, and reports invalid
settings once.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
from collections.abc import Callable, Sequence
from contextlib import ExitStack

import typer

from lumen_notify.cli.config import require_shared
from lumen_notify.cli.listener import listen_for_workers
from lumen_notify.cli.workers.process import WorkerProcess, how_it_ended
from lumen_notify.cli.workers.slot import SPARE_SECONDS, NotReady, Slot, WorkersFailed
from lumen_notify.cli.workers.totals import Family, Totals
from lumen_notify.settings import Settings

ANSWER_SECONDS = 1.0
"""How long /metrics waits for a worker."""

END_SECONDS = 2.0
"""How long the workers have to end after a second signal."""

STDIN = 0

_log = logging.getLogger("lumen_notify.server")


def serve_with_workers(settings: Settings, *, app: str | None, on_started: Callable[[str], None]) -> None:
    """Serve with several workers until a signal; see `server.serve`. Raises Misconfigured, WorkersFailed."""
    if app is None:  # else the application may choose another database: each worker checks it
        require_shared(settings, settings.workers)
    with ExitStack() as sockets:
        listeners = [sockets.enter_context(one) for one in listen_for_workers(settings)]
        asyncio.run(Pool(listeners, drain_seconds=settings.drain_seconds).run(on_started))
    _log.info("ended")


class Pool:
    """The workers, one for each socket."""

    def __init__(self, listeners: Sequence[socket.socket], *, drain_seconds: float) -> None:
        self._drain_seconds = drain_seconds
        self._totals = Totals()
        self._failure: WorkersFailed | None = None
        self._has_to_end = asyncio.Event()
        self._has_to_end_at_once = asyncio.Event()
        self._replacing: asyncio.Task[None] | None = None
        self._is_replaced_again = False
        self._has_terminal = os.isatty(STDIN)
        self._slots = [
            Slot(
                number,
                listener,
                drain_seconds=drain_seconds,
                totals=self._totals,
                on_total=self._total,
                on_failure=self._fail,
            )
            for number, listener in enumerate(listeners, start=1)
        ]

    async def run(self, on_started: Callable[[str], None]) -> None:
        """Start all workers, and keep them running until a signal. on_started: called with the URL.

        Raises WorkersFailed, and typer.Exit with the status of the first worker if this cannot start.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._end)
        loop.add_signal_handler(signal.SIGHUP, self._hang_up)
        starting = asyncio.create_task(self._start(on_started))
        ending = asyncio.create_task(self._has_to_end.wait())
        try:
            await asyncio.wait([starting, ending], return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                await starting
            await ending
        finally:
            for task in (starting, ending, self._replacing):
                if task is not None:
                    task.cancel()
            await self._drain()
        if self._failure is not None:
            raise self._failure

    async def _start(self, on_started: Callable[[str], None]) -> None:
        first, *others = self._slots
        try:
            url = (await first.start()).url
        except NotReady as problem:
            if problem.status in (1, 2):  # it has said why
                raise typer.Exit(problem.status) from None
            raise WorkersFailed(f"The first worker has ended {problem} before it served.") from None
        try:
            await asyncio.gather(*(slot.start() for slot in others))
        except NotReady as problem:
            raise WorkersFailed(f"A worker has ended {problem} before it served. The log says why.") from None
        _log.info("serving at %s with %d workers", url, len(self._slots))
        on_started(url)

    def _end(self) -> None:
        if self._has_to_end.is_set():
            self._has_to_end_at_once.set()
        self._has_to_end.set()

    def _fail(self, failure: WorkersFailed) -> None:
        self._failure = failure
        self._has_to_end.set()

    def _hang_up(self) -> None:
        """Handle SIGHUP: replace all workers, once more if they are being replaced already."""
        if self._has_terminal and not os.isatty(STDIN):  # it was closed
            self._end()
            return
        if self._replacing is not None and not self._replacing.done():
            self._is_replaced_again = True
            return
        self._replacing = asyncio.create_task(self._replace_each(), name="replacement")

    async def _replace_each(self) -> None:
        _log.info("replacing %d workers", len(self._slots))
        for slot in self._slots:
            if slot.current is not None and not await slot.replace():
                break
        else:
            _log.info("replaced %d workers", len(self._slots))
        if self._is_replaced_again:
            self._is_replaced_again = False
            await self._replace_each()

    async def _total(self, lumen: int) -> Sequence[Family]:
        """Return the metrics of all workers, of one Lumen in each."""
        processes = [process for process in self._processes() if process.is_ready]
        answers = await asyncio.gather(*(process.collect(ANSWER_SECONDS) for process in processes))
        answering = {process.number for process, answers_ in zip(processes, answers, strict=True) if answers_}
        return self._totals.sum(lumen, answering)

    def _processes(self) -> list[WorkerProcess]:
        return [process for slot in self._slots for process in slot.processes]

    async def _drain(self) -> None:
        """End all workers: gently, then at once after a second signal or the drain time, then by SIGKILL."""
        for slot in self._slots:
            slot.release()
            slot.listener.close()  # or connections would wait at it for nobody
        processes = self._processes()
        for process in processes:
            process.drain()
        if not await self._have_ended(processes, self._drain_seconds + SPARE_SECONDS):
            for process in processes:
                process.end()
            if not await self._have_ended(processes, END_SECONDS):
                for process in processes:
                    process.kill()
        for process in processes:
            status = await process.wait()
            if status != 0:
                _log.error("process %d has ended %s", process.pid, how_it_ended(status))

    async def _have_ended(self, processes: Sequence[WorkerProcess], seconds: float) -> bool:
        """Wait until all have ended; return False after so many seconds, or at a second signal."""
        tasks = [asyncio.create_task(self._wait(processes)), asyncio.create_task(self._second_signal())]
        await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        return all(process.has_ended for process in processes)

    async def _second_signal(self) -> None:
        await self._has_to_end_at_once.wait()

    async def _wait(self, processes: Sequence[WorkerProcess]) -> None:
        for process in processes:
            await process.wait()
