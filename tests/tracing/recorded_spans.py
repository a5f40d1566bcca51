"""Recorded spans: the spans of each instance, in memory in place of an exporter."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from lumen_notify.tracing import otel
from lumen_notify.tracing.otel import Provider


class Recorded:
    """The spans, by the name of the instance."""

    def __init__(self) -> None:
        self.exporters: dict[str, InMemorySpanExporter] = {}

    def open_provider(self, instance: str) -> Provider:
        """Take the place of `otel.open_provider`."""
        exporter = self.exporters.setdefault(instance, InMemorySpanExporter())
        own = TracerProvider(shutdown_on_exit=False)
        own.add_span_processor(SimpleSpanProcessor(exporter))
        return Provider(own, own)

    def of(self, instance: str) -> Sequence[ReadableSpan]:
        return self.exporters[instance].get_finished_spans()

    def named(self, name: str) -> list[ReadableSpan]:
        """Return the spans of all instances that have a name, or begin with it."""
        return [span for one in self.exporters for span in self.of(one) if span.name.startswith(name)]


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> Recorded:
    spans = Recorded()
    monkeypatch.setattr(otel, "open_provider", spans.open_provider)
    return spans


def trace_of(span: ReadableSpan) -> str:
    return f"{span.context.trace_id:032x}"


def parent_of(span: ReadableSpan) -> str | None:
    return None if span.parent is None else f"{span.parent.span_id:016x}"


def id_of(span: ReadableSpan) -> str:
    return f"{span.context.span_id:016x}"
