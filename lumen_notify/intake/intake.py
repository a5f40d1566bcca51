"""Intake: what takes in from the queue of LUMEN_INTAKE_URL, in `serve` and in `lumen-notify intake`.

Kafka's group divides the partitions among the processes. Of the other brokers one process takes in at a time,
which keeps their order; another one goes on when it ends (`commit/jobs/job_lock`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from lumen_notify.commit.committer import Committer
from lumen_notify.commit.database import Database
from lumen_notify.commit.jobs.job_lock import INTAKE, STUCK_SECONDS, JobLock
from lumen_notify.http.context import Limits
from lumen_notify.intake.brokers.opening import open_source
from lumen_notify.intake.service import IntakeService
from lumen_notify.intake.taker import Taker
from lumen_notify.metrics import Metrics
from lumen_notify.settings import Settings, variable
from lumen_notify.settings.intake_url import parse_intake_url
from lumen_notify.supervisor import Supervisor

TASK, LOCK = "intake", "intake lock"

MIN_DRAIN_SECONDS = 1.0


class Intake:
    """Takes in as the settings say. Without an `intake_url` it does nothing.

    clock: wall-clock milliseconds. service: None if it does nothing. Raises Misconfigured if the broker's
    extra is not installed.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        committer: Committer,
        clock: Callable[[], int],
        *,
        supervisor: Supervisor,
        metrics: Metrics,
    ) -> None:
        self._supervisor = supervisor
        self._drain_seconds = max(MIN_DRAIN_SECONDS, settings.drain_seconds)
        self.service: IntakeService | None = None
        if (source := open_source(settings)) is None or settings.intake_url is None:
            return
        is_shared = parse_intake_url(settings.intake_url).kind == "kafka"
        self._lock = lock = JobLock(
            None if is_shared else database.new_session(),
            is_stuck=lambda: committer.longest_wait_seconds >= STUCK_SECONDS,
            work=INTAKE,
        )
        stopping = asyncio.Event()
        self.service = IntakeService(
            source,
            Taker(committer.submit, Limits.from_settings(settings), clock, stopping),
            committer.submit,
            clock,
            stopping=stopping,
            outage=supervisor.outage("intake", place=f"{variable('intake_url')} ({source.place})"),
            may_run=lambda: lock.is_held,
            remembered_seconds=settings.retention_idempotency_seconds,
        )
        self.service.register(metrics)

    def start(self) -> None:
        """Start its tasks."""
        if self.service is not None:
            self._supervisor.start(LOCK, self._lock.run)
            self._supervisor.start(TASK, self.service.run)

    def start_drain(self) -> None:
        """Finish the batch under way, and take no other."""
        if self.service is not None:
            self.service.stop()

    async def stop(self) -> None:
        """Wait for the batch under way, within the drain time; then disconnect."""
        self.start_drain()
        if self.service is not None and self.service.is_open:  # else it waits for the broker
            await self._supervisor.wait(TASK, seconds=self._drain_seconds)
        await self._supervisor.stop(TASK)
        await self._supervisor.stop(LOCK)
