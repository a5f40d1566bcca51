"""Pace: how many pushes a second a provider gets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from lumen_notify.rates import Rate

LATER_SECONDS = 2.0
"""The soonest that a push is due again which has not had its turn. Each next one is due a step later, so that
they come back as fast as the rate allows."""


class Pace:
    """The pace of one provider. rate: None for no limit. clock: monotonic seconds."""

    def __init__(self, rate: Rate | None, clock: Callable[[], float]) -> None:
        self._rate = rate
        self._clock = clock
        self._full_at = 0  # microseconds of the clock, as the next
        self._last_later = 0

    async def wait(self, starts_by: float) -> float:
        """Wait for the turn of a push and return 0; if it does not come by a time of the loop, return at once
        in how many seconds it is due again."""
        if self._rate is None:
            return 0.0
        now = int(self._clock() * 1_000_000)
        seconds = self._rate.wait_us(self._full_at, now) / 1_000_000
        if seconds > max(0.0, starts_by - asyncio.get_running_loop().time()):
            soonest = now + int(LATER_SECONDS * 1_000_000)
            self._last_later = max(soonest, self._last_later + self._rate.step_us)
            return (self._last_later - now) / 1_000_000
        self._full_at = self._rate.taken(self._full_at, now)
        if seconds > 0:
            await asyncio.sleep(seconds)
        return 0.0
