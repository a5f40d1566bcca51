"""Push: the metrics of pushes to devices."""

from __future__ import annotations

from lumen_notify.metrics import Metrics
from lumen_notify.push.service import PushService


def register_push_metrics(metrics: Metrics, push: PushService) -> None:
    """Add the metrics of pushes."""
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
