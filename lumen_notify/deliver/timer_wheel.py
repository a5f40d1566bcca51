"""Wheel: the one timer for all streams: pings, warnings, ends.

Every item stands in one slot of one second. A turn asks each item of the slots that are due when it
wants to be asked again. No task and no timer of its own for any stream.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Generic, Protocol, TypeVar


class Slotted(Protocol):
    """What can stand in a wheel. slot: the second at which it stands, 0 as long as it never has."""

    slot: int


Item = TypeVar("Item", bound=Slotted)


class Wheel(Generic[Item]):
    """Asks items at their time. check: gets an item and returns the second at which to ask again,
    or None to let it go. clock: monotonic seconds. now: whole seconds, as of the last turn."""

    def __init__(self, check: Callable[[Item], int | None], clock: Callable[[], float]) -> None:
        self._check = check
        self._clock = clock
        self._slots: dict[int, set[Item]] = {}
        self.now = int(clock())
        self._task: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return sum(map(len, self._slots.values()))

    def __iter__(self) -> Iterator[Item]:
        for slot in self._slots.values():
            yield from slot

    def put(self, item: Item, at: int) -> None:
        """Ask the item at a second of the clock, or at the next turn if that has passed."""
        self.drop(item)
        item.slot = max(at, self.now + 1)
        self._slots.setdefault(item.slot, set()).add(item)

    def drop(self, item: Item) -> None:
        """Never ask the item again, unless it is put in again."""
        slot = self._slots.get(item.slot)
        if slot is not None:
            slot.discard(item)
            if not slot:
                del self._slots[item.slot]

    def turn(self) -> None:
        """Ask all items that are due by now."""
        before, self.now = self.now, int(self._clock())
        for second in range(before + 1, self.now + 1):
            for item in self._slots.pop(second, ()):
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
