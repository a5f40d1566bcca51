"""Metrics: the figures of one instance, in Prometheus' text format.

Figures that the parts keep anyway are read when somebody asks; nothing is added to a hot path but
two observations per transaction and one per fan-out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Upper bounds of the histograms of durations."""

COMMANDS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
"""Upper bounds of the histogram of batch sizes."""


class Metrics(Collector):
    """The figures. `gauge`, `counter` and `counters` name what is to be read, and from where."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(self)
        self._readings: list[Callable[[], Metric]] = []
        self.commit_seconds = Histogram(
            "lumen_commit_seconds",
            "From the start of a write transaction to its end.",
            buckets=SECONDS,
            registry=self._registry,
        )
        self.batch_commands = Histogram(
            "lumen_batch_commands",
            "Commands in one write transaction.",
            buckets=COMMANDS,
            registry=self._registry,
        )
        self.fan_out_seconds = Histogram(
            "lumen_fan_out_seconds",
            "From the start of a fan-out to the last stream it writes to.",
            buckets=SECONDS,
            registry=self._registry,
        )

    def gauge(self, name: str, doc: str, read: Callable[[], float]) -> None:
        """Name a number that goes up and down."""
        self._readings.append(lambda: GaugeMetricFamily(name, doc, value=read()))

    def counter(self, name: str, doc: str, read: Callable[[], float]) -> None:
        """Name a number that only goes up. name: without `_total`, which the format adds."""
        self._readings.append(lambda: CounterMetricFamily(name, doc, value=read()))

    def counters(self, name: str, doc: str, label: str, read: Callable[[], Mapping[str, float]]) -> None:
        """Name numbers that only go up, one for each value of a label."""

        def collect() -> Metric:
            family = CounterMetricFamily(name, doc, labels=[label])
            for value, number in read().items():
                family.add_metric([value], number)
            return family

        self._readings.append(collect)

    def collect(self) -> Iterable[Metric]:
        """Read all: what prometheus_client calls."""
        return [read() for read in self._readings]

    def text(self) -> bytes:
        """Render all figures."""
        return generate_latest(self._registry)
