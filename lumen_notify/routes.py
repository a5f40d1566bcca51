"""Routes: which path leads where, and what stands before and behind them all.

Promise: no route is without its description in `/openapi.json`: `_at` takes both at once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence

from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from lumen_notify.accept import problems
from lumen_notify.accept.accounts import AccountEndpoints
from lumen_notify.commit.marks import ACTIONS
from lumen_notify.crossroads import Crossroads
from lumen_notify.endpoints import Endpoints
from lumen_notify.errors import LumenError
from lumen_notify.model import BASE
from lumen_notify.openapi import Document, Operation
from lumen_notify.openapi.operations import accounts as about_accounts
from lumen_notify.openapi.operations import blocks as about_blocks
from lumen_notify.openapi.operations import inbox as about_inbox
from lumen_notify.openapi.operations import members as about_members
from lumen_notify.openapi.operations import messages as about_messages
from lumen_notify.openapi.operations import preferences as about_preferences
from lumen_notify.openapi.operations import process as about_process
from lumen_notify.openapi.operations import publishing as about_publishing
from lumen_notify.openapi.operations import rooms as about_rooms
from lumen_notify.openapi.operations import stream as about_stream
from lumen_notify.page import Page
from lumen_notify.settings import Settings

Endpoint = Callable[[Request], Awaitable[Response]]


def build(settings: Settings, endpoints: Endpoints) -> ASGIApp:
    """Make the ASGI application of all endpoints."""
    document = Document(
        max_content_characters=settings.max_content_characters, max_batch_rows=settings.max_batch_rows
    )
    page = Page()
    api = [
        *_of_stream(endpoints),
        *_of_notifications(endpoints),
        *_of_rooms(endpoints),
        *_of_messages(endpoints),
        *_of_preferences(endpoints),
        *([] if endpoints.accounts is None else _of_accounts(endpoints.accounts)),
    ]
    about = [
        _at("/healthz", GET=(endpoints.health.healthz, about_process.HEALTHZ)),
        _at("/readyz", GET=(endpoints.health.readyz, about_process.READYZ)),
        _at("/metrics", GET=(endpoints.health.metrics, about_process.METRICS)),
        _at("/openapi.json", GET=(document.get, about_process.DOCUMENT)),
        _at("/docs", GET=(page.docs, about_process.DOCS)),
    ]
    described = [*(route.below(BASE) for route in api), *about]
    document.write([*_described(described)])
    routes = [Mount(BASE, routes=api), *about, Mount("/", page)]
    return _with_cors(Application(routes, paved=described), settings)


def _of_stream(endpoints: Endpoints) -> Iterator[DescribedRoute]:
    connections, ticketing = endpoints.connections, endpoints.ticketing
    yield _at("/notifications/stream", GET=(endpoints.stream.get, about_stream.STREAM))
    yield _at("/notifications/stream/tickets", POST=(ticketing.post, about_stream.TICKET))
    yield _at("/notifications/stream/renew", POST=(connections.renew, about_stream.RENEW))
    yield _at("/connections", GET=(connections.page, about_stream.CONNECTIONS))


def _of_notifications(endpoints: Endpoints) -> Iterator[DescribedRoute]:
    publishing, scheduling, inbox = endpoints.publishing, endpoints.scheduling, endpoints.inbox
    marks = {action: (inbox.post_mark(action), about_inbox.mark(action)) for action in ACTIONS}
    yield _at(
        "/notifications",
        GET=(inbox.page, about_inbox.LIST),
        POST=(publishing.post, about_publishing.PUBLISH),
    )
    yield _at("/notifications/scheduled", GET=(scheduling.page, about_publishing.SCHEDULED))
    yield _at("/notifications/scheduled/{id:uuid}", DELETE=(scheduling.delete, about_publishing.CANCEL))
    yield _at("/notifications/unread", GET=(inbox.unread, about_inbox.UNREAD), POST=marks.pop("unread"))
    for action, mark in marks.items():
        yield _at(f"/notifications/{action}", POST=mark)
    yield _at("/notifications/{id:uuid}", GET=(inbox.get, about_inbox.GET), PUT=(inbox.put, about_inbox.PUT))


def _of_rooms(endpoints: Endpoints) -> Iterator[DescribedRoute]:
    rooms, members = endpoints.rooms, endpoints.members
    yield _at("/rooms", GET=(rooms.page, about_rooms.LIST), POST=(rooms.post, about_rooms.CREATE))
    yield _at(
        "/rooms/{id}",
        GET=(rooms.get, about_rooms.GET),
        PATCH=(rooms.patch, about_rooms.PATCH),
        DELETE=(rooms.delete, about_rooms.DELETE),
    )
    yield _at(
        "/rooms/{id}/members",
        GET=(members.page, about_members.LIST),
        POST=(members.post, about_members.LET_IN),
    )
    yield _at(
        "/rooms/{id}/members/{user:path}",
        PUT=(members.put, about_members.PUT),
        DELETE=(members.delete, about_members.DELETE),
    )
    yield _at("/rooms/{id}/bans", GET=(members.bans, about_members.BANS))
    yield _at(
        "/rooms/{id}/bans/{user:path}",
        GET=(members.get_ban, about_members.GET_BAN),
        PUT=(members.ban, about_members.BAN),
        DELETE=(members.unban, about_members.UNBAN),
    )


def _of_messages(endpoints: Endpoints) -> Iterator[DescribedRoute]:
    messages, blocks = endpoints.messages, endpoints.blocks
    yield _at(
        "/rooms/{id}/messages",
        GET=(messages.page, about_messages.LIST),
        POST=(messages.post, about_messages.SEND),
    )
    yield _at(
        "/rooms/{id}/messages/{message_id:uuid}",
        GET=(messages.get, about_messages.GET),
        PATCH=(messages.patch, about_messages.EDIT),
        DELETE=(messages.delete, about_messages.DELETE),
    )
    yield _at("/rooms/{id}/read", POST=(messages.post_read, about_messages.READ))
    yield _at("/rooms/{id}/reads", GET=(messages.reads, about_messages.READS_OF_ROOM))
    yield _at("/rooms/{id}/typing", POST=(endpoints.typing.post, about_messages.TYPING))
    yield _at("/messages", POST=(messages.post_direct, about_messages.DIRECT))
    yield _at("/blocks", GET=(blocks.page, about_blocks.LIST))
    yield _at(
        "/blocks/{user:path}",
        GET=(blocks.get, about_blocks.GET),
        PUT=(blocks.put, about_blocks.PUT),
        DELETE=(blocks.delete, about_blocks.DELETE),
    )


def _of_preferences(endpoints: Endpoints) -> Iterator[DescribedRoute]:
    categories, preferences = endpoints.categories, endpoints.preferences
    yield _at("/categories", GET=(categories.page, about_preferences.CATEGORIES))
    yield _at(
        "/categories/{name}",
        PUT=(categories.put, about_preferences.DEFINE),
        DELETE=(categories.delete, about_preferences.UNDEFINE),
    )
    yield _at(
        "/preferences",
        GET=(preferences.get, about_preferences.GET),
        PUT=(preferences.put, about_preferences.PUT),
    )


def _of_accounts(accounts: AccountEndpoints) -> Iterator[DescribedRoute]:
    yield _at("/auth/register", POST=(accounts.register, about_accounts.REGISTER))
    yield _at("/auth/login", POST=(accounts.login, about_accounts.LOGIN))
    yield _at("/auth/refresh", POST=(accounts.refresh, about_accounts.REFRESH))
    yield _at("/auth/logout", POST=(accounts.logout, about_accounts.LOGOUT))
    yield _at("/auth/logout-everywhere", POST=(accounts.logout_everywhere, about_accounts.LOGOUT_EVERYWHERE))
    yield _at("/auth/password", POST=(accounts.password, about_accounts.PASSWORD))
    yield _at("/auth/users/{name}", GET=(accounts.find, about_accounts.FIND))
    yield _at(
        "/auth/me", GET=(accounts.get, about_accounts.GET), PATCH=(accounts.patch, about_accounts.PATCH)
    )


class DescribedRoute(Route):
    """A route, and what `/openapi.json` says of each of its methods."""

    def __init__(
        self, path: str, endpoints: Mapping[str, Endpoint], operations: Mapping[str, Operation]
    ) -> None:
        super().__init__(path, next(iter(endpoints.values())), methods=list(operations))
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


def _at(path: str, **by_method: tuple[Endpoint, Operation]) -> DescribedRoute:
    """Route all methods of a path at once, so that another method gets 405 with all that there are."""
    endpoints = {method: endpoint for method, (endpoint, _) in by_method.items()}
    operations = {method: operation for method, (_, operation) in by_method.items()}
    return DescribedRoute(path, endpoints, operations)


def _described(routes: Sequence[DescribedRoute]) -> Iterator[tuple[str, str, Operation]]:
    for route in routes:
        for method, operation in route.operations.items():
            yield method, route.path, operation


class Application(Crossroads):
    """The routes, with an answer for whoever finds none."""

    async def stray(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what no segment leads to."""
        scope["app"] = self  # with it Starlette says by an exception that there is none
        try:
            await super().stray(scope, receive, send)
        except HTTPException as error:
            response = problems.not_routed(Request(scope, receive, send), error)
            await response(scope, receive, send)


def _with_cors(application: ASGIApp, settings: Settings) -> ASGIApp:
    if not settings.cors_origins:
        return application
    return CORSMiddleware(
        application,
        allow_origins=list(settings.cors_origins),
        allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "Last-Event-ID"],
    )
