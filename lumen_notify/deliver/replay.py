"""Replay: the newest frames, kept in memory so that a reconnect storm leaves the database alone.

Promise: an answer is complete, or None; never a part.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from heapq import merge
from operator import attrgetter

from lumen_notify.deliver.frames import Frame

MAX_BYTES = 64 * 1024 * 1024
"""Memory for kept frames, whatever their number."""

_POSITION = attrgetter("position")


class Replay:
    """Frames by audience, ascending. position: of the newest event before the first one kept."""

    def __init__(self, *, position: int, max_events: int) -> None:
        self.floor = position
        self._max_events = max_events
        self._order: deque[Frame] = deque()
        self._by_audience: dict[str, deque[Frame]] = {}
        self._size_bytes = 0

    def append(self, frames: Sequence[Frame]) -> None:
        """Keep new frames, contiguous with what is kept; drop the oldest beyond the bounds."""
        for frame in frames:
            self._order.append(frame)
            self._by_audience.setdefault(frame.audience, deque()).append(frame)
            self._size_bytes += frame.size_bytes
        while len(self._order) > self._max_events or self._size_bytes > MAX_BYTES:
            self._drop_oldest()

    def since(self, position: int, audiences: Sequence[str]) -> list[Frame] | None:
        """Return all frames after a position, ascending; None if the oldest are no longer kept."""
        if position < self.floor:
            return None
        found = [
            _after(position, self._by_audience[audience])
            for audience in audiences
            if audience in self._by_audience
        ]
        return found[0] if len(found) == 1 else list(merge(*found, key=_POSITION))

    def restart(self, position: int) -> None:
        """Forget all, to go on after a position."""
        self._order.clear()
        self._by_audience.clear()
        self._size_bytes = 0
        self.floor = position

    def _drop_oldest(self) -> None:
        frame = self._order.popleft()
        mine = self._by_audience[frame.audience]
        mine.popleft()
        if not mine:
            del self._by_audience[frame.audience]
        self._size_bytes -= frame.size_bytes
        self.floor = frame.position


def _after(position: int, frames: deque[Frame]) -> list[Frame]:
    newest: list[Frame] = []
    for frame in reversed(frames):
        if frame.position <= position:
            break
        newest.append(frame)
    newest.reverse()
    return newest
