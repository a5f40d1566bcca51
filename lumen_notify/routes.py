"""Routes: which path leads where, and what stands before and behind them all."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
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
    notifications = BASE + "/notifications"
    routes = [
        Route(notifications + "/stream", stream.get, methods=["GET"]),
        Route(notifications, publishing.post, methods=["POST"]),
        Route(notifications, inbox.page, methods=["GET"]),
        Route(notifications + "/stream/tickets", ticketing.post, methods=["POST"]),
        Route(notifications + "/stream/renew", connections.renew, methods=["POST"]),
        Route(BASE + "/connections", connections.page, methods=["GET"]),
        Route(notifications + "/unread", inbox.unread, methods=["GET"]),
        *(
            Route(f"{notifications}/{action}", inbox.post_mark(action), methods=["POST"])
            for action in ACTIONS
        ),
        Route(notifications + "/{id}", inbox.get, methods=["GET"]),
        Route(notifications + "/{id}", inbox.put, methods=["PUT"]),
        Route("/healthz", health.healthz),
        Route("/readyz", health.readyz),
        Route("/metrics", health.metrics),
        Mount("/", Page()),
    ]
    return _application(routes, settings)


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
