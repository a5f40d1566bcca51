"""Routes: which path leads where, and what stands before and behind them all."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route

from lumen_notify.accept import problems
from lumen_notify.accept.health import Health
from lumen_notify.accept.inbox import InboxEndpoints
from lumen_notify.accept.publishing import Publishing
from lumen_notify.accept.ticketing import Ticketing
from lumen_notify.commit.marks import ACTIONS
from lumen_notify.deliver.connections import Connections
from lumen_notify.deliver.stream import StreamEndpoint
from lumen_notify.errors import LumenError
from lumen_notify.page import Page
from lumen_notify.settings import Settings

BASE = "/api/v1"

Endpoint = Callable[[Request], Awaitable[Response]]


def build(
    settings: Settings,
    *,
    publishing: Publishing,
    inbox: InboxEndpoints,
    stream: StreamEndpoint,
    connections: Connections,
    ticketing: Ticketing,
    health: Health,
) -> Starlette:
    """Make the ASGI application of all endpoints."""
    marks = {action: inbox.post_mark(action) for action in ACTIONS}
    api = [
        _at("/notifications/stream", GET=stream.get),
        _at("/notifications", GET=inbox.page, POST=publishing.post),
        _at("/notifications/stream/tickets", POST=ticketing.post),
        _at("/notifications/stream/renew", POST=connections.renew),
        _at("/notifications/unread", GET=inbox.unread, POST=marks.pop("unread")),
        *(_at(f"/notifications/{action}", POST=mark) for action, mark in marks.items()),
        _at("/notifications/{id:uuid}", GET=inbox.get, PUT=inbox.put),
        _at("/connections", GET=connections.page),
    ]
    routes = [
        Mount(BASE, routes=api),
        _at("/healthz", GET=health.healthz),
        _at("/readyz", GET=health.readyz),
        _at("/metrics", GET=health.metrics),
        Mount("/", Page()),
    ]
    return _application(routes, settings)


def _at(path: str, **by_method: Endpoint) -> Route:
    """Route all methods of a path at once, so that another method gets 405 with all that there are."""

    async def answer(request: Request) -> Response:
        return await by_method["GET" if request.method == "HEAD" else request.method](request)

    only = next(iter(by_method.values())) if len(by_method) == 1 else answer
    return Route(path, only, methods=list(by_method))


def _application(routes: list[BaseRoute], settings: Settings) -> Starlette:
    middleware = []
    if settings.cors_origins:
        middleware.append(
            Middleware(
                CORSMiddleware,
                allow_origins=list(settings.cors_origins),
                allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
                allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "Last-Event-ID"],
            )
        )
    return Starlette(
        routes=routes,
        middleware=middleware,
        exception_handlers={
            LumenError: problems.refused,
            HTTPException: problems.not_routed,
            Exception: problems.failed,
        },
    )
