"""Loop lag: how late the event loop is, which every request and every stream then is too."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

SAMPLE_SECONDS = 0.25


class LoopLag:
    """Measures it. observe: gets the seconds of each sample. clock: monotonic seconds."""

    def __init__(self, observe: Callable[[float], None], clock: Callable[[], float]) -> None:
        self._observe = observe
        self._clock = clock

    async def run(self) -> None:
        """Measure until cancelled: a task of the supervisor."""
        while True:
            due_at = self._clock() + SAMPLE_SECONDS
            await asyncio.sleep(SAMPLE_SECONDS)
            self._observe(max(0.0, self._clock() - due_at))
