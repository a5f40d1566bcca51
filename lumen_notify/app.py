"""App: `Lumen`, the notification server as one object: an ASGI application and a library.

Not here: the objects that it consists of (`services`, `api/endpoints`) and the routes (`api/routes`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

from starlette.types import ASGIApp, Receive, Scope, Send

from lumen_notify.api import routes
from lumen_notify.api.endpoints import Endpoints
from lumen_notify.api.request_ids import RequestIds
from lumen_notify.api.web import DemoUser
from lumen_notify.auth import load_or_create_secret, mint, secret_path
from lumen_notify.commit.database.startup_errors import require_file
from lumen_notify.commit.notifications.publication import Published
from lumen_notify.errors import Misconfigured
from lumen_notify.metrics import Metrics
from lumen_notify.model import now_ms
from lumen_notify.notifier import SYSTEM, Notifier
from lumen_notify.services import Services
from lumen_notify.settings import Settings, variable

TOKEN_TTL_SECONDS = 3600

ON_OPEN: ContextVar[Callable[[Lumen], None] | None] = ContextVar("on_open", default=None)
"""Called with each Lumen that opens in the context: a server finds those inside the application it serves."""

_log = logging.getLogger("lumen_notify.app")


class Lumen(Notifier):
    """A notification server: an ASGI application (`app`), and a library (`publish` and the calls of
    `Notifier`).

    It opens itself at the first request or call, and logs a warning then. To close it cleanly, pass
    `lifespan` to the application that mounts it, or use `async with`: else a shutdown cuts streams off,
    without `closing`. Closed or not, it never keeps a process alive, and what was committed stays.

    If the settings have no key, it loads or creates a secret in a file beside the database. settings: None
    reads the environment. clock: wall-clock milliseconds.
    """

    def __init__(self, settings: Settings | None = None, *, clock: Callable[[], int] = now_ms) -> None:
        settings = settings or Settings.from_env()
        self._secret_folder: Path | None = None
        if not settings.has_verification_key:
            require_file(settings.database_url)  # or the secret beside it would be blamed
            path = secret_path(settings)
            settings = settings.with_(jwt_secret=load_or_create_secret(path))
            self._secret_folder = path.parent.absolute()
        self.settings = settings
        self.demo_users: Sequence[DemoUser] = ()  # set before it opens; see `PageConfig`
        self._clock = clock
        self._services: Services | None = None
        self._endpoints: Endpoints | None = None
        self._application: ASGIApp | None = None
        self._answer: ASGIApp | None = None  # the application with request ids
        self._opening = asyncio.Lock()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @asynccontextmanager
    async def lifespan(self, _app: object = None) -> AsyncIterator[None]:
        """Open and close together with an application: `Starlette(lifespan=notify.lifespan)`."""
        async with self:
            yield

    async def open(self) -> None:
        """Connect to the database, migrate it and start all services. Does nothing if already open.

        Raises DatabaseUnavailable, Misconfigured.
        """
        async with self._opening:
            if self._services is None:
                self._services = await Services.open(self.settings, self._clock)
                self._endpoints = Endpoints.of(self._services, self.settings, self._clock)
                self._application = routes.build(
                    self.settings,
                    self._endpoints,
                    secret_folder=self._secret_folder,
                    demo_users=self.demo_users,
                    tracer=self._services.tracer,
                )
                self._answer = RequestIds(self._application)
                if (on_open := ON_OPEN.get()) is not None:
                    on_open(self)

    def start_drain(self) -> None:
        """Start to end streams, before `close`: for a server that is told to stop. Writes that wait are
        answered within the drain time."""
        if self._services is not None:
            self._services.start_drain()

    @property
    def has_given_up(self) -> bool:
        """Whether a task has failed so often that only a new process can help."""
        return self._services is not None and self._services.supervisor.gave_up.is_set()

    @property
    def metrics(self) -> Metrics:
        """The metrics of an open Lumen."""
        assert self._services is not None
        return self._services.metrics

    async def close(self) -> None:
        """End all streams with `closing`, commit the pending commands and disconnect."""
        async with self._opening:
            services, self._services = self._services, None
            self._endpoints = self._application = self._answer = None
            if services is not None:
                await services.close()

    @property
    def app(self) -> ASGIApp:
        """The ASGI application, to serve or to mount."""
        return self

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request (ASGI 3)."""
        if scope["type"] == "lifespan":
            await _lifespan(self, receive, send)
            return
        if self._answer is None:
            await self._opened()
        assert self._answer is not None
        await self._answer(scope, receive, send)

    def token(
        self,
        user_id: str,
        *,
        ttl: float | timedelta = TOKEN_TTL_SECONDS,
        scope: str | Iterable[str] = (),
        name: str | None = None,
        avatar: str | None = None,
    ) -> str:
        """Return a token that this server accepts, for the page or the device of a user.

        ttl: how long it is valid, in seconds. scope: such as `notify:publish`, several as a list or separated
        by spaces. name, avatar: how the user is shown to others. Raises Invalid, and Misconfigured if the
        server has no secret to sign with, but a public key or a key set.
        """
        if self.settings.jwt_secret is None:
            raise Misconfigured([(variable("jwt_secret"), "is not set, so this server cannot make tokens")])
        return mint(
            self.settings.jwt_secret,
            user_id,
            ttl_seconds=ttl.total_seconds() if isinstance(ttl, timedelta) else ttl,
            scopes=scope.split() if isinstance(scope, str) else scope,
            display_name=name,
            avatar=avatar,
            audience=self.settings.jwt_audience,
            issuer=self.settings.jwt_issuer,
            clock=self._clock,
        )

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
        """Publish one notification; return when it is committed.

        user_id: the recipient. to: other recipients, as in the HTTP body: `{"users": [...]}`, `{"room": id}`
        or `{"all": True}`. sender: `{"id", "username"?, "avatar"?}`; by default `system`. fields: title,
        data, url, actions, icon, priority, push, devices, deliver_at, expires_at, group_key. Raises Invalid,
        NotFound (no such room), RateLimited, Unavailable.
        """
        publisher = (self._endpoints or await self._opened()).publisher
        given = {"to": to or {"user": user_id}, "category": category, "content": content, **fields}
        if sender is not None:
            given["sender"] = dict(sender)
        (published,) = await publisher.publish([publisher.body(given)], SYSTEM)
        return published

    async def _opened(self) -> Endpoints:
        if self._endpoints is None:
            if not self._opening.locked():
                _log.warning(
                    "Opened without a lifespan: a shutdown will cut streams off. Pass "
                    "lifespan=notify.lifespan to your application, or use `async with notify`. "
                    'See "Use it as a library" in the documentation.'
                )
            await self.open()
        assert self._endpoints is not None
        return self._endpoints


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
