"""Health: whether the process runs, whether it can serve requests, and its metrics."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Annotated, Literal, NotRequired

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from lumen_notify.errors import Unavailable
from lumen_notify.http.operation import Operation
from lumen_notify.http.problems import problem
from lumen_notify.http.responses import answer
from lumen_notify.http.route import ApiRoute, route
from lumen_notify.metrics import CONTENT_TYPE, Metrics
from lumen_notify.model import value


class Alive(TypedDict):
    """The process runs."""

    status: Literal["ok"]


class ReadinessPart(TypedDict):
    """The state of one part. `degraded`: it fails, but the process can serve requests."""

    status: Literal["ok", "failing", "degraded"]
    age_seconds: Annotated[
        float | None,
        Field(description="How long ago it was seen to work. Null: not yet, or it needs no proof."),
    ]
    detail: NotRequired[str]


class ReadinessParts(TypedDict):
    """The state of each part: `writes` to the database, the `log` that streams follow, and the `backplane`
    that reaches other instances."""

    writes: ReadinessPart
    log: ReadinessPart
    backplane: ReadinessPart


class Ready(TypedDict):
    """The process can serve requests. `degraded`: events of other instances arrive up to a second late."""

    status: Literal["ready", "degraded"]
    parts: ReadinessParts


@value
class HealthEndpoints:
    """Answers health probes. figures: the metrics. check_readiness: raises Unavailable if the process is not
    ready. parts: returns the state of each part. has_metrics: whether metrics are shown."""

    figures: Metrics
    check_readiness: Callable[[], Awaitable[None]]
    parts: Callable[[], ReadinessParts]
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
                        "`detail` says why, and `parts` has the state of each part, also if it is ready. "
                        "A backplane that fails is `degraded`: requests are served."
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
        """Answer 200 if requests can be served, else 503; with the state of each part."""
        try:
            await self.check_readiness()
        except Unavailable as error:
            headers = {"retry-after": "1"}
            return problem(503, code=error.code, detail=str(error), headers=headers, parts=self.parts())
        parts = self.parts()
        is_degraded = parts["backplane"]["status"] == "degraded"
        return answer({"status": "degraded" if is_degraded else "ready", "parts": parts})

    async def metrics(self, _request: Request) -> Response:
        """Answer with all metrics, in Prometheus' text format."""
        return Response(await self.figures.exposition(), media_type=CONTENT_TYPE)
