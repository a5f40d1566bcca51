"""Wheel: the one timer for all streams: pings, expiries.

Every item stands in one slot of one second. A turn asks each item of the slot that is due when it
wants to be asked again. No task and no timer of its own for any stream.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Item = TypeVar("Item", bound=Hashable)


class Wheel(Generic[Item]):
    """Asks items at their time. check: gets an item and returns the second at which to ask again,
    or None to let it go. clock: monotonic seconds. `now`: whole seconds, as of the last turn."""

    def __init__(self, check: Callable[[Item], int | None], clock: Callable[[], float]) -> None:
        self._check = check
        self._clock = clock
        self._slots: defaultdict[int, set[Item]] = defaultdict(set)
        self._turned_to = self.now = int(clock())
        self._task: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return sum(map(len, self._slots.values()))

    def put(self, item: Item, at: int) -> None:
        """Ask the item at a second of the clock, or at the next turn if that has passed."""
        self._slots[max(at, self._turned_to + 1)].add(item)

    def turn(self) -> None:
        """Ask all items that are due by now."""
        self.now = int(self._clock())
        while self._turned_to < self.now:
            self._turned_to += 1
            for item in self._slots.pop(self._turned_to, ()):
                again = self._check(item)
                if again is not None:
                    self.put(item, again)

    def start(self) -> None:
        """Turn once a second from now on."""
        self._task = asyncio.get_running_loop().create_task(self._run(), name="wheel")

    async def close(self) -> None:
        """Stop turning."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(1.0 - self._clock() % 1.0)
            self.turn()
