"""Push service: all that pushes in one process, started and stopped together.

    providers    hand pushes over, chosen by the settings
    dispatcher   bounds them
    worker       decides who gets a push, on the one instance that does the jobs
    backlog      what waits, for the metrics

With no provider, nothing runs.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from lumen_notify.commit.database import Database
from lumen_notify.metrics import Metrics
from lumen_notify.push.backlog import Backlog
from lumen_notify.push.dispatch.dispatcher import Dispatcher
from lumen_notify.push.pages.page import OpenStreams
from lumen_notify.push.provider import Provider
from lumen_notify.push.providers.registry import close_providers
from lumen_notify.push.worker import Worker
from lumen_notify.settings import Settings
from lumen_notify.supervisor import Supervisor

TASK = "push"


class PushService:
    """Pushes. submit: the committer's. streams: the open streams of users. may_run: whether
    this instance does the jobs. clock: milliseconds."""

    def __init__(
        self,
        providers: Mapping[str, Provider],
        database: Database,
        submit: Callable[[Any], Awaitable[Any]],
        clock: Callable[[], int],
        settings: Settings,
        *,
        streams: OpenStreams,
        may_run: Callable[[], bool],
        supervisor: Supervisor,
        metrics: Metrics,
    ) -> None:
        self._providers = providers
        self._supervisor = supervisor
        self._stops_by: float | None = None
        self._drain_seconds = settings.drain_seconds
        self.dispatcher = Dispatcher(
            providers,
            clock,
            outage=supervisor.outage,
            observe_delay=metrics.push_delay_seconds.observe,
            rate=settings.push_provider_rate,
        )
        self.backlog = Backlog(database, clock, may_run=may_run)
        self.worker = Worker(
            database,
            submit,
            self.dispatcher,
            clock,
            settings,
            streams=streams,
            may_run=may_run,
            outage=supervisor.outage("pushes"),
        )

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the providers, in the order of the settings; empty if push is off."""
        return tuple(self._providers)

    def config(self) -> Mapping[str, Mapping[str, Any]]:
        """Return what each provider says to those who register a device."""
        return {name: provider.config() for name, provider in self._providers.items()}

    def start(self) -> None:
        """Start to push."""
        if self._providers:
            self._supervisor.start(TASK, self.worker.run)
            self._supervisor.start("push backlog", self.backlog.run)

    def start_drain(self) -> None:
        """Take no more pushes. The page under way has the drain time to end."""
        if self._stops_by is None:
            self._stops_by = time.monotonic() + self._drain_seconds
            self.worker.close()

    async def stop(self) -> None:
        """Wait for the page under way as long as it may take, then stop and close the providers."""
        self.start_drain()
        assert self._stops_by is not None
        await self._supervisor.wait(TASK, seconds=max(0.0, self._stops_by - time.monotonic()))
        await self._supervisor.stop(TASK)
        await self._supervisor.stop("push backlog")
        await close_providers(list(self._providers.values()))
