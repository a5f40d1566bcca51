"""Monitoring: what watches a running server: its metrics, its figures, and the samples that it takes.

figures        all numbers at one moment, for /metrics and for those who watch live
count_drift    samples users: are their counts those of the database?
loop_lag       measures how late the event loop is
admin_streams  show administrators the figures of all instances
"""

from __future__ import annotations

import time
from collections.abc import Callable

from lumen_notify.commit.counts import UnreadCounts
from lumen_notify.deliver.admin.streams import AdminStreams
from lumen_notify.deliver.streams.count_drift import CountDrift
from lumen_notify.service_metrics.figures import FigureReader
from lumen_notify.service_metrics.loop_lag import LoopLag
from lumen_notify.service_metrics.service_metrics import register_metrics
from lumen_notify.service_metrics.watched import Watched
from lumen_notify.settings import Settings
from lumen_notify.settings.backplane_url import kind_of


class Monitoring:
    """Watches the objects of a server. wall_clock: milliseconds."""

    def __init__(self, settings: Settings, services: Watched, *, wall_clock: Callable[[], int]) -> None:
        self._supervisor = services.supervisor
        self.count_drift = CountDrift(
            services.hub,
            UnreadCounts(services.database).fetch,
            interval_seconds=settings.count_sample_seconds,
            outage=services.supervisor.outage("count samples"),
        )
        self.loop_lag = LoopLag(services.metrics.loop_lag_seconds.observe, time.monotonic)
        self.figures = FigureReader(services)
        self.admin_streams = AdminStreams(
            instance=services.instance,
            read=self.figures.read,
            send=services.backplane.send,
            messages=services.messages,
            revocations=services.revocations,
            wall_clock=wall_clock,
        )
        register_metrics(services, self.figures, self.count_drift, backplane_kind=kind_of(settings.backplane))

    def start(self) -> None:
        """Start the tasks."""
        self._supervisor.start("count samples", self.count_drift.run)
        self._supervisor.start("loop lag", self.loop_lag.run)
        self._supervisor.start("admin streams", self.admin_streams.run)

    async def close(self) -> None:
        """Stop the tasks."""
        await self._supervisor.stop("count samples")
        await self._supervisor.stop("loop lag")
        await self._supervisor.stop("admin streams")
