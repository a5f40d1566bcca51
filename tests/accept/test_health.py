"""Health: probes and metrics answer without a token, and only readiness asks the database."""

from __future__ import annotations

import httpx
from starlette.routing import Router

from lumen_notify.accept.health import HealthEndpoints
from lumen_notify.errors import DatabaseUnavailable
from lumen_notify.metrics import CONTENT_TYPE, Metrics


class Process:
    """A process whose state the test sets. looks: how often the database was asked."""

    def __init__(self) -> None:
        self.metrics = Metrics()
        self.is_draining = False
        self.is_database_up = True
        self.looks = 0

    async def look(self) -> int:
        self.looks += 1
        if not self.is_database_up:
            raise DatabaseUnavailable("The database does not answer.")
        return 7

    async def get(self, path: str) -> httpx.Response:
        endpoints = HealthEndpoints(
            figures=self.metrics, look=self.look, is_draining=lambda: self.is_draining
        )
        transport = httpx.ASGITransport(Router(list(endpoints.routes())))
        async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
            return await client.get(path)


async def test_a_process_is_ready_once_the_database_answers() -> None:
    process = Process()
    process.is_database_up = False
    answer = await process.get("/readyz")
    assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")
    process.is_database_up = True
    answer = await process.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ready"})
    assert process.looks == 2


async def test_a_process_that_shuts_down_is_not_ready_and_asks_no_database() -> None:
    process = Process()
    process.is_draining = True
    answer = await process.get("/readyz")
    assert (answer.status_code, answer.json()["code"]) == (503, "draining")
    assert answer.headers["retry-after"] == "1"
    assert process.looks == 0


async def test_a_process_is_alive_without_a_database_and_while_it_shuts_down() -> None:
    process = Process()
    process.is_database_up, process.is_draining = False, True
    answer = await process.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert process.looks == 0


async def test_metrics_are_the_text_of_the_moment() -> None:
    process = Process()
    process.metrics.gauge("lumen_looks", "Looks at the database.", lambda: process.looks)
    await process.get("/readyz")
    answer = await process.get("/metrics")
    assert answer.headers["content-type"] == CONTENT_TYPE
    assert "lumen_looks 1.0" in answer.text.splitlines()
