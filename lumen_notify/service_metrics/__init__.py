"""Service metrics: what the objects of a running server report, and what watches them."""

from lumen_notify.service_metrics.monitoring import Monitoring

__all__ = ["Monitoring"]
