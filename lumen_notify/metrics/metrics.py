"""Metrics: the metrics of one instance, in the Prometheus text format.

Numbers that an object already keeps are read when /metrics is scraped. Hot paths only make a few observations
per transaction and per fan-out, and none per stream that is written to. `docs/metrics.md` lists all metrics.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

from prometheus_client import CollectorRegistry, Histogram, generate_latest, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from lumen_notify.metrics.buckets import (
    BATCH_BUCKETS,
    DELIVERY_BUCKETS,
    DURATION_BUCKETS,
    PUSH_BUCKETS,
    STREAM_BUCKETS,
)
from lumen_notify.model import value

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

OfAllWorkers = Callable[[], Awaitable[Sequence[Mapping[str, Any]]]]
"""Returns the metrics of all workers on this host, in the form of `Metrics.families`. Raises Unavailable."""


@value
class Description:
    """What the documentation says of a metric. name: as in the text format, of a histogram without a suffix.
    kind: gauge, counter or histogram. is_maximum: of several workers, the largest number counts."""

    name: str
    kind: str
    labels: tuple[str, ...]
    doc: str
    is_maximum: bool = False


class Metrics(Collector):
    """The registry of metrics. `gauge`, `gauges`, `counter`, `counters` and `histogram` add one; `read` is
    called at each scrape.

    descriptions: of all, in the order of their addition. of_all_workers: set in a worker, which answers for
    all of them (`cli/workers`).
    """

    def __init__(self) -> None:
        self.descriptions: list[Description] = []
        self.of_all_workers: OfAllWorkers | None = None
        self._registry = CollectorRegistry()
        self._registry.register(self)
        self._callbacks: list[Callable[[], Metric]] = []
        self._maxima: set[str] = set()
        self.command_seconds = self.histogram(
            "lumen_command_seconds",
            "Time from the acceptance of a command to its commit, of the oldest one of each transaction.",
            DELIVERY_BUCKETS,
        )
        self.commit_seconds = self.histogram(
            "lumen_commit_seconds", "Duration of a write transaction.", DURATION_BUCKETS
        )
        self.batch_commands = self.histogram(
            "lumen_batch_commands", "Commands per write transaction.", BATCH_BUCKETS
        )
        self.query_seconds = self.histogram(
            "lumen_query_seconds",
            "Duration of a read from the database, with the wait for one of the pool's connections.",
            DURATION_BUCKETS,
            labels=("pool",),
        )
        self.fan_out_seconds = self.histogram(
            "lumen_fan_out_seconds",
            "Duration of a fan-out, from its start to its last write.",
            DURATION_BUCKETS,
        )
        self.commit_to_write_seconds = self.histogram(
            "lumen_commit_to_write_seconds",
            "Time from the COMMIT of a transaction of this instance to the last write of its events on a"
            " stream here; of transactions that were written on any.",
            DELIVERY_BUCKETS,
        )
        self.accept_to_write_seconds = self.histogram(
            "lumen_accept_to_write_seconds",
            "Time from the acceptance of the oldest command of a transaction to the last write of its events"
            " on a stream here; of transactions that were written on any.",
            DELIVERY_BUCKETS,
        )
        self.event_age_seconds = self.histogram(
            "lumen_event_age_seconds",
            "Age of the oldest event of a fan-out when it was written on streams here, whichever instance has"
            " committed it, by the clocks of both.",
            DELIVERY_BUCKETS,
        )
        self.stream_seconds = self.histogram(
            "lumen_stream_seconds", "How long streams that have ended were open.", STREAM_BUCKETS
        )
        self.backplane_round_trip_seconds = self.histogram(
            "lumen_backplane_round_trip_seconds",
            "Time from the sending of a probe to the backplane until this instance received it, by the way of"
            " the hints of others.",
            DELIVERY_BUCKETS,
        )
        self.push_delay_seconds = self.histogram(
            "lumen_push_delay_seconds",
            "Time from a publish to the hand-over of a push of it to a provider.",
            PUSH_BUCKETS,
        )
        self.loop_lag_seconds = self.histogram(
            "lumen_loop_lag_seconds",
            "How late the event loop was to run something that was due, measured four times a second.",
            DURATION_BUCKETS,
        )

    def histogram(
        self, name: str, doc: str, buckets: Sequence[float], labels: Sequence[str] = ()
    ) -> Histogram:
        """Add a histogram; return it, to be observed."""
        self._describe(name, "histogram", labels, doc)
        return Histogram(name, doc, labels, buckets=buckets, registry=self._registry)

    def gauge(self, name: str, doc: str, read: Callable[[], float], *, is_maximum: bool = False) -> None:
        """Add a gauge: a number that goes up and down. is_maximum: of several workers, the largest number
        counts, and not the sum."""
        self._add_gauge(name, doc, (), lambda: {(): read()}, is_maximum=is_maximum)

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
        self._add_gauge(
            name,
            doc,
            (label,),
            lambda: {(value,): number for value, number in read().items()},
            is_maximum=is_maximum,
        )

    def information(self, name: str, doc: str, texts: Mapping[str, str]) -> None:
        """Add a gauge that is 1, with texts in its labels."""
        self._add_gauge(name, doc, tuple(texts), lambda: {tuple(texts.values()): 1.0}, is_maximum=True)

    def counter(self, name: str, doc: str, read: Callable[[], float]) -> None:
        """Add a counter: a number that only goes up. name: without `_total`, which the format adds."""
        self.labelled_counters(name, doc, (), lambda: {(): read()})

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
        total = name if name.endswith("_total") else f"{name}_total"
        self._describe(total, "counter", labels, doc)
        self._callbacks.append(lambda: _filled(CounterMetricFamily(name, doc, labels=labels), read()))

    def _add_gauge(
        self,
        name: str,
        doc: str,
        labels: Sequence[str],
        read: Callable[[], Mapping[tuple[str, ...], float]],
        *,
        is_maximum: bool,
    ) -> None:
        if is_maximum:
            self._maxima.add(name)
        self._describe(name, "gauge", labels, doc, is_maximum=is_maximum)
        self._callbacks.append(lambda: _filled(GaugeMetricFamily(name, doc, labels=labels), read()))

    def _describe(
        self, name: str, kind: str, labels: Sequence[str], doc: str, *, is_maximum: bool = False
    ) -> None:
        self.descriptions.append(
            Description(name=name, kind=kind, labels=tuple(labels), doc=doc, is_maximum=is_maximum)
        )

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

    def serve(self, host: str, port: int) -> Callable[[], None]:
        """Answer every request with the metrics of this process, in a thread, where nothing else serves HTTP.

        Return what ends it. Raises OSError if the port is not free.
        """
        server, thread = start_http_server(port, host, self._registry)

        def stop() -> None:
            server.shutdown()
            server.server_close()
            thread.join()

        return stop

    async def exposition(self) -> bytes:
        """Render the metrics of all workers, or of this process if it is the only one. Raises Unavailable."""
        if self.of_all_workers is None:
            return self.text()
        return generate_latest(_Families(await self.of_all_workers()))


Family = GaugeMetricFamily | CounterMetricFamily


def _filled(family: Family, numbers: Mapping[tuple[str, ...], float]) -> Metric:
    for values, number in numbers.items():
        family.add_metric(values, number)
    return family


class _Families(Collector):
    """Families of `Metrics.families`, for the renderer."""

    def __init__(self, families: Sequence[Mapping[str, Any]]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        for one in self._families:
            family = Metric(one["name"], one["doc"], one["type"])
            for name, labels, number in one["samples"]:
                family.add_sample(name, labels, number)
            yield family
