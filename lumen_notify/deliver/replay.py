"""Replay: the newest events, kept in memory so that a reconnect storm leaves the database alone.

Promises: an answer is complete, or None; never a part. A frame is made when it is first asked for, and kept:
most events concern nobody here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from heapq import merge
from operator import attrgetter

from lumen_notify.deliver.frames import Frame, frame_of
from lumen_notify.model import Audience, Event

MAX_BYTES = 64 * 1024 * 1024
"""Memory for what is kept, whatever the number of events."""

ENTRY_BYTES = 200
"""What an event takes besides its body, roughly."""

_POSITION = attrgetter("position")


class Entry:
    """An event that is kept, or the frame that was made of it. size_bytes: about what it takes."""

    __slots__ = ("_epoch", "_made", "audience", "position", "size_bytes")

    def __init__(self, event: Event, epoch: str) -> None:
        self.position = event.position
        self.audience = event.audience
        self.size_bytes = len(event.body) + ENTRY_BYTES
        self._epoch = epoch
        self._made: Event | Frame = event

    @property
    def frame(self) -> Frame:
        """The same each time."""
        if isinstance(self._made, Event):
            self._made = frame_of(self._made, self._epoch)
        return self._made


class Replay:
    """Entries by audience, ascending. position: of the newest event before the first one kept."""

    def __init__(self, *, position: int, max_events: int) -> None:
        self.floor = position
        self._max_events = max_events
        self._order: deque[Entry] = deque()
        self._by_audience: dict[Audience, deque[Entry]] = {}
        self._size_bytes = 0

    def append(self, entries: Sequence[Entry]) -> None:
        """Keep new entries, contiguous with what is kept; drop the oldest beyond the bounds."""
        for entry in entries:
            self._order.append(entry)
            mine = self._by_audience.get(entry.audience)
            if mine is None:
                self._by_audience[entry.audience] = deque((entry,))
            else:
                mine.append(entry)
            self._size_bytes += entry.size_bytes
        while len(self._order) > self._max_events or self._size_bytes > MAX_BYTES:
            self._drop_oldest()

    def since(self, position: int, audiences: Sequence[Audience]) -> list[Frame] | None:
        """Return all frames after a position, ascending; None if the oldest are no longer kept."""
        if position < self.floor:
            return None
        found = [
            _after(position, self._by_audience[audience])
            for audience in audiences
            if audience in self._by_audience
        ]
        entries = found[0] if len(found) == 1 else merge(*found, key=_POSITION)
        return [entry.frame for entry in entries]

    def restart(self, position: int) -> None:
        """Forget all, to go on after a position."""
        self._order.clear()
        self._by_audience.clear()
        self._size_bytes = 0
        self.floor = position

    def _drop_oldest(self) -> None:
        entry = self._order.popleft()
        mine = self._by_audience[entry.audience]
        mine.popleft()
        if not mine:
            del self._by_audience[entry.audience]
        self._size_bytes -= entry.size_bytes
        self.floor = entry.position


def _after(position: int, entries: deque[Entry]) -> list[Entry]:
    newest: list[Entry] = []
    for entry in reversed(entries):
        if entry.position <= position:
            break
        newest.append(entry)
    newest.reverse()
    return newest
