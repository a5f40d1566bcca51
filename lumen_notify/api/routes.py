"""Routes: which path leads where, and what stands before and behind them all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.routing import BaseRoute, Mount, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from lumen_notify.accept.accounts.accounts import AccountEndpoints
from lumen_notify.api.endpoints import Endpoints
from lumen_notify.api.openapi import Document
from lumen_notify.api.openapi.operations import accounts as about_accounts
from lumen_notify.api.openapi.operations import blocks as about_blocks
from lumen_notify.api.openapi.operations import inbox as about_inbox
from lumen_notify.api.openapi.operations import members as about_members
from lumen_notify.api.openapi.operations import messages as about_messages
from lumen_notify.api.openapi.operations import preferences as about_preferences
from lumen_notify.api.openapi.operations import process as about_process
from lumen_notify.api.openapi.operations import publishing as about_publishing
from lumen_notify.api.openapi.operations import rooms as about_rooms
from lumen_notify.api.openapi.operations import stream as about_stream
from lumen_notify.api.pages import Page
from lumen_notify.api.route import DescribedRoute, at
from lumen_notify.commit.notifications.marks import ACTIONS
from lumen_notify.http import problems
from lumen_notify.model import BASE
from lumen_notify.settings import Settings

HOT = (
    ("POST", f"{BASE}/notifications"),
    ("POST", f"{BASE}/rooms/{{id}}/messages"),
    ("GET", f"{BASE}/notifications/stream"),
    ("POST", f"{BASE}/rooms/{{id}}/read"),
    ("POST", f"{BASE}/notifications/read"),
)
"""The routes that take most requests. The router tries them first: each try takes 0.5 to 1 microseconds."""


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
        at("/healthz", GET=(endpoints.health.healthz, about_process.HEALTHZ)),
        at("/readyz", GET=(endpoints.health.readyz, about_process.READYZ)),
        at("/metrics", GET=(endpoints.health.metrics, about_process.METRICS)),
        at("/openapi.json", GET=(document.get, about_process.DOCUMENT)),
        at("/docs", GET=(page.docs, about_process.DOCS)),
    ]
    api = [route.below(BASE) for route in api]
    document.write(
        [
            (method, route.path, about)
            for route in (*api, *about)
            for method, about in route.operations.items()
        ]
    )
    api.sort(key=_rank)
    return _with_cors(Application(api=api, rest=[*about, Mount("/", page)]), settings)


def _of_stream(endpoints: Endpoints) -> Iterator[DescribedRoute]:
    connections, ticketing = endpoints.connections, endpoints.ticketing
    yield at("/notifications/stream", GET=(endpoints.stream.get, about_stream.STREAM))
    yield at("/notifications/stream/tickets", POST=(ticketing.post, about_stream.TICKET))
    yield at("/notifications/stream/renew", POST=(connections.renew, about_stream.RENEW))
    yield at("/connections", GET=(connections.page, about_stream.CONNECTIONS))


def _of_notifications(endpoints: Endpoints) -> Iterator[DescribedRoute]:
    publishing, scheduling, inbox = endpoints.publishing, endpoints.scheduling, endpoints.inbox
    marks = {action: (inbox.post_mark(action), about_inbox.mark(action)) for action in ACTIONS}
    yield at(
        "/notifications",
        GET=(inbox.page, about_inbox.LIST),
        POST=(publishing.post, about_publishing.PUBLISH),
    )
    yield at("/notifications/scheduled", GET=(scheduling.page, about_publishing.SCHEDULED))
    yield at("/notifications/scheduled/{id:uuid}", DELETE=(scheduling.delete, about_publishing.CANCEL))
    yield at("/notifications/unread", GET=(inbox.unread, about_inbox.UNREAD), POST=marks.pop("unread"))
    for action, mark in marks.items():
        yield at(f"/notifications/{action}", POST=mark)
    yield at("/notifications/{id:uuid}", GET=(inbox.get, about_inbox.GET), PUT=(inbox.put, about_inbox.PUT))


def _of_rooms(endpoints: Endpoints) -> Iterator[DescribedRoute]:
    rooms, members = endpoints.rooms, endpoints.members
    yield at("/rooms", GET=(rooms.page, about_rooms.LIST), POST=(rooms.post, about_rooms.CREATE))
    yield at(
        "/rooms/{id}",
        GET=(rooms.get, about_rooms.GET),
        PATCH=(rooms.patch, about_rooms.PATCH),
        DELETE=(rooms.delete, about_rooms.DELETE),
    )
    yield at(
        "/rooms/{id}/members",
        GET=(members.page, about_members.LIST),
        POST=(members.post, about_members.LET_IN),
    )
    yield at(
        "/rooms/{id}/members/{user:path}",
        PUT=(members.put, about_members.PUT),
        DELETE=(members.delete, about_members.DELETE),
    )
    yield at("/rooms/{id}/bans", GET=(members.bans, about_members.BANS))
    yield at(
        "/rooms/{id}/bans/{user:path}",
        GET=(members.get_ban, about_members.GET_BAN),
        PUT=(members.ban, about_members.BAN),
        DELETE=(members.unban, about_members.UNBAN),
    )


def _of_messages(endpoints: Endpoints) -> Iterator[DescribedRoute]:
    messages, blocks = endpoints.messages, endpoints.blocks
    yield at(
        "/rooms/{id}/messages",
        GET=(messages.page, about_messages.LIST),
        POST=(messages.post, about_messages.SEND),
    )
    yield at(
        "/rooms/{id}/messages/{message_id:uuid}",
        GET=(messages.get, about_messages.GET),
        PATCH=(messages.patch, about_messages.EDIT),
        DELETE=(messages.delete, about_messages.DELETE),
    )
    yield at("/rooms/{id}/read", POST=(messages.post_read, about_messages.READ))
    yield at("/rooms/{id}/reads", GET=(messages.reads, about_messages.READS_OF_ROOM))
    yield at("/rooms/{id}/typing", POST=(endpoints.typing.post, about_messages.TYPING))
    yield at("/messages", POST=(messages.post_direct, about_messages.DIRECT))
    yield at("/blocks", GET=(blocks.page, about_blocks.LIST))
    yield at(
        "/blocks/{user:path}",
        GET=(blocks.get, about_blocks.GET),
        PUT=(blocks.put, about_blocks.PUT),
        DELETE=(blocks.delete, about_blocks.DELETE),
    )


def _of_preferences(endpoints: Endpoints) -> Iterator[DescribedRoute]:
    categories, preferences = endpoints.categories, endpoints.preferences
    yield at("/categories", GET=(categories.page, about_preferences.CATEGORIES))
    yield at(
        "/categories/{name}",
        PUT=(categories.put, about_preferences.DEFINE),
        DELETE=(categories.delete, about_preferences.UNDEFINE),
    )
    yield at(
        "/preferences",
        GET=(preferences.get, about_preferences.GET),
        PUT=(preferences.put, about_preferences.PUT),
    )


def _of_accounts(accounts: AccountEndpoints) -> Iterator[DescribedRoute]:
    yield at("/auth/register", POST=(accounts.register, about_accounts.REGISTER))
    yield at("/auth/login", POST=(accounts.login, about_accounts.LOGIN))
    yield at("/auth/refresh", POST=(accounts.refresh, about_accounts.REFRESH))
    yield at("/auth/logout", POST=(accounts.logout, about_accounts.LOGOUT))
    yield at("/auth/logout-everywhere", POST=(accounts.logout_everywhere, about_accounts.LOGOUT_EVERYWHERE))
    yield at("/auth/password", POST=(accounts.password, about_accounts.PASSWORD))
    yield at("/auth/users/{name}", GET=(accounts.find, about_accounts.FIND))
    yield at("/auth/me", GET=(accounts.get, about_accounts.GET), PATCH=(accounts.patch, about_accounts.PATCH))


def _rank(route: DescribedRoute) -> int:
    """Return the place of a route: the hot ones first, as the router tries one after the other."""
    return min(
        (HOT.index((method, route.path)) for method in route.methods or () if (method, route.path) in HOT),
        default=len(HOT),
    )


class Application:
    """Two routers of Starlette: one for all paths below `BASE`, one for the rest with the page as its last.

    Both answer unknown paths and other methods by a problem document.
    """

    def __init__(self, *, api: Sequence[BaseRoute], rest: Sequence[BaseRoute]) -> None:
        self._api = Router(api)
        self._rest = Router(rest)

    @property
    def routes(self) -> Sequence[BaseRoute]:
        """All routes, in the order in which they are tried."""
        return [*self._api.routes, *self._rest.routes]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request: ASGI 3."""
        path: str = scope["path"]
        is_api = path.startswith(BASE + "/", len(scope.get("root_path", "")))
        scope["app"] = self  # with it Starlette's router raises instead of answering with plain text
        try:
            await (self._api if is_api else self._rest)(scope, receive, send)
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
