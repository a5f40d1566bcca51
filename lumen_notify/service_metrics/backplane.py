"""Backplane: the metrics of what instances tell each other."""

from __future__ import annotations

from lumen_notify.deliver.backplane.backplane import Backplane
from lumen_notify.deliver.backplane.messages import Messages
from lumen_notify.deliver.backplane.remote import RemoteBackplane
from lumen_notify.deliver.tail import Tail
from lumen_notify.metrics import Metrics


def register_backplane_metrics(
    metrics: Metrics, backplane: Backplane, tail: Tail, messages: Messages
) -> None:
    """Add the metrics of the backplane. Without one, its numbers are 0."""
    remote = backplane if isinstance(backplane, RemoteBackplane) else None
    metrics.gauge(
        "lumen_backplane_probe_age_seconds",
        "How long ago a probe of the backplane came back; about two seconds at most while all is well.",
        lambda: (remote and remote.probe_age_seconds) or 0.0,
        is_maximum=True,
    )
    metrics.gauge(
        "lumen_backplane_links",
        "1 while this instance is connected to the backplane; else 0.",
        lambda: remote is not None and remote.link is not None,
    )
    metrics.counter(
        "lumen_backplane_connects",
        "How often the backplane has connected.",
        lambda: remote.connects if remote else 0,
    )
    metrics.gauge(
        "lumen_backplane_waiting_bytes",
        "Bytes that wait to be sent to the other instances.",
        lambda: remote.waiting_bytes if remote else 0,
    )
    metrics.counter(
        "lumen_hints_received",
        "Hints of other instances that arrived: events, or the position of the newest one.",
        lambda: tail.hints,
    )
    metrics.counter(
        "lumen_hints_missed",
        "Events of other instances that a read of the log has found before a hint told of them: hints that"
        " were lost or late.",
        lambda: tail.missed_hints if remote else 0,
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
