"""Service metrics: adds the metrics of all services.

Not here: those of the database (`database`), of the backplane (`backplane`), of pushes (`push`) and of the
process (`process`); the histograms, which are observed where the time passes (`metrics/metrics`).
"""

from __future__ import annotations

import platform
from collections.abc import Mapping

from lumen_notify.commit.committer import Committer
from lumen_notify.commit.jobs.jobs import Jobs
from lumen_notify.deliver.hub import Hub
from lumen_notify.deliver.presence.tracking import Tracking
from lumen_notify.deliver.streams.count_drift import CountDrift
from lumen_notify.deliver.streams.registry import StreamRegistry
from lumen_notify.deliver.tail import Tail
from lumen_notify.metrics import Metrics
from lumen_notify.model import ResetReason
from lumen_notify.service_metrics.backplane import register_backplane_metrics
from lumen_notify.service_metrics.database import register_database_metrics
from lumen_notify.service_metrics.figures import FigureReader
from lumen_notify.service_metrics.process import register_process_metrics
from lumen_notify.service_metrics.push import register_push_metrics
from lumen_notify.service_metrics.watched import Watched
from lumen_notify.supervisor import Supervisor
from lumen_notify.version import __version__


def register_metrics(
    services: Watched, figures: FigureReader, count_drift: CountDrift, *, backplane_kind: str
) -> None:
    """Add the metrics of all services. backplane_kind: its word in `lumen_build_info`."""
    metrics = services.metrics
    metrics.information(
        "lumen_build_info",
        "1; what runs is in the labels.",
        {
            "version": __version__,
            "python": platform.python_version(),
            "database": services.database.dialect,
            "backplane": backplane_kind,
        },
    )
    _register_streams(metrics, figures, services.streams)
    _register_users(metrics, figures, services.hub, services.tracking)
    _register_drift(metrics, count_drift)
    _register_writes(metrics, figures, services.committer, services.jobs, services.dropped_scheduled)
    _register_delivery(metrics, services.hub, services.tail)
    register_backplane_metrics(metrics, services.backplane, services.tail, services.messages)
    register_database_metrics(metrics, services.database, services.jobs.queues)
    register_push_metrics(metrics, services.push)
    _register_failures(metrics, services.supervisor)
    register_process_metrics(metrics)


def _register_streams(metrics: Metrics, figures: FigureReader, streams: StreamRegistry) -> None:
    metrics.gauge("lumen_streams", "Open streams.", lambda: len(streams))
    metrics.gauges(
        "lumen_streams_by_device",
        "Open streams by the kind of device that the client named: mobile, desktop, tablet, or unknown.",
        "device",
        figures.streams_by_device,
    )
    metrics.counter(
        "lumen_streams_opened", "Streams that were opened and not refused.", lambda: streams.accepted
    )
    metrics.counters(
        "lumen_streams_ended",
        "Streams that have ended or were refused, by close reason.",
        "reason",
        figures.ended,
    )
    metrics.gauge("lumen_backlog_bytes", "Bytes that wait for slow streams.", lambda: streams.backlog_bytes)


def _register_users(metrics: Metrics, figures: FigureReader, hub: Hub, tracking: Tracking) -> None:
    metrics.gauge("lumen_channels", "Users with an open stream on this instance.", lambda: len(hub.channels))
    metrics.gauges(
        "lumen_users_by_device",
        "Users with a live stream of a kind of device on this instance; one with several kinds counts for"
        " each.",
        "device",
        figures.users_by_device,
    )
    metrics.gauge(
        "lumen_users_online",
        "Users who are online on any instance, as this one has counted them within LUMEN_LEASE_SECONDS.",
        lambda: tracking.tracker.users_online,
        is_maximum=True,
    )
    metrics.gauge(
        "lumen_presence_queued",
        "Streams that have opened or ended here, which the other instances do not know yet.",
        lambda: tracking.tracker.queued,
    )
    metrics.counter(
        "lumen_presence_announced",
        "Changes of presence, of any instance, that were announced to users connected here.",
        lambda: tracking.announcer.announced,
    )


def _register_drift(metrics: Metrics, count_drift: CountDrift) -> None:
    metrics.gauge(
        "lumen_count_drift",
        "By how much the unread counts of a sampled user have differed from the database: the largest"
        " difference of the last hour. Always 0, or it is a defect.",
        lambda: count_drift.drift,
        is_maximum=True,
    )
    metrics.counters(
        "lumen_count_samples",
        "Users whose counts were compared with the database, by result: equal, different, or skipped, if"
        " that was not possible.",
        "result",
        lambda: count_drift.samples,
    )


def _register_writes(
    metrics: Metrics,
    figures: FigureReader,
    committer: Committer,
    jobs: Jobs,
    dropped_scheduled: Mapping[str, int],
) -> None:
    metrics.counters(
        "lumen_events_committed", "Events committed by this instance, by kind.", "kind", figures.events
    )
    metrics.gauge(
        "lumen_waiting_commands",
        "Commands that wait for a transaction.",
        lambda: committer.waiting_commands,
    )
    metrics.gauge(
        "lumen_waiting_command_bytes",
        "About how much memory the commands take that wait for a transaction.",
        lambda: committer.waiting_bytes,
    )
    metrics.gauge(
        "lumen_longest_wait_seconds",
        "How long the oldest command has waited for its commit; 0 if none waits.",
        lambda: committer.longest_wait_seconds,
        is_maximum=True,
    )
    metrics.gauge(
        "lumen_runs_jobs",
        "1 on the instance that does the jobs, such as scheduled notifications and retention; else 0.",
        lambda: jobs.lock.is_held,
    )
    metrics.counters(
        "lumen_scheduled_dropped",
        "Scheduled notifications that were not published when they were due, by reason.",
        "reason",
        lambda: dropped_scheduled,
    )


def _register_delivery(metrics: Metrics, hub: Hub, tail: Tail) -> None:
    metrics.counter(
        "lumen_deliveries",
        "Frames of events sent to users live; one per user, however many streams they have open.",
        lambda: hub.deliveries,
    )
    metrics.gauge(
        "lumen_position", "Position of the newest delivered event.", lambda: hub.position, is_maximum=True
    )
    metrics.gauge(
        "lumen_lag_seconds",
        "How long ago delivery was at the end of the log; about a second at most while all is well.",
        lambda: tail.lag_seconds,
        is_maximum=True,
    )
    metrics.counter(
        "lumen_log_reads",
        "How often the log was read: once a second, and where no announcement was enough.",
        lambda: tail.reads,
    )
    metrics.counters(
        "lumen_log_resets",
        "How often the log did not continue from what was delivered, by reason.",
        "reason",
        lambda: {reason.value: hub.resets[reason] for reason in ResetReason},
    )
    metrics.counters(
        "lumen_events_skipped",
        "Events that this version does not know, by kind.",
        "kind",
        lambda: hub.skipped_events,
    )
    metrics.counter(
        "lumen_delivery_failures",
        "Times that a defect ended a user's streams, because a frame could not be made.",
        lambda: hub.failures,
    )


def _register_failures(metrics: Metrics, supervisor: Supervisor) -> None:
    metrics.gauges(
        "lumen_outage",
        "1 while something fails, such as writes to the database; else 0.",
        "what",
        lambda: {name: one.error is not None for name, one in supervisor.outages.items()},
        is_maximum=True,
    )
    metrics.counters(
        "lumen_task_failures",
        "Times that a long task has ended by an exception, and was started again.",
        "task",
        lambda: supervisor.failures,
    )
