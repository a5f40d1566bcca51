"""Health: is the process alive, can it do its work, and how does it do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from lumen_notify.errors import Unavailable
from lumen_notify.metrics import CONTENT_TYPE, Metrics
from lumen_notify.model import value


@value
class Health:
    """Answers probes. look: reads something from the database; is_draining: no more work, please."""

    figures: Metrics
    look: Callable[[], Awaitable[object]]
    is_draining: Callable[[], bool]

    async def healthz(self, _request: Request) -> Response:
        """Answer 200 as long as the loop runs."""
        return Response('{"status":"ok"}', media_type="application/json")

    async def readyz(self, _request: Request) -> Response:
        """Answer 200 if requests can be served. Raises Unavailable."""
        if self.is_draining():
            raise Unavailable("shutting down", code="draining")
        await self.look()
        return Response('{"status":"ready"}', media_type="application/json")

    async def metrics(self, _request: Request) -> Response:
        """Answer with all figures, for Prometheus."""
        return Response(self.figures.text(), media_type=CONTENT_TYPE)
