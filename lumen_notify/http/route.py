"""Routes: a path, its endpoints, and the description of each.

Promise: every route has a description in `/openapi.json`, because `route` requires one for each endpoint.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, Protocol

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from lumen_notify.errors import LumenError
from lumen_notify.http import browser_headers, problems
from lumen_notify.http.operation import Operation
from lumen_notify.http.rate_limits import limit_of
from lumen_notify.http.requests import check_names

RATE_LIMIT = "lumen_notify.rate_limit"
"""The scope's key for the rate limit of the request; absent if it needs no token."""

Endpoint = Callable[[Request], Awaitable[Response]]
Method = tuple[Endpoint, Operation]
"""An endpoint, and its description."""


class Endpoints(Protocol):
    """A class of endpoints."""

    def routes(self) -> Iterator[ApiRoute]:
        """List the routes of all its endpoints."""


class ApiRoute(Route):
    """A path and the endpoint of each of its methods, with their descriptions."""

    def __init__(self, path: str, by_method: Mapping[str, Method]) -> None:
        first, _ = next(iter(by_method.values()))
        super().__init__(path, first, methods=list(by_method))
        # Starlette's `$` also matches before a final line feed, and its `.` matches no line feed: a user id
        # that contains one would be truncated, or not found.
        self.path_regex = re.compile(self.path_regex.pattern.removesuffix("$") + r"\Z", re.DOTALL)
        self.by_method = by_method
        apps = {method: _app(method, *one) for method, one in by_method.items()}
        if "GET" in apps:
            apps["HEAD"] = apps["GET"]

        def app(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
            return apps[scope["method"]](scope, receive, send)

        self.app = app

    def match_path(self, path: str) -> dict[str, Any] | None:
        """Return the parameters in a path of this route; None if it is not one."""
        found = self.path_regex.match(path)
        if found is None:
            return None
        return {name: self.param_convertors[name].convert(text) for name, text in found.groupdict().items()}

    @property
    def operations(self) -> Mapping[str, Operation]:
        """The description of each method."""
        return {method: operation for method, (_, operation) in self.by_method.items()}

    def with_prefix(self, prefix: str) -> ApiRoute:
        """Return the same route with a prefix before its path."""
        return ApiRoute(prefix + self.path, self.by_method)

    def merge(self, other: ApiRoute) -> ApiRoute:
        """Return one route with the methods of both. other: has the same path."""
        return ApiRoute(self.path, {**self.by_method, **other.by_method})


def _app(method: str, endpoint: Endpoint, operation: Operation) -> ASGIApp:
    """Make the ASGI application of an endpoint.

    It checks the names of query parameters, and adds the headers for browsers. It handles errors itself:
    nothing has been sent at that point, and Starlette's exception middleware takes a twelfth of the time of a
    publish.
    """
    limit = limit_of(method, operation)
    known = None if operation.takes_any_query else operation.query_names
    added = browser_headers.of(operation.media_type)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if limit is not None:
            scope[RATE_LIMIT] = limit
        request = Request(scope, receive, send)
        try:
            if known is not None and scope["query_string"]:
                check_names(scope["query_string"], known)
            response = await endpoint(request)
        except LumenError as error:
            response = problems.refused(request, error)
        except HTTPException as error:
            response = problems.not_routed(request, error)
        except Exception as error:
            response = problems.failed(request, error)
            response.raw_headers.extend(added)
            await response(scope, receive, send)
            raise
        response.raw_headers.extend(added)
        await response(scope, receive, send)

    return app


def route(path: str, **by_method: Method) -> ApiRoute:
    """Make a route. by_method: endpoint and description of each method, such as `GET=(self.get,
    Operation(...))`."""
    return ApiRoute(path, by_method)
