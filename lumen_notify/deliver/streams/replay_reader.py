"""Replay reader: the frames that a client has missed since its cursor, from memory or from the database.

A user gets a room's events while they are a member: after the position at which they joined, up to their
`left` event.

Pages are read from the database one at a time, in the order in which they are asked for: a stream without a
long replay opens after one short query, and never waits behind the replays of others.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Protocol

from lumen_notify.commit.log import PAGE_EVENTS, Head
from lumen_notify.deliver.frames import AbsoluteCountsFrame, Frame, frame_of
from lumen_notify.deliver.hub import Hub
from lumen_notify.model import EVERYONE, Audience, Counts, Cursor, Event, ResetReason

END_OF_LOG = 2**63
"""After every position."""


class LogReader(Protocol):
    """The part of `commit.log.Log` that a replay needs."""

    async def head(self) -> Head:
        """Read the end of the log."""

    async def refusal(self, cursor: Cursor, newest: Cursor) -> ResetReason | None:
        """Return why the log does not continue from one of two cursors; None if it does from both."""

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
        self._reading = asyncio.Lock()

    async def frames_after(self, cursor: Cursor, user_id: str, counts: Counts) -> list[Frame] | ResetReason:
        """Return all frames after the cursor, up to this very moment; or why they cannot be served.

        counts: its `since` says in which rooms the user is, and from which position on. Raises
        DatabaseUnavailable.
        """
        audiences = audiences_of(user_id, counts.since)
        while True:
            frames = await self._read(cursor, audiences)
            if isinstance(frames, ResetReason):
                return frames
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

    async def _read(self, cursor: Cursor, audiences: Sequence[Audience]) -> list[Frame] | ResetReason:
        older: list[Frame] = []
        while (newer := self._hub.replay.frames_after(cursor.position, audiences)) is None:
            newest = self._hub.cursor
            async with self._reading:
                page = await self._log.for_audiences(audiences, after=cursor.position, up_to=newest.position)
                # Read after the page: retention may have run in between, or the log may no longer be ours.
                refusal = await self._log.refusal(cursor, newest)
            if refusal is not None:
                return refusal
            older += [frame_of(event, self._hub.epoch) for event in page]
            is_full = len(page) == PAGE_EVENTS
            cursor = Cursor(newest.epoch, page[-1].position, page[-1].check) if is_full else newest
            if self._is_too_large(older):
                return ResetReason.TOO_MANY
        known = self._hub.check_at(cursor.position)
        if cursor.check is not None and known not in (None, cursor.check):
            return ResetReason.DIVERGED
        frames = older + newer
        return ResetReason.TOO_MANY if self._is_too_large(frames) else frames

    def _is_too_large(self, frames: Sequence[Frame]) -> bool:
        return sum(frame.size_bytes for frame in frames) > self._max_bytes


def _is_during(frame: Frame, memberships: Sequence[tuple[str, int, int]]) -> bool:
    """Return whether a frame belongs to no room, or to the time of a membership. memberships: (room, joined,
    left) positions."""
    room_id = frame.room_id
    return room_id is None or any(
        room == room_id and joined < frame.position < left for room, joined, left in memberships
    )
