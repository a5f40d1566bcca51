"""Jobs: the scheduler and retention of one instance, and the lock that says whether they run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from lumen_notify.commit.committer import Committer
from lumen_notify.commit.database import Database
from lumen_notify.commit.jobs.job_lock import STUCK_SECONDS, JobLock
from lumen_notify.commit.jobs.retention import Retention
from lumen_notify.commit.jobs.scheduler import Scheduler
from lumen_notify.outages import Outage
from lumen_notify.settings import Settings


class Jobs:
    """The jobs. outage: returns the outage of a name."""

    def __init__(
        self,
        database: Database,
        committer: Committer,
        clock: Callable[[], int],
        settings: Settings,
        *,
        outage: Callable[[str], Outage],
    ) -> None:
        self._committer = committer
        self.lock = JobLock(database.new_session(), cannot_write=self._cannot_write)
        submit = committer.submit
        self.scheduler = Scheduler(database, submit, clock, may_run=self._may_run, outage=outage("scheduler"))
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
        }

    def _cannot_write(self) -> bool:
        return self._committer.is_closing or self._committer.longest_wait_seconds >= STUCK_SECONDS

    def _may_run(self) -> bool:
        return self.lock.is_held
