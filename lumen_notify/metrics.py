"""Metrics: the metrics of one instance, in the Prometheus text format.

Numbers that an object already keeps are read when /metrics is scraped. Hot paths only make two observations
per transaction and one per fan-out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

DURATION_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Bucket bounds of the duration histograms."""

BATCH_BUCKETS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
"""Bucket bounds of the histogram of batch sizes."""


class Metrics(Collector):
    """The registry of metrics. `gauge`, `gauges`, `counter` and `counters` add one; `read` is called at each
    scrape."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(self)
        self._callbacks: list[Callable[[], Metric]] = []
        self.commit_seconds = Histogram(
            "lumen_commit_seconds",
            "Duration of a write transaction.",
            buckets=DURATION_BUCKETS,
            registry=self._registry,
        )
        self.batch_commands = Histogram(
            "lumen_batch_commands",
            "Commands per write transaction.",
            buckets=BATCH_BUCKETS,
            registry=self._registry,
        )
        self.fan_out_seconds = Histogram(
            "lumen_fan_out_seconds",
            "Duration of a fan-out, from its start to its last write.",
            buckets=DURATION_BUCKETS,
            registry=self._registry,
        )

    def gauge(self, name: str, doc: str, read: Callable[[], float]) -> None:
        """Add a gauge: a number that goes up and down."""
        self._callbacks.append(lambda: GaugeMetricFamily(name, doc, value=read()))

    def counter(self, name: str, doc: str, read: Callable[[], float]) -> None:
        """Add a counter: a number that only goes up. name: without `_total`, which the format adds."""
        self._callbacks.append(lambda: CounterMetricFamily(name, doc, value=read()))

    def counters(self, name: str, doc: str, label: str, read: Callable[[], Mapping[str, float]]) -> None:
        """Add a counter with a label. read: the number for each value of the label."""

        def collect() -> Metric:
            family = CounterMetricFamily(name, doc, labels=[label])
            for value, number in read().items():
                family.add_metric([value], number)
            return family

        self._callbacks.append(collect)

    def gauges(self, name: str, doc: str, label: str, read: Callable[[], Mapping[str, float]]) -> None:
        """Add a gauge with a label. read: the number for each value of the label."""

        def collect() -> Metric:
            family = GaugeMetricFamily(name, doc, labels=[label])
            for value, number in read().items():
                family.add_metric([value], number)
            return family

        self._callbacks.append(collect)

    def collect(self) -> Iterable[Metric]:
        """Read all metrics: prometheus_client calls this."""
        return [read() for read in self._callbacks]

    def text(self) -> bytes:
        """Render all metrics."""
        return generate_latest(self._registry)
