"""Turns: a page takes a few milliseconds of the loop at a time, and streams get the rest."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from typing import TypeVar

TURN_SECONDS = 0.002
"""How long a page takes the loop at once."""

Item = TypeVar("Item")


async def in_turns(items: Iterable[Item], seconds: float = TURN_SECONDS) -> AsyncIterator[Item]:
    """Return the items one by one, and give the loop to others whenever the time is over."""
    ends_at = time.perf_counter() + seconds
    for one in items:
        yield one
        if time.perf_counter() >= ends_at:
            await asyncio.sleep(0)
            ends_at = time.perf_counter() + seconds
