"""App: a notification centre as one object; the application to serve or mount, and the library.

Not here: what it is built of (`parts`, `endpoints`), which path leads where (`routes`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Self

from starlette.types import ASGIApp, Receive, Scope, Send

from lumen_notify.api import routes
from lumen_notify.api.endpoints import Endpoints
from lumen_notify.auth import demo_secret, secret_path
from lumen_notify.commit.notifications.publication import Published
from lumen_notify.errors import Misconfigured
from lumen_notify.model import now_ms
from lumen_notify.notifier import SYSTEM, Notifier
from lumen_notify.services import Parts
from lumen_notify.settings import Settings


class Lumen(Notifier):
    """A notification centre: an ASGI application (`app`), and the same without HTTP (`publish`, and what
    `Notifier` has).

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
        self._parts: Parts | None = None
        self._endpoints: Endpoints | None = None
        self._application: ASGIApp | None = None
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
                self._parts = await Parts.open(self.settings, self._clock)
                self._endpoints = Endpoints.of(self._parts, self.settings, self._clock)
                self._application = routes.build(self.settings, self._endpoints)

    async def close(self) -> None:
        """End all streams with `closing`, finish what waits to be committed, disconnect."""
        async with self._opening:
            parts, self._parts = self._parts, None
            self._endpoints = self._application = None
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
        if self._application is None:
            await self.open()
        assert self._application is not None
        await self._application(scope, receive, send)

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

        user_id: the recipient; or `to`, as in the HTTP body: `{"users": [...]}`, `{"room": id}`,
        `{"all": True}`. sender: `{"id", "username"?, "avatar"?}`; without it the sender is `system`. fields:
        title, data, priority, deliver_at, expires_at, group_key. Raises Invalid, NotFound (of a room),
        RateLimited, Unavailable.
        """
        publisher = (self._endpoints or await self._opened()).publisher
        given = {"to": to or {"user": user_id}, "category": category, "content": content, **fields}
        if sender is not None:
            given["sender"] = dict(sender)
        (published,) = await publisher.publish([publisher.body(given)], SYSTEM)
        return published

    async def _opened(self) -> Endpoints:
        if self._endpoints is None:
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
