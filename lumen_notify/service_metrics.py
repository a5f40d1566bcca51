"""Service metrics: what the services of a running server report, read at each scrape."""

from __future__ import annotations

from collections.abc import Mapping

from lumen_notify.commit.committer import Committer
from lumen_notify.commit.jobs.job_lock import JobLock
from lumen_notify.deliver.backplane.backplane import Backplane
from lumen_notify.deliver.backplane.messages import Messages
from lumen_notify.deliver.backplane.remote import RemoteBackplane
from lumen_notify.deliver.hub import Hub
from lumen_notify.deliver.presence.tracking import Tracking
from lumen_notify.deliver.streams.registry import StreamRegistry
from lumen_notify.deliver.tail import Tail
from lumen_notify.metrics import Metrics
from lumen_notify.push.service import PushService
from lumen_notify.supervisor import Supervisor


def register_metrics(
    metrics: Metrics,
    *,
    hub: Hub,
    tail: Tail,
    streams: StreamRegistry,
    committer: Committer,
    supervisor: Supervisor,
    job_lock: JobLock,
    tracking: Tracking,
    push: PushService,
    backplane: Backplane,
    messages: Messages,
    dropped_scheduled: Mapping[str, int],
) -> None:
    """Add the metrics of these objects. dropped_scheduled: how many scheduled notifications were dropped,
    by reason."""
    metrics.gauge("lumen_streams", "Open streams.", lambda: len(streams))
    metrics.gauge("lumen_channels", "Users with an open stream on this instance.", lambda: len(hub.channels))
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
    metrics.gauge("lumen_backlog_bytes", "Bytes that wait for slow streams.", lambda: streams.backlog_bytes)
    metrics.gauge(
        "lumen_position", "Position of the newest delivered event.", lambda: hub.position, is_maximum=True
    )
    metrics.gauge(
        "lumen_waiting_commands",
        "Commands that wait for a transaction.",
        lambda: committer.waiting_commands,
    )
    metrics.gauge(
        "lumen_longest_wait_seconds",
        "How long the oldest command has waited for its commit; 0 if none waits.",
        lambda: committer.longest_wait_seconds,
        is_maximum=True,
    )
    metrics.gauge(
        "lumen_lag_seconds",
        "How long ago delivery was at the end of the log; about a second at most while all is well.",
        lambda: tail.lag_seconds,
        is_maximum=True,
    )
    metrics.gauge(
        "lumen_runs_jobs",
        "1 on the instance that does the jobs, such as scheduled notifications and retention; else 0.",
        lambda: job_lock.is_held,
    )
    metrics.counter(
        "lumen_log_reads",
        "How often the log was read: once a second, and where no announcement was enough.",
        lambda: tail.reads,
    )
    _register_backplane(metrics, backplane, messages)
    _register_push(metrics, push)
    metrics.counter(
        "lumen_events_committed", "Events committed by this instance.", lambda: committer.committed_events
    )
    metrics.counter(
        "lumen_deliveries",
        "Frames of events sent to users live; one per user, however many streams they have open.",
        lambda: hub.deliveries,
    )
    metrics.counters(
        "lumen_scheduled_dropped",
        "Scheduled notifications that were not published when they were due, by reason.",
        "reason",
        lambda: dropped_scheduled,
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
    metrics.counters(
        "lumen_log_resets",
        "How often the log did not continue from what was delivered, by reason.",
        "reason",
        lambda: hub.resets,
    )
    metrics.counters(
        "lumen_task_failures",
        "Times that a long task has ended by an exception, and was started again.",
        "task",
        lambda: supervisor.failures,
    )
    metrics.gauges(
        "lumen_outage",
        "1 while something fails, such as writes to the database; else 0.",
        "what",
        lambda: {name: one.error is not None for name, one in supervisor.outages.items()},
        is_maximum=True,
    )
    metrics.counters(
        "lumen_streams_ended",
        "Streams that have ended, by close reason.",
        "reason",
        lambda: streams.ended,
    )


def _register_backplane(metrics: Metrics, backplane: Backplane, messages: Messages) -> None:
    remote = backplane if isinstance(backplane, RemoteBackplane) else None
    metrics.gauge(
        "lumen_backplane_probe_age_seconds",
        "How long ago a probe of the backplane came back; about two seconds at most while all is well.",
        lambda: (remote and remote.probe_age_seconds) or 0.0,
        is_maximum=True,
    )
    metrics.gauge(
        "lumen_backplane_round_trip_seconds",
        "How long the newest probe of the backplane took to come back.",
        lambda: remote.round_trip_seconds if remote else 0.0,
        is_maximum=True,
    )
    metrics.counter(
        "lumen_backplane_connects",
        "How often the backplane has connected.",
        lambda: remote.connects if remote else 0,
    )
    metrics.counter(
        "lumen_backplane_dropped_messages",
        "Messages to other instances that were not sent: too many, too old or too long.",
        lambda: remote.dropped if remote else 0,
    )
    metrics.counter(
        "lumen_backplane_garbage",
        "Payloads of the backplane that could not be read.",
        lambda: remote.garbage if remote else 0,
    )
    metrics.counters(
        "lumen_messages_received",
        "Messages of other instances that were handled, by name.",
        "name",
        lambda: messages.received,
    )
    metrics.counters(
        "lumen_messages_failed",
        "Messages of other instances whose handling has failed, by name.",
        "name",
        lambda: messages.failed,
    )


def _register_push(metrics: Metrics, push: PushService) -> None:
    metrics.labelled_counters(
        "lumen_push_results",
        "Pushes that were handed to a provider, by provider and outcome.",
        ("provider", "outcome"),
        lambda: push.dispatcher.results,
    )
    metrics.gauges(
        "lumen_push_provider_failing",
        "1 while a provider takes no pushes; else 0.",
        "provider",
        lambda: push.dispatcher.failing,
        is_maximum=True,
    )
    metrics.gauge(
        "lumen_push_due",
        "Publications whose pushes are not done, as last counted; at most 100,000 are counted.",
        lambda: push.backlog.due,
    )
    metrics.gauge(
        "lumen_push_oldest_seconds",
        "How long the pushes of the oldest of these have been due.",
        lambda: push.backlog.oldest_seconds,
        is_maximum=True,
    )
    metrics.gauge(
        "lumen_push_waiting",
        "Pushes that wait for one user, as in quiet hours; at most 100,000 are counted.",
        lambda: push.backlog.waiting,
    )
