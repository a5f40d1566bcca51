"""The export by OTLP over HTTP, from a server as it runs; without a collector; without the libraries."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from clients import NOTIFICATIONS, SECRET, token
from conftest import StartServer
from lumen_notify import Lumen, Settings
from lumen_notify.errors import Misconfigured
from servers import free_port, wait_until


class Collector(ThreadingHTTPServer):
    """A collector that keeps what it is sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.received: list[ExportTraceServiceRequest] = []

    @property
    def names(self) -> list[str]:
        return [
            span.name
            for request in self.received
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]


class _Handler(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        assert self.path == "/v1/traces"
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append(ExportTraceServiceRequest.FromString(body))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as one:
        thread = threading.Thread(target=one.serve_forever, daemon=True)
        thread.start()
        yield one
        one.shutdown()
        thread.join()


def publish(server_url: str) -> None:
    body = {"to": {"user": "bob"}, "category": "like", "content": "hi"}
    headers = {"Authorization": f"Bearer {token('app', 'notify:publish')}"}
    assert httpx.post(f"{server_url}{NOTIFICATIONS}", json=body, headers=headers).status_code == 201


def test_server_exports_its_spans_and_the_last_ones_at_its_end(
    start_server: StartServer, collector: Collector
) -> None:
    endpoint = f"http://127.0.0.1:{collector.server_address[1]}"
    server = start_server(
        LUMEN_TRACING="on",
        LUMEN_JWT_SECRET=SECRET,
        OTEL_EXPORTER_OTLP_ENDPOINT=endpoint,
        OTEL_BSP_SCHEDULE_DELAY="60000",
    )
    publish(server.url)
    assert server.stop() == 0
    wait_until(lambda: f"POST {NOTIFICATIONS}" in collector.names, within_seconds=60, what="the spans")
    assert {"commit Publish", "transaction", "fan-out"} <= set(collector.names)
    attributes = collector.received[0].resource_spans[0].resource.attributes
    assert {one.key: one.value.string_value for one in attributes}["service.name"] == "lumen-notify"


def test_collector_that_is_away_delays_neither_requests_nor_the_end(start_server: StartServer) -> None:
    server = start_server(
        LUMEN_TRACING="on",
        LUMEN_JWT_SECRET=SECRET,
        OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{free_port()}",
    )
    publish(server.url)
    began_at = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - began_at < 60


async def test_without_the_libraries_the_extra_is_named(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "lumen_notify.tracing.otel", raising=False)
    monkeypatch.delattr("lumen_notify.tracing.otel", raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with pytest.raises(Misconfigured, match=r"LUMEN_TRACING: .*lumen-notify\[otel\]"):
        async with Lumen(Settings(database_url=sqlite_url, tracing="on")):
            pass


@pytest.mark.server
def test_without_tracing_nothing_of_it_is_imported() -> None:
    code = (
        "import sys, lumen_notify.cli.server, lumen_notify.services;"
        "sys.exit(any(name.startswith('opentelemetry') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
