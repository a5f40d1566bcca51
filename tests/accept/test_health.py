"""Health: probes and metrics answer without a token, and only readiness asks the database."""

from __future__ import annotations

import httpx
from starlette.routing import Router

from lumen_notify.accept.health import HealthEndpoints, ReadinessParts
from lumen_notify.errors import DatabaseUnavailable, Unavailable
from lumen_notify.metrics import CONTENT_TYPE, Metrics


class Process:
    """A process whose state the test sets. problem: why it is not ready. checks: how often that was asked."""

    def __init__(self) -> None:
        self.metrics = Metrics()
        self.problem: Unavailable | None = None
        self.checks = 0
        self.parts: ReadinessParts = {
            "writes": {"status": "ok", "age_seconds": 1.5},
            "log": {"status": "ok", "age_seconds": 0.5},
            "backplane": {"status": "ok", "age_seconds": None},
        }

    async def check(self) -> None:
        self.checks += 1
        if self.problem is not None:
            raise self.problem

    async def get(self, path: str) -> httpx.Response:
        endpoints = HealthEndpoints(
            figures=self.metrics, check_readiness=self.check, parts=lambda: self.parts
        )
        transport = httpx.ASGITransport(Router(list(endpoints.routes())))
        async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
            return await client.get(path)


async def test_a_process_that_is_not_ready_says_why() -> None:
    process = Process()
    process.problem = DatabaseUnavailable("The database does not answer (disk full).")
    answer = await process.get("/readyz")
    assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")
    assert answer.json()["detail"] == "The database does not answer (disk full)."
    assert answer.headers["retry-after"] == "1"
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["parts"] == process.parts
    process.problem = None
    answer = await process.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ready", "parts": process.parts})
    assert process.checks == 2


async def test_a_backplane_that_fails_leaves_the_process_ready_and_shows() -> None:
    process = Process()
    process.parts["backplane"]["status"] = "degraded"
    answer = await process.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"status": "degraded", "parts": process.parts})


async def test_a_process_is_alive_without_a_database_and_while_it_shuts_down() -> None:
    process = Process()
    process.problem = Unavailable("The server is shutting down.", code="draining")
    answer = await process.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert process.checks == 0


async def test_metrics_are_the_text_of_the_moment() -> None:
    process = Process()
    process.metrics.gauge("lumen_checks", "Checks of readiness.", lambda: process.checks)
    await process.get("/readyz")
    answer = await process.get("/metrics")
    assert answer.headers["content-type"] == CONTENT_TYPE
    assert "lumen_checks 1.0" in answer.text.splitlines()
