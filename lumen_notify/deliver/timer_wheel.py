"""Timer wheel: one timer for many items, such as the pings and expiries of all streams.

Every item is in one slot; a slot is one second. A tick calls `check` for each item of the slots that are due,
and schedules the item again for the second that `check` returns. No item has a task or a timer of its own.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from typing import Generic, Protocol, TypeVar


class Schedulable(Protocol):
    """An item for a timer wheel. slot: the second that it is scheduled for; 0 before it ever was."""

    slot: int


Item = TypeVar("Item", bound=Schedulable)

_log = logging.getLogger("lumen_notify.timers")


class TimerWheel(Generic[Item]):
    """Calls `check` for each item at its time.

    check: returns the second at which to check the item again, or None to remove it. on_failure: ends an item
    whose check raised; the exception has been logged and the item removed. clock: monotonic seconds. now:
    whole seconds, as of the last tick.
    """

    def __init__(
        self,
        check: Callable[[Item], int | None],
        clock: Callable[[], float],
        *,
        on_failure: Callable[[Item], None],
    ) -> None:
        self._check = check
        self._on_failure = on_failure
        self._clock = clock
        self._slots: dict[int, set[Item]] = {}
        self.now = int(clock())

    def __len__(self) -> int:
        return sum(map(len, self._slots.values()))

    def __iter__(self) -> Iterator[Item]:
        for slot in self._slots.values():
            yield from slot

    def schedule(self, item: Item, at: int) -> None:
        """Check the item at a second of the clock, or at the next tick if that has passed. Replaces its
        earlier time."""
        self.cancel(item)
        item.slot = max(at, self.now + 1)
        self._slots.setdefault(item.slot, set()).add(item)

    def cancel(self, item: Item) -> None:
        """Remove the item, if it is scheduled."""
        slot = self._slots.get(item.slot)
        if slot is not None:
            slot.discard(item)
            if not slot:
                del self._slots[item.slot]

    def tick(self) -> None:
        """Check all items that are due by now, even if a check raises."""
        before, self.now = self.now, int(self._clock())
        for second in range(before + 1, self.now + 1):
            remaining = iter(self._slots.pop(second, ()))
            while True:
                try:
                    for item in remaining:
                        again = self._check(item)
                        if again is not None:
                            self.schedule(item, again)
                    break
                except Exception:  # noqa: BLE001 - one item fails, whatever it is
                    self._fail(item)  # type: ignore[possibly-undefined]  # only the loop raises

    async def run(self) -> None:
        """Tick once a second until it is cancelled."""
        while True:
            await asyncio.sleep(1.0 - self._clock() % 1.0)
            self.tick()

    def _fail(self, item: Item) -> None:
        _log.exception("A check failed.")
        self.cancel(item)  # the check may have scheduled it
        try:
            self._on_failure(item)
        except Exception:  # noqa: BLE001 - the other items are still to be checked
            _log.exception("An item could not be ended.")
