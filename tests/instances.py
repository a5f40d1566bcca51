"""Instances: several Lumens on one database in one loop, each behind a server of its own.

Their messages go from one to the others at once, as JSON, in place of the backplane's. Not here: one Lumen
with its users (`sites`).
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx

from clients import SECRET, Api, EventStream, serve, token
from lumen_notify import Lumen, Settings
from lumen_notify.deliver.connection.handover import HandoverProtocol
from lumen_notify.model import now_ms, to_json
from lumen_notify.services import Services
from lumen_notify.settings import Secret


@dataclass
class Instance:
    """A running Lumen. is_deaf: the messages of the others are lost."""

    lumen: Lumen
    base_url: str
    http: httpx.AsyncClient
    others: list[Instance] = field(default_factory=list)
    is_deaf: bool = False

    @property
    def services(self) -> Services:
        assert self.lumen._services is not None
        return self.lumen._services

    def api(self, user: str) -> Api:
        return Api(self.http, user)

    async def stream(self, user: str, **query: str) -> EventStream:
        return await EventStream.open(self.base_url, token(user), query=query)

    def send(self, name: str, fields: Mapping[str, Any]) -> None:
        text = to_json(fields)
        assert len(text.encode()) <= 4096
        for other in self.others:
            if not other.is_deaf:
                other.services.messages.receive(name, json.loads(text))

    async def pause(self) -> None:
        """Stop reporting and renewing, as a process that is paused or killed. Its streams stay open."""
        await self.services.supervisor.stop("presence")

    def resume(self) -> None:
        """Go on, as a process that was paused."""
        self.services.supervisor.start("presence", self.services.tracking.tracker.run)


@contextlib.asynccontextmanager
async def open_instances(
    database_url: str, number: int, *, ahead_ms: Sequence[int] = (), **settings: Any
) -> AsyncIterator[list[Instance]]:
    """Run Lumens that share a database; on SQLite the same one takes the place of all. ahead_ms: how far the
    clock of each is ahead; by default none is."""
    given = Settings(database_url=database_url, jwt_secret=Secret(SECRET), rate_limits="off", **settings)
    async with contextlib.AsyncExitStack() as stack:
        instances = []
        is_alone = database_url.startswith("sqlite")
        for ahead in [0] if is_alone else ahead_ms or [0] * number:
            clock = partial(_clock, ahead)
            lumen = await stack.enter_async_context(Lumen(given, clock=clock))
            base_url = await stack.enter_async_context(serve(lumen.app, http=HandoverProtocol))
            http = await stack.enter_async_context(httpx.AsyncClient(base_url=base_url, timeout=30))
            instances.append(Instance(lumen, base_url, http))
        for one in instances:
            one.others = [other for other in instances if other is not one]
            tracking = one.services.tracking
            tracking.announcer._send = tracking.limit._send = one.send
        yield instances * number if is_alone else instances


def _clock(ahead_ms: int) -> int:
    return now_ms() + ahead_ms
