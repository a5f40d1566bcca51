"""Described: a route that has its description with it.

Promise: no route is without its description in `/openapi.json`: `at` takes both at once.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from lumen_notify.api.openapi import Operation
from lumen_notify.errors import LumenError
from lumen_notify.http import problems

Endpoint = Callable[[Request], Awaitable[Response]]


class DescribedRoute(Route):
    """A route, and what `/openapi.json` says of each of its methods."""

    def __init__(
        self, path: str, endpoints: Mapping[str, Endpoint], operations: Mapping[str, Operation]
    ) -> None:
        super().__init__(path, next(iter(endpoints.values())), methods=list(operations))
        # Starlette's `$` also matches before a last line feed, and its `.` matches no line feed: a user's id
        # with one would be cut, or not found.
        self.path_regex = re.compile(self.path_regex.pattern.removesuffix("$") + r"\Z", re.DOTALL)
        self.operations = operations
        self._endpoints = endpoints
        answers = {method: _answering(endpoint) for method, endpoint in endpoints.items()}
        if "GET" in answers:
            answers["HEAD"] = answers["GET"]

        def app(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
            return answers[scope["method"]](scope, receive, send)

        self.app = app

    def below(self, prefix: str) -> DescribedRoute:
        """Make the same route with something before its path."""
        return DescribedRoute(prefix + self.path, self._endpoints, self.operations)


def _answering(endpoint: Endpoint) -> ASGIApp:
    """Make an endpoint's ASGI application, which answers its errors too: nothing has been sent by then, so it
    needs none of Starlette's middleware for errors, which takes a twelfth of a publish."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send)
        try:
            response = await endpoint(request)
        except LumenError as error:
            response = problems.refused(request, error)
        except HTTPException as error:
            response = problems.not_routed(request, error)
        except Exception as error:
            await problems.failed(request, error)(scope, receive, send)
            raise
        await response(scope, receive, send)

    return app


def at(path: str, **by_method: tuple[Endpoint, Operation]) -> DescribedRoute:
    """Route all methods of a path at once, so that another method gets 405 with all that there are."""
    endpoints = {method: endpoint for method, (endpoint, _) in by_method.items()}
    operations = {method: operation for method, (_, operation) in by_method.items()}
    return DescribedRoute(path, endpoints, operations)
