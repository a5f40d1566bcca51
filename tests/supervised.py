"""Supervised: a long task under a supervisor of its own, for the time of a block."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from lumen_notify.supervisor import Supervisor


@asynccontextmanager
async def supervised(run: Callable[[], Awaitable[None]]) -> AsyncIterator[Supervisor]:
    """Run a task until the end of the block. Its name is `task`."""
    supervisor = Supervisor()
    supervisor.start("task", run)
    try:
        yield supervisor
    finally:
        await supervisor.stop("task")
