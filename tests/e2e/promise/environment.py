"""Environment: the event loop, the clock, the instances and the way to a random one, shared by all runs."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any, TypeVar, cast

import httpx

from lumen_notify.deliver.hub import Hub
from lumen_notify.deliver.streams.count_loader import CountLoader
from lumen_notify.model import CountsSnapshot, Event, now_ms

from .asgi_client import AsgiClient
from .instance import Instance

AHEAD_MS = 3_600_000
"""How far Lumen's clock is ahead at first. Tokens are issued by the real one, and must not be from the
future."""

TTL_SECONDS = 30 * 86_400
"""The lifetime of tokens: longer than any jump of the clock."""

TURNS_BETWEEN = (2, 30, 1000)
"""The number of loop iterations between two channels of a fan-out, selected by its first position."""

TURNS_LATE = (0, 100, 0, 1000)
"""The number of loop iterations after a count is read, in rotation."""

STEP_SECONDS = 300
"""How long one step may take. Thousands of loop iterations within a fan-out take long on a busy machine."""

Result = TypeVar("Result")

fan_out = Hub.fan_out
load = CountLoader.load


class Environment:
    """The instances of the current run and their clock.

    instances: all use one database. now: the time of their clock, which only steps advance. drop: removes a
    database, so that many runs do not fill the disk. backplane_url: of all instances; None for the default.
    compared: how often counts on streams were compared with the database.
    """

    def __init__(
        self,
        new_database: Callable[[], str],
        drop: Callable[[str], None],
        runner: asyncio.Runner,
        *,
        instances: int = 1,
        backplane_url: str | None = None,
    ) -> None:
        self.new_database = new_database
        self.drop = drop
        self.backplane_url = backplane_url
        self.instances = [Instance() for _ in range(instances)]
        self.http = cast("httpx.AsyncClient", AsgiClient(self._answer))
        self.began = self.now = now_ms() + AHEAD_MS
        self.is_pinging = False
        self.compared = 0
        self.is_fanning_out = asyncio.Event()
        self._random = random.Random(0)
        self._turns_late = itertools.cycle(TURNS_LATE)
        self._runner = runner
        self._stack = AsyncExitStack()

    def run(self, action: Awaitable[Result]) -> Result:
        async def within() -> Result:
            return await asyncio.wait_for(action, STEP_SECONDS)

        return self._runner.run(within())

    def clock(self) -> int:
        return self.now

    def route_by(self, seed: int) -> None:
        """Choose the instances of this run by a seed."""
        self._random.seed(seed)

    @property
    def open_instances(self) -> list[Instance]:
        return [instance for instance in self.instances if instance.is_open]

    def any_instance(self) -> Instance:
        """Return a random one of the open instances, as a load balancer without sticky sessions does."""
        return self._random.choice(self.open_instances)

    def base_url(self, *, is_handed_over: bool) -> str:
        """Return the address of a random instance."""
        return self.any_instance().base_urls[is_handed_over]

    def any_url(self) -> str:
        """Return the address of a random server of a random instance."""
        return self._random.choice(list(self.any_instance().base_urls.values()))

    async def open(self) -> None:
        for instance in self.instances:
            await instance.serve(self._stack)

    async def close(self) -> None:
        await self._stack.aclose()

    async def settle(self) -> None:
        """Run everything that is due now, on all instances at once, rather than at a random moment."""
        schedulers = [instance.services.jobs.scheduler for instance in self.open_instances]
        await asyncio.gather(*(scheduler._look() for scheduler in schedulers))
        running = [task for scheduler in schedulers for task in scheduler._running.values()]
        await asyncio.gather(*running)

    async def sample_counts(self) -> None:
        """Let each instance compare the counts of its next user, and assert that none ever differed."""
        for instance in self.open_instances:
            drift = instance.services.monitoring.count_drift
            before = drift.samples["equal"]
            if (user_id := drift._next_user()) is not None:
                await drift.sample(user_id)
            assert drift.drift == 0
            self.compared += drift.samples["equal"] - before

    def ping_all(self) -> None:
        """Send a ping to every open stream, as after a long silence."""
        for instance in self.open_instances:
            instance.ping_all()

    def fan_out_slowly(
        self, hub: Hub, events: Sequence[Event], settled: Mapping[str, frozenset[str]] | None
    ) -> Iterator[None]:
        """Run other tasks between any two channels, as if there were very many, with pings in between."""
        for _ in fan_out(hub, events, settled):
            self.is_fanning_out.set()
            if self.is_pinging:
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
        await self.any_instance().answer(scope, receive, send)
