"""Replay reader: the frames that a client has missed since its cursor, from memory or from the database.

A user gets a room's events while they are a member: after the position at which they joined, up to their
`left` event.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from lumen_notify.commit.log import PAGE_EVENTS, Head
from lumen_notify.deliver.frames import AbsoluteCountsFrame, Frame, frame_of
from lumen_notify.deliver.hub import Hub
from lumen_notify.model import EVERYONE, Audience, Counts, Cursor, Event

END_OF_LOG = 2**63
"""After every position."""


class LogReader(Protocol):
    """The part of `commit.log.Log` that a replay needs."""

    async def head(self) -> Head:
        """Read the newest position and the floor."""

    async def for_audiences(
        self, audiences: Sequence[Audience], *, after: int, up_to: int
    ) -> Sequence[Event]:
        """Read the next events of some audiences: ascending, at most PAGE_EVENTS."""


def audiences_of(user_id: str, rooms: Mapping[str, int]) -> list[Audience]:
    """Return the audiences that a user in some rooms belongs to."""
    return [Audience.user(user_id), EVERYONE, *map(Audience.room, rooms)]


class ReplayReader:
    """Collects missed frames. max_bytes: stops at more, by `Frame.size_bytes`."""

    def __init__(self, hub: Hub, log: LogReader, *, max_bytes: int) -> None:
        self._hub = hub
        self._log = log
        self._max_bytes = max_bytes

    async def frames_after(self, cursor: Cursor, user_id: str, counts: Counts) -> list[Frame] | None:
        """Return all frames after the cursor, up to this very moment; None if they cannot be served.

        counts: its `since` says in which rooms the user is, and from which position on. Raises
        DatabaseUnavailable.
        """
        audiences = audiences_of(user_id, counts.since)
        while True:
            frames = await self._read(cursor.position, audiences)
            if frames is None:
                return None
            # No await from here on to the return.
            left = [
                (*frame.left, frame.position)
                for frame in frames
                if isinstance(frame, AbsoluteCountsFrame) and frame.left
            ]
            left_rooms = {Audience.room(room_id) for room_id, _, _ in left}.difference(audiences)
            if not left_rooms:
                break
            audiences += sorted(left_rooms)  # the user was in these rooms for a part of the time
        memberships = [(room_id, since, END_OF_LOG) for room_id, since in counts.since.items()] + left
        return [frame for frame in frames if _is_during(frame, memberships)]

    async def _read(self, position: int, audiences: Sequence[Audience]) -> list[Frame] | None:
        older: list[Frame] = []
        while (newer := self._hub.replay.frames_after(position, audiences)) is None:
            up_to = self._hub.position
            page = await self._log.for_audiences(audiences, after=position, up_to=up_to)
            # Read after the page: retention may have run in between.
            if (await self._log.head()).floor > position:
                return None
            older += [frame_of(event, self._hub.epoch) for event in page]
            position = page[-1].position if len(page) == PAGE_EVENTS else up_to
            if self._is_too_large(older):
                return None
        frames = older + newer
        return None if self._is_too_large(frames) else frames

    def _is_too_large(self, frames: Sequence[Frame]) -> bool:
        return sum(frame.size_bytes for frame in frames) > self._max_bytes


def _is_during(frame: Frame, memberships: Sequence[tuple[str, int, int]]) -> bool:
    """Return whether a frame belongs to no room, or to the time of a membership. memberships: (room, joined,
    left) positions."""
    room_id = frame.room_id
    return room_id is None or any(
        room == room_id and joined < frame.position < left for room, joined, left in memberships
    )
