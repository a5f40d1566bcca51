"""Health: whether the process runs, whether it can serve requests, and its metrics."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Literal

from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from lumen_notify.http.operation import Operation
from lumen_notify.http.route import ApiRoute, route
from lumen_notify.metrics import CONTENT_TYPE, Metrics
from lumen_notify.model import value


class Alive(TypedDict):
    """The process runs."""

    status: Literal["ok"]


class Ready(TypedDict):
    """The process can serve requests."""

    status: Literal["ready"]


@value
class HealthEndpoints:
    """Answers health probes. figures: the metrics. check_readiness: raises Unavailable if the process is not
    ready. has_metrics: whether metrics are shown."""

    figures: Metrics
    check_readiness: Callable[[], Awaitable[None]]
    has_metrics: bool = True

    def routes(self) -> Iterator[ApiRoute]:
        """List the routes. They are outside the API's prefix."""
        yield route(
            "/healthz",
            GET=(
                self.healthz,
                Operation(
                    name="checkHealth",
                    tag="service",
                    takes_any_query=True,
                    credentials=(),
                    summary="Check whether the process runs",
                    answered="The process runs.",
                    response=Alive,
                ),
            ),
        )
        yield route(
            "/readyz",
            GET=(
                self.readyz,
                Operation(
                    name="checkReadiness",
                    tag="service",
                    takes_any_query=True,
                    credentials=(),
                    summary="Check whether the process can serve requests",
                    answered="The process can serve requests.",
                    response=Ready,
                    description=(
                        "Not ready while no write can pass, a task has failed, or streams are far behind. "
                        "`detail` says why."
                    ),
                    problems=(
                        "draining",
                        "not_ready",
                        "database_unavailable",
                        "database_busy",
                        "commit_unknown",
                    ),
                ),
            ),
        )
        if not self.has_metrics:
            return
        yield route(
            "/metrics",
            GET=(
                self.metrics,
                Operation(
                    name="getMetrics",
                    tag="service",
                    takes_any_query=True,
                    credentials=(),
                    summary="Get the process's metrics, for Prometheus",
                    answered="Prometheus' text format.",
                    response={"type": "string"},
                    media_type=CONTENT_TYPE,
                    description="Of several workers (`LUMEN_WORKERS`), any answers with the sum of all.",
                    problems=("not_ready",),
                ),
            ),
        )

    async def healthz(self, _request: Request) -> Response:
        """Answer 200 as long as the event loop runs."""
        return Response('{"status":"ok"}', media_type="application/json")

    async def readyz(self, _request: Request) -> Response:
        """Answer 200 if requests can be served. Raises Unavailable."""
        await self.check_readiness()
        return Response('{"status":"ready"}', media_type="application/json")

    async def metrics(self, _request: Request) -> Response:
        """Answer with all metrics, in Prometheus' text format."""
        return Response(await self.figures.exposition(), media_type=CONTENT_TYPE)
