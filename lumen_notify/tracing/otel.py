"""OpenTelemetry: the tracer that exports its spans. The only module that imports it.

The provider is the one that the application has configured (or `opentelemetry-instrument`); else one of our
own, which exports by OTLP over HTTP as the `OTEL_` variables say.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_INSTANCE_ID, SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, Span, SpanContext, SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lumen_notify.errors import Refused
from lumen_notify.request_id import REQUEST_ID
from lumen_notify.tracing.deliveries import Deliveries, FanOut
from lumen_notify.version import __version__

SCOPE = "lumen_notify"
"""The name of the instrumentation."""

MAX_LINKS = 128
"""Of one span: the default of OpenTelemetry's SDK."""

MAX_EVENTS = 10
"""Events of one command that are followed."""

MAX_IN_MESSAGE = 40
"""Events in one message to the other instances, of 4 KiB at most."""

CLOSE_SECONDS = 3.0
"""How long the last export may take."""

_HEADERS = (b"traceparent", b"tracestate")

_propagator = TraceContextTextMapPropagator()

_log = logging.getLogger("lumen_notify.tracing")


class Provider(NamedTuple):
    """Where spans go. own: to be shut down; None if the application has configured it."""

    used: trace.TracerProvider
    own: TracerProvider | None


def open_provider(instance: str) -> Provider | None:
    """Return the provider that is configured, or a new one; None if OTEL_SDK_DISABLED or OTEL_TRACES_EXPORTER
    switches it off. instance: the name of this one."""
    if os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return None
    if os.environ.get("OTEL_TRACES_EXPORTER", "").lower() == "none":
        return None
    configured = trace.get_tracer_provider()
    if not isinstance(configured, trace.ProxyTracerProvider):
        return Provider(configured, None)
    attributes = {SERVICE_VERSION: __version__, SERVICE_INSTANCE_ID: instance}
    if not (
        os.environ.get("OTEL_SERVICE_NAME")
        or "service.name=" in os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    ):
        attributes[SERVICE_NAME] = "lumen-notify"
    own = TracerProvider(resource=Resource.create(attributes), shutdown_on_exit=False)
    own.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Provider(own, own)


