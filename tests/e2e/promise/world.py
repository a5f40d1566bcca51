"""World: what outlives one run; the loop, the clock, and two uvicorns before whatever Lumen is open now."""

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
from lumen_notify.deliver.streams.count_loader import Loader
from lumen_notify.model import CountsSnapshot, Event, now_ms
from lumen_notify.services import Parts

from .direct import Direct
from .steps import USERS

TURNS_BETWEEN = (2, 30, 1000)
"""How often a fan-out lets others in between two channels: one of these, by its first position."""

TURNS_LATE = (0, 100, 0, 1000)
"""How often others come first when a count has been read, each in its turn."""

Result = TypeVar("Result")

fan_out = Hub.fan_out
load = Loader.load


class World:
    """base_urls: of a uvicorn that hands streams over, and of one that cannot. now: what Lumen's clock says;
    it stands still but for the steps that move it. drop: lets a database go, so that many runs fill no
    disk."""

    def __init__(
        self, new_database: Callable[[], str], drop: Callable[[str], None], runner: asyncio.Runner
    ) -> None:
        self.new_database = new_database
        self.drop = drop
        self.base_urls: dict[bool, str] = {}
        self.http = cast("httpx.AsyncClient", Direct(self._answer))
        self.lumen: Lumen | None = None
        self.now = now_ms()
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
        """Whether Lumen is: not while it opens or closes."""
        return self.lumen is not None and self.lumen._parts is not None

    @property
    def parts(self) -> Parts:
        assert self.lumen is not None
        assert self.lumen._parts is not None
        return self.lumen._parts

    def clock(self) -> int:
        return self.now

    async def open(self) -> None:
        for is_handed_over, options in ((True, {"http": HandoverProtocol}), (False, {})):
            server = serve(self._answer, **options)
            self.base_urls[is_handed_over] = await self._stack.enter_async_context(server)

    async def close(self) -> None:
        await self._stack.aclose()

    async def settle(self) -> None:
        """Let all that is due happen now, and not at any moment."""
        rounds = self.parts.rounds
        await rounds._look()
        await asyncio.gather(*rounds._under_way.values())

    def ping_all(self) -> None:
        """Send every open stream a ping, as after a long silence."""
        streams = self.parts.streams
        for user in USERS:
            for outlet in streams.of_user(user):
                streams._ping(outlet)

    def fan_out_slowly(
        self, hub: Hub, events: Sequence[Event], settled: Mapping[str, frozenset[str]] | None
    ) -> Iterator[None]:
        """Let others in for long between any two channels, as if there were very many; ping amid it all."""
        for _ in fan_out(hub, events, settled):
            self.is_fanning_out.set()
            if self.is_pinging and self.is_open:
                self.ping_all()
            yield from [None] * TURNS_BETWEEN[events[0].position % len(TURNS_BETWEEN)]
        self.is_fanning_out.clear()

    async def load_late(self, loader: Loader, user_id: str) -> CountsSnapshot:
        """Let much happen between the reading of a count and its use."""
        counts = await load(loader, user_id)
        for _ in range(next(self._turns_late)):
            await asyncio.sleep(0)
        return counts

    async def _answer(self, scope: Any, receive: Any, send: Any) -> None:
        assert self.lumen is not None
        await self.lumen.app(scope, receive, send)
