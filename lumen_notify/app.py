"""App: builds the parts, connects them, opens and closes them; the routes.

    accept  ->  commit  ->  deliver
    publishing   committer    tail -> hub -> channel -> outlet
    inbox        log          welcome (replay, loader), streams (wheel)

`accept` and `deliver` meet only here: the committer is given the tail's `announce`.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import secrets
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from lumen_notify.accept import problems
from lumen_notify.accept.health import Health
from lumen_notify.accept.inbox import InboxEndpoints
from lumen_notify.accept.publishing import Publishing
from lumen_notify.accept.ticketing import Ticketing
from lumen_notify.auth import Tickets, Verifier, demo_secret
from lumen_notify.commit.committer import Committer
from lumen_notify.commit.counts import UnreadCounts
from lumen_notify.commit.database import Database
from lumen_notify.commit.log import Log
from lumen_notify.commit.marks import ACTIONS, Mark, mark
from lumen_notify.commit.migrations import migrate
from lumen_notify.commit.notifications import Inbox, Publish, Published, publish
from lumen_notify.deliver.hub import Hub
from lumen_notify.deliver.loader import Loader
from lumen_notify.deliver.replay import Replay
from lumen_notify.deliver.stream import StreamEndpoint
from lumen_notify.deliver.streams import Streams
from lumen_notify.deliver.tail import Tail
from lumen_notify.deliver.welcome import Welcome
from lumen_notify.errors import LumenError, Misconfigured
from lumen_notify.model import now_ms
from lumen_notify.page import Page
from lumen_notify.settings import Settings

BASE = "/api/v1"

_log = logging.getLogger("lumen_notify")


class Lumen:
    """A notification centre: an ASGI application (`app`), and the same without HTTP (`publish`).

    It opens by itself at its first request or call. For a clean end give `lifespan` to the
    application that mounts it, or use `async with`. Settings without a key get a secret of their
    own in a file beside the database. clock: wall-clock milliseconds.
    """

    def __init__(self, settings: Settings | None = None, *, clock: Callable[[], int] = now_ms) -> None:
        settings = settings or Settings.from_env()
        if not settings.has_verification_key:
            settings = settings.with_(jwt_secret=demo_secret(secret_path(settings)))
        self.settings = settings
        self._clock = clock
        self._parts: _Parts | None = None
        self._opening = asyncio.Lock()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @asynccontextmanager
    async def lifespan(self, _app: object = None) -> AsyncIterator[None]:
        """Open and close with an application: `Starlette(lifespan=notify.lifespan)`."""
        async with self:
            yield

    async def open(self) -> None:
        """Connect, migrate, begin to commit and to deliver. Opening twice does nothing.

        Raises DatabaseUnavailable, Misconfigured.
        """
        async with self._opening:
            if self._parts is None:
                self._parts = await _Parts.open(self.settings, self._clock)

    async def close(self) -> None:
        """End all streams with `closing`, finish what waits to be committed, disconnect."""
        async with self._opening:
            parts, self._parts = self._parts, None
            if parts is not None:
                await parts.close()

    @property
    def app(self) -> ASGIApp:
        """The ASGI application: serve it, or mount it into yours."""
        return self

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request: ASGI 3."""
        if scope["type"] == "lifespan":
            await _lifespan(self, receive, send)
            return
        parts = self._parts or await self._opened()
        await parts.routes(scope, receive, send)

    async def publish(
        self,
        user_id: str | None = None,
        *,
        category: str,
        content: str,
        to: Mapping[str, Any] | None = None,
        sender: Mapping[str, Any] | None = None,
        **fields: Any,
    ) -> Published:
        """Publish one notification; return once it is committed.

        user_id: the recipient; or `to`, as in the HTTP body: `{"users": [...]}`, `{"all": True}`.
        sender: `{"id", "username"?, "avatar"?}`; without it the sender is `system`. fields: title,
        data, priority. Raises Invalid, Unavailable.
        """
        parts = self._parts or await self._opened()
        given = {"to": to or {"user": user_id}, "category": category, "content": content, **fields}
        if sender is not None:
            given["sender"] = dict(sender)
        system = {"id": "system", "username": "system", "avatar": None}
        (published,) = await parts.publishing.publish([parts.publishing.body(given)], system)
        return published

    async def _opened(self) -> _Parts:
        await self.open()
        assert self._parts is not None
        return self._parts


