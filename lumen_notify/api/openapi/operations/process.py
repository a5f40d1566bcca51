"""Operations about the server itself."""

from __future__ import annotations

from lumen_notify.api.openapi.operation import Operation
from lumen_notify.api.openapi.schema import JsonSchema, constant, fields
from lumen_notify.metrics import CONTENT_TYPE


def _status(word: str) -> JsonSchema:
    return fields("All is well.", status=constant(word))


HEALTHZ = Operation(
    name="isAlive",
    tag="process",
    credentials=(),
    summary="Ask whether the process runs",
    answered="It does.",
    answer=_status("ok"),
)

READYZ = Operation(
    name="isReady",
    tag="process",
    credentials=(),
    summary="Ask whether it can work",
    answered="It can.",
    answer=_status("ready"),
    problems=("draining", "database_unavailable"),
)

METRICS = Operation(
    name="getFigures",
    tag="process",
    credentials=(),
    summary="Read the process's figures, for Prometheus",
    answered="Prometheus' text format.",
    answer={"type": "string"},
    media_type=CONTENT_TYPE,
)

DOCUMENT = Operation(
    name="getDocument",
    tag="process",
    credentials=(),
    summary="Read this document",
    answered="OpenAPI 3.1.",
    answer={"type": "object"},
)

DOCS = Operation(
    name="readDocument",
    tag="process",
    credentials=(),
    summary="Read this document as a page",
    answered="The page.",
    answer={"type": "string"},
    media_type="text/html",
)
