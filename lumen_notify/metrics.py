"""Metrics: the metrics of one instance, in the Prometheus text format.

Numbers that an object already keeps are read when /metrics is scraped. Hot paths only make two observations
per transaction and one per fan-out.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

DURATION_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Bucket bounds of the duration histograms."""

BATCH_BUCKETS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
"""Bucket bounds of the histogram of batch sizes."""

PUSH_BUCKETS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0, 30.0, 60.0, 300.0, 900.0, 3600.0)
"""Bucket bounds of the histogram of push delays."""

OfAllWorkers = Callable[[], Awaitable[Sequence[Mapping[str, Any]]]]
"""Returns the metrics of all workers on this host, in the form of `Metrics.families`. Raises Unavailable."""


class Metrics(Collector):
    """The registry of metrics. `gauge`, `gauges`, `counter` and `counters` add one; `read` is called at each
    scrape.

    of_all_workers: set in a worker, which answers for all of them (`cli/workers`).
    """

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(self)
        self._callbacks: list[Callable[[], Metric]] = []
        self._maxima: set[str] = set()
        self.of_all_workers: OfAllWorkers | None = None
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
        self.push_delay_seconds = Histogram(
            "lumen_push_delay_seconds",
            "Time from a publish to the hand-over of a push of it to a provider.",
            buckets=PUSH_BUCKETS,
            registry=self._registry,
        )

    def gauge(self, name: str, doc: str, read: Callable[[], float], *, is_maximum: bool = False) -> None:
        """Add a gauge: a number that goes up and down. is_maximum: of several workers, the largest number
        counts, and not the sum."""
        if is_maximum:
            self._maxima.add(name)
        self._callbacks.append(lambda: GaugeMetricFamily(name, doc, value=read()))

    def counter(self, name: str, doc: str, read: Callable[[], float]) -> None:
        """Add a counter: a number that only goes up. name: without `_total`, which the format adds."""
        self._callbacks.append(lambda: CounterMetricFamily(name, doc, value=read()))

    def counters(self, name: str, doc: str, label: str, read: Callable[[], Mapping[str, float]]) -> None:
        """Add a counter with a label. read: the number for each value of the label."""
        self.labelled_counters(
            name, doc, (label,), lambda: {(value,): number for value, number in read().items()}
        )

    def labelled_counters(
        self,
        name: str,
        doc: str,
        labels: Sequence[str],
        read: Callable[[], Mapping[tuple[str, ...], float]],
    ) -> None:
        """Add a counter with several labels. read: the number for each combination of their values."""

        def collect() -> Metric:
            family = CounterMetricFamily(name, doc, labels=labels)
            for values, number in read().items():
                family.add_metric(values, number)
            return family

        self._callbacks.append(collect)

    def gauges(
        self,
        name: str,
        doc: str,
        label: str,
        read: Callable[[], Mapping[str, float]],
        *,
        is_maximum: bool = False,
    ) -> None:
        """Add a gauge with a label. read: the number for each value of the label. is_maximum: see `gauge`."""
        if is_maximum:
            self._maxima.add(name)

        def collect() -> Metric:
            family = GaugeMetricFamily(name, doc, labels=[label])
            for value, number in read().items():
                family.add_metric([value], number)
            return family

        self._callbacks.append(collect)

    def collect(self) -> Iterable[Metric]:
        """Read all metrics: prometheus_client calls this."""
        return [read() for read in self._callbacks]

    def families(self) -> list[dict[str, Any]]:
        """Read all metrics, as values of JSON. `samples`: lists of name, labels and value."""
        return [
            {
                "name": family.name,
                "doc": family.documentation,
                "type": family.type,
                "is_maximum": family.name in self._maxima,
                "samples": [[sample.name, sample.labels, sample.value] for sample in family.samples],
            }
            for family in self._registry.collect()
        ]

    def text(self) -> bytes:
        """Render the metrics of this process."""
        return generate_latest(self._registry)

    async def exposition(self) -> bytes:
        """Render the metrics of all workers, or of this process if it is the only one. Raises Unavailable."""
        if self.of_all_workers is None:
            return self.text()
        return generate_latest(_Families(await self.of_all_workers()))


class _Families(Collector):
    """Families of `Metrics.families`, for the renderer."""

    def __init__(self, families: Sequence[Mapping[str, Any]]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        for one in self._families:
            family = Metric(one["name"], one["doc"], one["type"])
            for name, labels, value in one["samples"]:
                family.add_sample(name, labels, value)
            yield family
