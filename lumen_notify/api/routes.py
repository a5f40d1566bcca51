"""Routes: collects the routes of all endpoints, and builds the ASGI application from them."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from lumen_notify.api import asyncapi, openapi
from lumen_notify.api.endpoints import Endpoints
from lumen_notify.api.web import ClientFiles, DemoUser, DocsEndpoint, Page, PageConfig
from lumen_notify.api.web.page_config import ADMIN_TOKEN_COMMAND, TOKEN_COMMAND, command_in
from lumen_notify.http import browser_headers, problems, route
from lumen_notify.http.route import ApiRoute
from lumen_notify.model import BASE
from lumen_notify.settings import Settings
from lumen_notify.tracing.tracer import Tracer

HOT = (("POST", f"{BASE}/rooms/{{id}}/messages"), ("POST", f"{BASE}/rooms/{{id}}/read"))
"""Frequent routes with parameters, which are tried first: each try takes half a microsecond."""


_BELOW = f"{BASE}/"
_ACCOUNTS = f"{BASE}/auth/"


def build(
    settings: Settings,
    endpoints: Endpoints,
    *,
    secret_folder: Path | None = None,
    demo_users: Sequence[DemoUser] = (),
    tracer: Tracer | None = None,
) -> ASGIApp:
    """Build the ASGI application of all endpoints.

    secret_folder: where the server has made its own secret: a token made elsewhere is not valid. None if a
    key is set. demo_users: see `PageConfig`.
    """
    documents = [
        kind(max_content_characters=settings.max_content_characters, max_batch_rows=settings.max_batch_rows)
        for kind in (openapi.Document, asyncapi.Document)
    ]
    page = Page(config=_page_config(settings, secret_folder, demo_users))
    api = [one.with_prefix(BASE) for one in _collect(endpoints.api)]
    has_pages = settings.pages == "on"
    rest = _collect([endpoints.health, *([*documents, DocsEndpoint(page)] if has_pages else ())])
    for document in documents:
        document.write([*api, *rest])
    api.sort(key=_rank)
    files = [Mount("/client", ClientFiles()), *([Mount("/", page)] if has_pages else ())]
    application = Application(api=api, rest=[*rest, *files], tracer=tracer)
    return _with_cors(application, settings)


def _page_config(
    settings: Settings, secret_folder: Path | None, demo_users: Sequence[DemoUser]
) -> PageConfig:
    has_accounts = settings.accounts == "on"

    def shown(command: str) -> str | None:
        if settings.jwt_secret is None:
            return None
        return command if secret_folder is None else command_in(secret_folder, command)

    return PageConfig(
        accounts=has_accounts,
        registration=has_accounts,
        demo_users=demo_users,
        token_command=shown(TOKEN_COMMAND),
        admin_token_command=shown(ADMIN_TOKEN_COMMAND),
    )


def _collect(endpoints: Iterable[route.Endpoints]) -> list[ApiRoute]:
    """Collect the routes of all endpoints: one for each path, so that a 405 response lists all its
    methods."""
    routes: dict[str, ApiRoute] = {}
    for one in endpoints:
        for found in one.routes():
            known = routes.get(found.path)
            routes[found.path] = found if known is None else known.merge(found)
    return list(routes.values())


def _rank(one: ApiRoute) -> int:
    return min(
        (HOT.index(key) for method in one.by_method if (key := (method, one.path)) in HOT), default=len(HOT)
    )


class Application:
    """The routes of the API, which are looked up, and two Starlette routers for what is not found there:
    redirects, other methods and unknown paths below `BASE`; health checks, documents and the page.

    Unknown paths and unsupported methods get a problem document.
    """

    def __init__(
        self, *, api: Sequence[ApiRoute], rest: Sequence[BaseRoute], tracer: Tracer | None = None
    ) -> None:
        self._tracer = tracer
        self._api = Router(api, redirect_slashes=False)
        self._rest = Router(rest, redirect_slashes=False)
        self._has_accounts = any(one.path.startswith(_ACCOUNTS) for one in api)
        self._by_path = {one.path: one for one in api if "{" not in one.path}
        self._with_parameters = [one for one in api if "{" in one.path]

    @property
    def routes(self) -> Sequence[BaseRoute]:
        """All routes, in the order in which they are tried."""
        return [*self._api.routes, *self._rest.routes]

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Handle one request (ASGI 3)."""
        path: str = scope["path"].removeprefix(scope.get("root_path", ""))
        found, parameters = self._find(path)
        if found is not None:
            scope["path_params"] = {**scope.get("path_params", {}), **parameters}
            if scope["method"] in found.by_method:
                scope["endpoint"] = found.endpoint
                if self._tracer is not None:
                    return self._tracer.request(found.app, found.path, scope, receive, send)
                return found.app(scope, receive, send)
        return self._handle_rest(scope, receive, send, path, found)

    async def _handle_rest(
        self, scope: Scope, receive: Receive, send: Send, path: str, found: ApiRoute | None
    ) -> None:
        """Handle a request for which the API has no endpoint. found: the route with other methods, if any."""
        send = browser_headers.adding(send)
        router = self._api if path.startswith(_BELOW) else self._rest
        scope["app"] = self  # with it Starlette's router raises instead of answering with plain text
        try:
            if found is None:
                await router.app(scope, receive, send)
            else:  # with another method, or HEAD; the router would also try routes with parameters
                await found.handle(scope, receive, send)
        except HTTPException as error:
            response = self._elsewhere(scope, path) if error.status_code == 404 else None
            response = response or problems.not_routed(Request(scope, receive, send), error)
            await response(scope, receive, send)

    def _elsewhere(self, scope: Scope, path: str) -> Response | None:
        """Answer an unknown path of which more can be said than that; None if nothing can."""
        if path.startswith(_ACCOUNTS) and not self._has_accounts:
            return problems.accounts_off()
        return self._redirect(scope, path)

    def _redirect(self, scope: Scope, path: str) -> Response | None:
        """Redirect from a path with a slash too many; None if there is none.

        The location is relative: only the client knows the prefix that a proxy may have stripped. A DELETE is
        not redirected: clients make `/rooms/tea/` of `/rooms/tea/members/..` (URL standard, section 4.4), and
        to remove the member `..` must not delete the room.
        """
        known = path.removesuffix("/")
        if known == path or scope["method"] == "DELETE" or self._find(known)[0] is None:
            return None
        query = scope["query_string"].decode("latin-1")
        location = f"../{quote(known.rpartition('/')[2])}" + (f"?{query}" if query else "")
        return RedirectResponse(location, 307)

    def _find(self, path: str) -> tuple[ApiRoute | None, dict[str, Any]]:
        """Return the API's route for a path, and the parameters in it. In a third of the router's time."""
        found = self._by_path.get(path)
        if found is not None:
            return found, {}
        for one in self._with_parameters:
            if (parameters := one.match_path(path)) is not None:
                return one, parameters
        return None, {}


def _with_cors(application: ASGIApp, settings: Settings) -> ASGIApp:
    if not settings.cors_origins:
        return application
    return CORSMiddleware(
        application,
        allow_origins=list(settings.cors_origins),
        allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=[
            *("Authorization", "Cache-Control", "Content-Type", "Idempotency-Key", "Last-Event-ID"),
            *("X-Request-ID", "traceparent", "tracestate"),
        ],
        allow_credentials="*" not in settings.cors_origins,  # for the stream's cookie
        expose_headers=["Retry-After", "X-Request-ID"],
    )
