"""Rounds: does one thing again and again, a little while apart.

Promise: whatever a round fails with, the next one comes.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from lumen_notify.errors import Unavailable

LOOK_SECONDS = 0.25
"""Between two rounds: each is a query by index that nearly always finds nothing."""

_log = logging.getLogger("lumen_notify.rounds")


class Rounds:
    """One task that goes round. name: for the log. turn: awaited in each round."""

    def __init__(self, name: str, turn: Callable[[], Awaitable[None]]) -> None:
        self._name = name
        self._turn = turn
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin with the first round."""
        self._task = asyncio.get_running_loop().create_task(self._run(), name=self._name)

    async def close(self) -> None:
        """Stop, perhaps amid a round."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            try:
                await self._turn()
            except Unavailable as error:
                _log.warning("a round of %s ended early: %s", self._name, error.message)
            except Exception:  # noqa: BLE001 - a defect in one round must not keep back the next
                _log.exception("a round of %s failed", self._name)
            await asyncio.sleep(LOOK_SECONDS)