class _Parts:
    """Everything that is open while a Lumen is."""

    def __init__(
        self,
        *,
        database: Database,
        committer: Committer,
        tail: Tail,
        streams: Streams,
        publishing: Publishing,
        routes: Starlette,
    ) -> None:
        self.publishing = publishing
        self.streams = streams
        self.routes = routes
        self._database = database
        self._committer = committer
        self._tail = tail

    @classmethod
    async def open(cls, settings: Settings, clock: Callable[[], int]) -> _Parts:
        database = Database(settings.database_url)
        try:
            await database.open()
            await migrate(database)
            return await cls._build(database, settings, clock)
        except BaseException:
            await database.close()
            raise

    @classmethod
    async def _build(cls, database: Database, settings: Settings, clock: Callable[[], int]) -> _Parts:
        log = Log(database, clock)
        head = await log.open()
        tickets = Tickets(await _shared_key(database, "tickets"), clock)
        verifier = Verifier.from_settings(settings, clock)
        counts = UnreadCounts(database)

        replay = Replay(position=head.position, max_events=settings.replay_events)
        hub = Hub(epoch=head.epoch, position=head.position, replay=replay, clock=time.monotonic)
        streams = Streams(
            hub,
            ping_seconds=settings.ping_seconds,
            drain_seconds=settings.drain_seconds,
            max_stream_seconds=settings.max_stream_seconds,
            max_streams=settings.max_streams,
            max_streams_per_user=settings.max_streams_per_user,
            max_streams_per_address=settings.max_streams_per_address,
            clock=time.monotonic,
            wall_clock=clock,
        )
        welcome = Welcome(hub, Loader(counts.fetch), log, max_replay_bytes=settings.max_backlog_bytes // 2)
        tail = Tail(log, hub, lambda: len(hub.channels))
        committer = Committer(
            log,
            {Publish: publish, Mark: mark},
            announce=tail.announce,
            pace=tail.close_behind,
        )
        publishing = Publishing(
            verifier=verifier,
            committer=committer,
            max_body_bytes=settings.max_body_bytes,
            max_content_characters=settings.max_content_characters,
            max_batch_rows=settings.max_batch_rows,
        )
        inbox = InboxEndpoints(
            verifier=verifier,
            committer=committer,
            inbox=Inbox(database),
            counts=counts,
            max_body_bytes=settings.max_body_bytes,
        )
        stream = StreamEndpoint(
            verifier=verifier,
            tickets=tickets,
            streams=streams,
            welcome=welcome,
            max_backlog_bytes=settings.max_backlog_bytes,
            drain_seconds=settings.drain_seconds,
            clock=clock,
        )
        ticketing = Ticketing(verifier=verifier, tickets=tickets)
        health = Health(look=log.head, is_draining=lambda: streams.is_draining)
        routes = _routes(publishing, inbox, stream, ticketing, health)
        tail.start()
        committer.start()
        streams.wheel.start()
        return cls(
            database=database,
            committer=committer,
            tail=tail,
            streams=streams,
            publishing=publishing,
            routes=_application(routes, settings),
        )

    async def close(self) -> None:
        await self.streams.drain()
        await self._committer.close()
        await self._tail.close()
        await self.streams.wheel.close()
        await self._database.close()


def _routes(
    publishing: Publishing,
    inbox: InboxEndpoints,
    stream: StreamEndpoint,
    ticketing: Ticketing,
    health: Health,
) -> list[BaseRoute]:
    notifications = BASE + "/notifications"
    return [
        Route(notifications, publishing.post, methods=["POST"]),
        Route(notifications, inbox.page, methods=["GET"]),
        Route(notifications + "/stream", stream.get, methods=["GET"]),
        Route(notifications + "/stream/tickets", ticketing.post, methods=["POST"]),
        Route(notifications + "/unread", inbox.unread, methods=["GET"]),
        *(
            Route(f"{notifications}/{action}", inbox.post_mark(action), methods=["POST"])
            for action in ACTIONS
        ),
        Route(notifications + "/{id}", inbox.get, methods=["GET"]),
        Route(notifications + "/{id}", inbox.put, methods=["PUT"]),
        Route("/healthz", health.healthz),
        Route("/readyz", health.readyz),
        Mount("/", Page()),
    ]


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


async def _shared_key(database: Database, name: str) -> bytes:
    """Return a random key that all instances of this database share, made by the first."""
    value = base64.b64encode(secrets.token_bytes(32)).decode()
    async with database.transaction() as transaction:
        await transaction.run("open_key", name=name, value=value)
    ((kept,),) = await database.fetch("key", name=name)
    return base64.b64decode(kept)


def secret_path(settings: Settings) -> Path:
    """Return where the secret of a server without a key lies: beside the SQLite file, or here."""
    if settings.database_url.startswith("sqlite:///"):
        return Path(settings.database_url.removeprefix("sqlite:///") + ".secret")
    return Path("lumen-notify.secret")


async def _lifespan(lumen: Lumen, receive: Receive, send: Send) -> None:
    await receive()
    try:
        await lumen.open()
    except Misconfigured as error:
        await send({"type": "lifespan.startup.failed", "message": error.message})
        return
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await lumen.close()
    await send({"type": "lifespan.shutdown.complete"})
