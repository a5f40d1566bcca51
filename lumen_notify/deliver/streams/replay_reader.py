"""Missed: what a client has missed since its cursor, from memory or from the database.

A room's events are a user's as long as he is in it: from the position at which he joined to the event
that told him that he left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from lumen_notify.commit.log import PAGE_EVENTS, Head
from lumen_notify.deliver.frames import AbsoluteCountsFrame, Frame, frame_of
from lumen_notify.deliver.hub import Hub
from lumen_notify.model import EVERYONE, Audience, Counts, Cursor, Event

NOW = 2**63
"""After every position."""


class LogReader(Protocol):
    """What it needs of `commit.log.Log`."""

    async def head(self) -> Head:
        """Read where the log is."""

    async def for_audiences(
        self, audiences: Sequence[Audience], *, after: int, up_to: int
    ) -> Sequence[Event]:
        """Read the next events of some audiences: ascending, at most PAGE_EVENTS."""


def audiences_of(user_id: str, rooms: Mapping[str, int]) -> list[Audience]:
    """Return whose events concern a user who is in some rooms."""
    return [Audience.user(user_id), EVERYONE, *map(Audience.room, rooms)]


class Missed:
    """Finds it. max_bytes: more is not looked for."""

    def __init__(self, hub: Hub, log: LogReader, *, max_bytes: int) -> None:
        self._hub = hub
        self._log = log
        self._max_bytes = max_bytes

    async def since(self, cursor: Cursor, user_id: str, counts: Counts) -> list[Frame] | None:
        """Return all frames after the cursor, up to this very moment; None if that cannot be.

        counts: say in which rooms the user is, and since when.
        """
        audiences = audiences_of(user_id, counts.since)
        while True:
            found = await self._read(cursor.position, audiences)
            if found is None:
                return None
            # No await from here on to the return.
            left = [
                (*frame.left, frame.position)
                for frame in found
                if isinstance(frame, AbsoluteCountsFrame) and frame.left
            ]
            more = {Audience.room(room_id) for room_id, _, _ in left}.difference(audiences)
            if not more:
                break
            audiences += sorted(more)
        spans = [(room_id, since, NOW) for room_id, since in counts.since.items()] + left
        return [frame for frame in found if _is_within(frame, spans)]

    async def _read(self, reached: int, audiences: Sequence[Audience]) -> list[Frame] | None:
        older: list[Frame] = []
        while (newer := self._hub.replay.since(reached, audiences)) is None:
            up_to = self._hub.position
            page = await self._log.for_audiences(audiences, after=reached, up_to=up_to)
            if (await self._log.head()).floor > reached:
                return None  # asked after the page was read: retention may have run in between
            older += [frame_of(event, self._hub.epoch) for event in page]
            reached = page[-1].position if len(page) == PAGE_EVENTS else up_to
            if self._is_too_much(older):
                return None
        missed = older + newer
        return None if self._is_too_much(missed) else missed

    def _is_too_much(self, missed: Sequence[Frame]) -> bool:
        return sum(frame.size_bytes for frame in missed) > self._max_bytes


def _is_within(frame: Frame, spans: Sequence[tuple[str, int, int]]) -> bool:
    room_id = frame.room_id
    return room_id is None or any(
        room == room_id and since < frame.position < until for room, since, until in spans
    )