class OtelTracer:
    """Makes the spans. instance: the name of this one. send: sends the fields of a message to the others."""

    def __init__(self, provider: Provider, instance: str, send: Callable[[Mapping[str, Any]], None]) -> None:
        self._tracer = provider.used.get_tracer(SCOPE, __version__)
        self._own = provider.own
        self._send = send
        self._instance = instance
        self._deliveries = Deliveries()

    async def request(self, app: ASGIApp, route: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request by an application."""
        method = scope["method"]
        attributes = {"http.request.method": method, "http.route": route}
        if (request_id := REQUEST_ID.get()) is not None:
            attributes["lumen.request_id"] = request_id
        with self._tracer.start_as_current_span(
            f"{method} {route}",
            context=_context_of(scope),
            kind=SpanKind.SERVER,
            attributes=attributes,
            record_exception=False,  # its text may have a payload
            set_status_on_exception=False,
        ) as span:

            def send_noting(message: Message) -> Awaitable[None]:
                if message["type"] == "http.response.start":
                    span.set_attribute("http.response.status_code", message["status"])
                    if message["status"] >= 500:
                        span.set_status(StatusCode.ERROR)
                return send(message)

            try:
                await app(scope, receive, send_noting)
            except Exception as error:
                _fail(span, error)
                raise

    def begin_command(self, name: str) -> Span | None:
        """Begin the span of a command, if the task that submits it is in a span that is recorded."""
        if not trace.get_current_span().is_recording():
            return None
        return self._tracer.start_span(f"commit {name}")

    def committed(
        self, spans: Sequence[Span | None], answers: Sequence[Any], positions: Sequence[int], began_ns: int
    ) -> None:
        """End the spans of a transaction, and expect its events here and on the other instances."""
        if any(span is not None for span in spans):
            with _safely():
                self._committed(spans, answers, positions, began_ns)

    def _committed(
        self, spans: Sequence[Span | None], answers: Sequence[Any], positions: Sequence[int], began_ns: int
    ) -> None:
        traced = [(span, answer) for span, answer in zip(spans, answers, strict=True) if span is not None]
        links = [Link(span.get_span_context()) for span, _ in traced[:MAX_LINKS]]
        transaction = self._tracer.start_span("transaction", Context(), links=links, start_time=began_ns)
        transaction.set_attributes({"lumen.commands": len(spans), "lumen.events": len(positions)})
        expected: list[tuple[int, str]] = []
        for span, answer in traced:
            span.add_link(transaction.get_span_context())
            if isinstance(answer, BaseException):
                _fail(span, answer)
            else:
                mine = positions if len(spans) == 1 else _positions_of(answer, positions)
                parent = _traceparent(span.get_span_context())
                expected += [(position, parent) for position in mine[:MAX_EVENTS]]
            span.end()
        transaction.end()
        for position, parent in expected:
            self._expect(position, parent)
        for begin in range(0, len(expected), MAX_IN_MESSAGE):
            self._send({"events": expected[begin : begin + MAX_IN_MESSAGE]})

    def delivered(self, first: int, last: int, began_ns: int) -> None:
        """Make the spans of a fan-out."""
        fan_out = FanOut(first, last, began_ns, time.time_ns())
        with _safely():
            for position, parent in self._deliveries.deliver(fan_out):
                self._trace_fan_out(position, parent, fan_out)

    def receive(self, fields: Mapping[str, Any]) -> None:
        """Expect the events of another instance. Raises whatever comes of a message that is none."""
        for position, parent in fields["events"][:MAX_IN_MESSAGE]:
            if type(position) is int and isinstance(parent, str):
                self._expect(position, parent)

    def _expect(self, position: int, parent: str) -> None:
        fan_out = self._deliveries.expect(position, parent, time.time_ns())
        if fan_out is not None:
            self._trace_fan_out(position, parent, fan_out)

    def _trace_fan_out(self, position: int, parent: str, fan_out: FanOut) -> None:
        context = _propagator.extract({"traceparent": parent}, Context())
        if trace.get_current_span(context).get_span_context().is_valid:
            span = self._tracer.start_span("fan-out", context, start_time=fan_out.began_ns)
            span.set_attributes({"lumen.position": position, "lumen.instance": self._instance})
            span.end(fan_out.ended_ns)

    async def close(self) -> None:
        """Export what is left. The exporter blocks, and tries again: a thread of its own waits for it, and is
        left alone if that takes too long."""
        if self._own is None:
            return
        loop, done = asyncio.get_running_loop(), asyncio.Event()
        own = self._own

        def shut_down() -> None:
            own.shutdown()
            with contextlib.suppress(RuntimeError):  # the loop has been closed meanwhile
                loop.call_soon_threadsafe(done.set)

        threading.Thread(target=shut_down, name="last spans", daemon=True).start()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await done.wait()


@contextlib.contextmanager
def _safely() -> Iterator[None]:
    """Log what the block raises: what has been committed is answered and delivered in any case."""
    try:
        yield
    except Exception:  # noqa: BLE001 - the exporters of an application may raise anything
        _log.exception("Spans could not be made.")


def _context_of(scope: Scope) -> Context | None:
    """Return the context of the request's caller; None for that of the task, which is in a span already if an
    application that traces itself mounts us."""
    if trace.get_current_span().get_span_context().is_valid:
        return None
    carrier = {name.decode(): value.decode("latin-1") for name, value in scope["headers"] if name in _HEADERS}
    return _propagator.extract(carrier, Context())


def _positions_of(answer: object, positions: Sequence[int]) -> list[int]:
    """Return the positions in the answer to a command that are of its transaction."""
    parts = answer if isinstance(answer, list | tuple) else [answer]
    found = {getattr(part, "position", None) for part in parts[:MAX_EVENTS]}
    return [position for position in found if position is not None and position in positions]


def _traceparent(context: SpanContext) -> str:
    """Return a context as W3C Trace Context writes it."""
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{int(context.trace_flags):02x}"


def _fail(span: Span, error: BaseException) -> None:
    """Say of a span that it has failed, and how; a refusal is no failure of the server."""
    span.set_attribute("error.type", getattr(error, "code", type(error).__name__))
    if not isinstance(error, Refused):
        span.set_status(StatusCode.ERROR)
