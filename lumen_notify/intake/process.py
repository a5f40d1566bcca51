"""Process: intake without a server, as `lumen-notify intake` runs it: a database, a committer, and the queue.

What it commits is announced to the instances that serve; they do the jobs and the pushes.

Promise: SIGTERM and SIGINT finish the batch under way, and end with status 0; a second signal ends at once.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import signal
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import uvloop

from lumen_notify.commit.database import Database
from lumen_notify.commit.database.migrations import migrate
from lumen_notify.commit.database.startup_errors import explained
from lumen_notify.commit.log import Log
from lumen_notify.commit.opening import open_committer
from lumen_notify.deliver.backplane.opening import backplane_place, open_backplane, open_redis
from lumen_notify.deliver.backplane.remote import Receivers
from lumen_notify.errors import LumenError, Misconfigured
from lumen_notify.intake.intake import Intake
from lumen_notify.metrics import Metrics
from lumen_notify.model import now_ms
from lumen_notify.settings import Settings, variable
from lumen_notify.supervisor import Supervisor

_log = logging.getLogger("lumen_notify.intake")


class CannotStart(LumenError):
    """The process did not start. The message says why."""

    code = "cannot_start"


class CannotContinue(LumenError):
    """The process has ended by itself. The message says why."""

    code = "cannot_continue"


class IntakeProcess:
    """The objects of a process that takes in. gave_up: set once only a new process can help."""

    def __init__(
        self, settings: Settings, clock: Callable[[], int], *, database: Database, log: Log, epoch: str
    ) -> None:
        self.metrics = Metrics()
        self.supervisor = Supervisor()
        self.gave_up = self.supervisor.gave_up
        self._redis = open_redis(settings.backplane)
        self._backplane = open_backplane(
            settings.backplane,
            redis=self._redis,
            database=database,
            instance=f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}",
            epoch=lambda: epoch,
            receivers=Receivers(lambda *_: None, lambda _: None, lambda *_: None, lambda: None),
            outage=self.supervisor.outage("backplane", place=backplane_place(settings)),
        )
        self._committer = open_committer(
            log,
            settings,
            announce=self._backplane.announce,
            backpressure=_no_delivery,
            metrics=self.metrics,
            outage=self.supervisor.outage("writes"),
        )
        self.intake = Intake(
            settings, database, self._committer, clock, supervisor=self.supervisor, metrics=self.metrics
        )

        self._register_metrics()

    def _register_metrics(self) -> None:
        """Add what a server's metrics have of these objects, too."""
        outages, failures = self.supervisor.outages, self.supervisor.failures
        self.metrics.gauges(
            "lumen_outage",
            "1 while something fails, such as writes to the database; else 0.",
            "what",
            lambda: {name: outage.error is not None for name, outage in dict(outages).items()},
        )
        self.metrics.counters(
            "lumen_task_failures",
            "Times that a long task has ended by an exception, and was started again.",
            "task",
            lambda: dict(failures),
        )

    @classmethod
    @asynccontextmanager
    async def running(cls, settings: Settings, clock: Callable[[], int]) -> AsyncIterator[IntakeProcess]:
        """Take in during the block; at its end, finish the batch under way.

        Raises DatabaseUnavailable, DatabaseUnusable, Misconfigured.
        """
        if settings.intake_url is None:
            raise Misconfigured([(variable("intake_url"), "is not set, so there is no queue to take in")])
        database = Database(settings.database_url)
        try:
            with explained(settings.database_url):
                await database.open()
                await migrate(database)
                log = Log(database, clock)
                head = await log.open()
            process = cls(settings, clock, database=database, log=log, epoch=head.epoch)
            process._start()
            try:
                yield process
            finally:
                await process._stop()
        finally:
            await database.close()

    def _start(self) -> None:
        self.supervisor.start("backplane", self._backplane.run)
        self.supervisor.start("committer", self._committer.run)
        self.intake.start()

    async def _stop(self) -> None:
        await self.intake.stop()
        self._committer.close()
        await self.supervisor.stop("committer")
        await self.supervisor.stop("backplane")
        if self._redis is not None:
            await self._redis.close()


async def _no_delivery() -> None:
    """Wait for nothing: this process has no streams that could be behind."""
    await asyncio.sleep(0)


def run(settings: Settings, metrics_port: int | None) -> None:
    """Take in until a signal. metrics_port: where LUMEN_HOST answers with the metrics; None for nowhere.

    Raises Misconfigured, Unavailable, DatabaseUnusable, CannotStart, CannotContinue.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_run(settings, metrics_port))
    _log.info("ended")


async def _run(settings: Settings, metrics_port: int | None) -> None:
    ending = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, _end, ending)
    async with IntakeProcess.running(settings, now_ms) as process:
        stop_metrics = _serve_metrics(process.metrics, settings.host, metrics_port)
        _log.info("started")
        waiting = [asyncio.ensure_future(event.wait()) for event in (ending, process.gave_up)]
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for one in waiting:
            one.cancel()
        stop_metrics()
    if process.gave_up.is_set():
        raise CannotContinue("A task of intake fails again and again. The log says why.")


def _serve_metrics(metrics: Metrics, host: str, port: int | None) -> Callable[[], None]:
    """Answer scrapes, if a port is given; return what ends it. Raises CannotStart."""
    if port is None:
        return lambda: None
    try:
        return metrics.serve(host, port)
    except OSError as error:
        raise CannotStart(f"Cannot serve metrics at {host} port {port}: {error.strerror}.") from None


def _end(ending: asyncio.Event) -> None:
    if ending.is_set():
        os._exit(1)
    ending.set()
