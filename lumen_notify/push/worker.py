"""Worker: takes what is due from the outbox, and pushes it. To come."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from lumen_notify.commit.database import Database
from lumen_notify.outages import Outage
from lumen_notify.push.dispatcher import Dispatcher
from lumen_notify.settings import Settings


class Worker:
    """Pushes. submit: the committer's. may_run: whether this instance pushes. outage: of its queries."""

    def __init__(
        self,
        _database: Database,
        _submit: Callable[[Any], Awaitable[Any]],
        _dispatcher: Dispatcher,
        _clock: Callable[[], int],
        _settings: Settings,
        *,
        may_run: Callable[[], bool],
        outage: Outage,
    ) -> None:
        self._may_run = may_run
        self._outage = outage
        self._closing = asyncio.Event()

    async def run(self) -> None:
        """Push, until it is closed and the page under way has ended."""
        await self._closing.wait()

    def close(self) -> None:
        """Take no more pushes."""
        self._closing.set()
