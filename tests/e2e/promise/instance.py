"""Instance: one `Lumen` of a run, behind two uvicorn servers that stay while it restarts."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

from clients import eventually, serve
from lumen_notify import Lumen, Settings
from lumen_notify.deliver.connection.handover import HandoverProtocol
from lumen_notify.services import Services

from .steps import USERS
from .unreliable_backplane import UnreliableBackplane


class Instance:
    """One instance. base_urls: by `is_handed_over`: a uvicorn with the hand-over, and one without."""

    def __init__(self) -> None:
        self.base_urls: dict[bool, str] = {}
        self.lumen: Lumen | None = None
        self.backplane: UnreliableBackplane

    async def serve(self, stack: AsyncExitStack) -> None:
        """Start the two servers; they end with the stack."""
        for is_handed_over, options in ((True, {"http": HandoverProtocol}), (False, {})):
            server = serve(self.answer, **options)
            self.base_urls[is_handed_over] = await stack.enter_async_context(server)

    @property
    def is_open(self) -> bool:
        """Whether Lumen is open: false while it opens or closes."""
        return self.lumen is not None and self.lumen._services is not None

    @property
    def services(self) -> Services:
        assert self.lumen is not None
        assert self.lumen._services is not None
        return self.lumen._services

    async def open(self, settings: Settings, clock: Callable[[], int]) -> None:
        """Open Lumen, with a backplane that can be made to fail."""
        self.lumen = Lumen(settings, clock=clock)
        await self.lumen.open()
        self.backplane = UnreliableBackplane(self.services.backplane)
        self.services.backplane = self.backplane

    async def close(self) -> None:
        assert self.lumen is not None
        await self.lumen.close()
        self.lumen = None

    async def has_no_streams(self) -> None:
        """Return once all streams are let go. Asserts that nothing is kept of them."""
        streams = self.services.streams
        await eventually(lambda: len(streams) == 0, what="the streams to be let go")
        assert streams._hub.channels == {}
        assert streams._hub._channels_by_room == {}

    def ping_all(self) -> None:
        """Send a ping to every open stream, as after a long silence."""
        streams = self.services.streams
        for user in USERS:
            for connection in streams.of_user(user):
                streams.timers.ping(connection)

    async def answer(self, scope: Any, receive: Any, send: Any) -> None:
        assert self.lumen is not None
        await self.lumen.app(scope, receive, send)
