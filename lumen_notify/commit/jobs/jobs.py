"""Jobs: the scheduler, retention and the count of what waits, of one instance, and the lock that says whether
they run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from lumen_notify.commit.database import Database
from lumen_notify.commit.jobs.job_lock import JobLock
from lumen_notify.commit.jobs.queue_lengths import QueueLengths
from lumen_notify.commit.jobs.retention import Retention
from lumen_notify.commit.jobs.scheduler import Scheduler
from lumen_notify.outages import Outage
from lumen_notify.settings import Settings


class Jobs:
    """The jobs. submit: the committer's. is_stuck: whether this instance cannot write at the moment. outage:
    returns the outage of a name."""

    def __init__(
        self,
        database: Database,
        submit: Callable[[Any], Awaitable[Any]],
        clock: Callable[[], int],
        settings: Settings,
        *,
        is_stuck: Callable[[], bool],
        outage: Callable[[str], Outage],
    ) -> None:
        self.lock = JobLock(database.new_session(), is_stuck=is_stuck)
        self.scheduler = Scheduler(database, submit, clock, may_run=self._may_run, outage=outage("scheduler"))
        self.queues = QueueLengths(database, clock, may_run=self._may_run, outage=outage("queue lengths"))
        self.retention = Retention(
            database,
            submit,
            clock,
            events_seconds=settings.retention_events_seconds,
            events=settings.retention_events,
            notifications_seconds=settings.retention_notifications_seconds,
            notifications=settings.retention_notifications,
            archived_seconds=settings.retention_archived_seconds,
            idempotency_seconds=settings.retention_idempotency_seconds,
            push_seconds=settings.retention_push_seconds,
            audit_seconds=settings.retention_audit_seconds,
            may_run=self._may_run,
            outage=outage("retention"),
        )

    @property
    def tasks(self) -> Mapping[str, Callable[[], Awaitable[None]]]:
        """The long tasks, by name, in the order in which they start. They stop in the opposite one: another
        instance takes the lock when nothing runs here any more."""
        return {
            "job lock": self.lock.run,
            "retention": self.retention.run,
            "scheduler": self.scheduler.run,
            "queue lengths": self.queues.run,
        }

    def _may_run(self) -> bool:
        return self.lock.is_held
