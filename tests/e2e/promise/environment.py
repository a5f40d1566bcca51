"""Environment: the event loop, the clock and two uvicorn servers, shared by all runs."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any, TypeVar, cast

import httpx

from clients import serve
from lumen_notify import Lumen
from lumen_notify.deliver.connection.handover import HandoverProtocol
from lumen_notify.deliver.hub import Hub
from lumen_notify.deliver.streams.count_loader import CountLoader
from lumen_notify.model import CountsSnapshot, Event, now_ms
from lumen_notify.services import Services

from .asgi_client import AsgiClient
from .steps import USERS

AHEAD_MS = 3_600_000
"""How far Lumen's clock is ahead at first. Tokens are issued by the real one, and must not be from the
future."""

TTL_SECONDS = 30 * 86_400
"""The lifetime of tokens: longer than any jump of the clock."""

TURNS_BETWEEN = (2, 30, 1000)
"""The number of loop iterations between two channels of a fan-out, selected by its first position."""

TURNS_LATE = (0, 100, 0, 1000)
"""The number of loop iterations after a count is read, in rotation."""

Result = TypeVar("Result")

fan_out = Hub.fan_out
load = CountLoader.load


class Environment:
    """The servers and the clock around the `Lumen` of the current run.

    base_urls: by `is_handed_over`: a uvicorn with the hand-over, and one without. now: the time of Lumen's
    clock, which only steps advance. drop: removes a database, so that many runs do not fill the disk.
    """

    def __init__(
        self, new_database: Callable[[], str], drop: Callable[[str], None], runner: asyncio.Runner
    ) -> None:
        self.new_database = new_database
        self.drop = drop
        self.base_urls: dict[bool, str] = {}
        self.http = cast("httpx.AsyncClient", AsgiClient(self._answer))
        self.lumen: Lumen | None = None
        self.began = self.now = now_ms() + AHEAD_MS
        self.is_pinging = False
        self.is_fanning_out = asyncio.Event()
        self._turns_late = itertools.cycle(TURNS_LATE)
        self._runner = runner
        self._stack = AsyncExitStack()

    def run(self, action: Awaitable[Result]) -> Result:
        async def within() -> Result:
            return await asyncio.wait_for(action, 60)

        return self._runner.run(within())

    @property
    def is_open(self) -> bool:
        """Whether Lumen is open: false while it opens or closes."""
        return self.lumen is not None and self.lumen._services is not None

    @property
    def services(self) -> Services:
        assert self.lumen is not None
        assert self.lumen._services is not None
        return self.lumen._services

    def clock(self) -> int:
        return self.now

    async def open(self) -> None:
        for is_handed_over, options in ((True, {"http": HandoverProtocol}), (False, {})):
            server = serve(self._answer, **options)
            self.base_urls[is_handed_over] = await self._stack.enter_async_context(server)

    async def close(self) -> None:
        await self._stack.aclose()

    async def settle(self) -> None:
        """Run everything that is due now, rather than at a random moment."""
        scheduler = self.services.scheduler
        await scheduler._look()
        await asyncio.gather(*scheduler._running.values())

    def ping_all(self) -> None:
        """Send a ping to every open stream, as after a long silence."""
        streams = self.services.streams
        for user in USERS:
            for connection in streams.of_user(user):
                streams.timers.ping(connection)

    def fan_out_slowly(
        self, hub: Hub, events: Sequence[Event], settled: Mapping[str, frozenset[str]] | None
    ) -> Iterator[None]:
        """Run other tasks between any two channels, as if there were very many, with pings in between."""
        for _ in fan_out(hub, events, settled):
            self.is_fanning_out.set()
            if self.is_pinging and self.is_open:
                self.ping_all()
            yield from [None] * TURNS_BETWEEN[events[0].position % len(TURNS_BETWEEN)]
        self.is_fanning_out.clear()

    async def load_late(self, loader: CountLoader, user_id: str) -> CountsSnapshot:
        """Run other tasks between the reading of a count and its use."""
        counts = await load(loader, user_id)
        for _ in range(next(self._turns_late)):
            await asyncio.sleep(0)
        return counts

    async def _answer(self, scope: Any, receive: Any, send: Any) -> None:
        assert self.lumen is not None
        await self.lumen.app(scope, receive, send)
