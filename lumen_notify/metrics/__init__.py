"""Metrics of one instance: for Prometheus (`metrics`), and as one value for those who watch (`figures`)."""

from lumen_notify.metrics.buckets import BATCH_BUCKETS, DELIVERY_BUCKETS, DURATION_BUCKETS
from lumen_notify.metrics.figures import Figures, OutageFigure, percentile_ms, rates
from lumen_notify.metrics.metrics import CONTENT_TYPE, Description, Metrics

__all__ = [
    "BATCH_BUCKETS",
    "CONTENT_TYPE",
    "DELIVERY_BUCKETS",
    "DURATION_BUCKETS",
    "Description",
    "Figures",
    "Metrics",
    "OutageFigure",
    "percentile_ms",
    "rates",
]
