"""Figures: reads the objects of a running server, as one value."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import get_args

from prometheus_client import Histogram

from lumen_notify.commit.presence.connections import DeviceName
from lumen_notify.metrics import Figures, OutageFigure
from lumen_notify.model import CloseReason
from lumen_notify.model.events import PAYLOADS
from lumen_notify.service_metrics.watched import Watched

NO_DEVICE = "unknown"
"""The device of streams that name none."""

DEVICES: tuple[str | None, ...] = (*get_args(DeviceName), None)

KINDS = sorted({payload.kind for payload in PAYLOADS})
REASONS = [reason.word for reason in CloseReason]


class FigureReader:
    """Reads the figures of this instance: /metrics shows some of them one by one, `read` returns all. clock:
    monotonic seconds."""

    def __init__(self, services: Watched, clock: Callable[[], float] = time.monotonic) -> None:
        self._services = services
        self._clock = clock

    def read(self) -> Figures:
        """Read all of them. The time it takes grows with the number of streams, as that of a scrape: read
        once a second at most, for all who watch."""
        services = self._services
        return Figures(
            at_seconds=self._clock(),
            streams=len(services.streams),
            streams_by_device=self.streams_by_device(),
            users=len(services.hub.channels),
            users_by_device=self.users_by_device(),
            users_online=services.tracking.tracker.users_online,
            events_total=self.events(),
            deliveries_total=services.hub.deliveries,
            commits_total=_cumulative(services.metrics.commit_seconds),
            waiting_commands=services.committer.waiting_commands,
            backlog_bytes=services.streams.backlog_bytes,
            scheduled=services.jobs.queues.scheduled,
            digest_items=services.jobs.queues.digest_items,
            dead_letters=services.jobs.queues.dead_letters,
            pushes_due=services.push.backlog.due,
            pushes_total=dict(services.push.dispatcher.results),
            ended_total=self.ended(),
            outages=self.outages(),
        )

    def streams_by_device(self) -> Mapping[str, int]:
        """Return the number of open streams by kind of device."""
        return _by_device(self._services.streams.by_device)

    def users_by_device(self) -> Mapping[str, int]:
        """Return how many users have a live stream of each kind of device here."""
        return _by_device(self._services.hub.users_by_device)

    def events(self) -> Mapping[str, int]:
        """Return how many events this instance has committed, by kind; of all kinds, from the start on."""
        return {kind: self._services.committer.committed_events[kind] for kind in KINDS}

    def ended(self) -> Mapping[str, int]:
        """Return how many streams have ended, by close reason; of all reasons, from the start on."""
        return {reason: self._services.streams.ended[reason] for reason in REASONS}

    def outages(self) -> list[OutageFigure]:
        """Return what fails at the moment."""
        return [
            OutageFigure(what=name, seconds=one.seconds)
            for name, one in self._services.supervisor.outages.items()
            if one.error is not None
        ]


def _by_device(numbers: Counter[str | None]) -> Mapping[str, int]:
    return {device or NO_DEVICE: numbers[device] for device in DEVICES}


def _cumulative(histogram: Histogram) -> list[float]:
    """Return how many observations were at most each bound, and of all."""
    (family,) = histogram.collect()
    return [sample.value for sample in family.samples if sample.name.endswith("_bucket")]
