"""Tracing: what becomes of a request, as spans of one trace, on all instances (`LUMEN_TRACING`).

    POST /api/v1/notifications     answering a request; continues its `traceparent`
    └── commit Publish             from the queue to COMMIT; linked with `transaction`
        ├── fan-out                on the instance that has committed
        └── fan-out                on each other instance
    transaction                    a trace of its own, for the commands of several requests; links to each

`tracer` is what the others call, and None without tracing. Only `otel` imports OpenTelemetry, and is imported
only with tracing.
"""

from __future__ import annotations
