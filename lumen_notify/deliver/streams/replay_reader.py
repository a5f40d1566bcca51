"""Replay reader: what a client has missed since its cursor, page by page, from memory or from the database.

Pages are read from the database one at a time. Each of several long replays gets one page in turn, and the
first page of a replay waits for one page of another at most: a stream without a long replay opens after one
short query.

A page of the database covers a span of positions that fits the user: it doubles while their events are rare,
and each query looks at MAX_SPAN_POSITIONS of the log at most.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

from lumen_notify.commit.log import PAGE_EVENTS, Head
from lumen_notify.deliver.frames import Frame, frame_of
from lumen_notify.deliver.hub import Hub
from lumen_notify.deliver.streams.memberships import Memberships
from lumen_notify.model import (
    Audience,
    AudienceSpan,
    Counts,
    CountsSnapshot,
    Cursor,
    Event,
    ResetReason,
    value,
)
from lumen_notify.model.events import RoomLeft

PAGE_FRAMES = 250
"""The most events in one page: to read and render them takes a few milliseconds."""

PAGE_CHARACTERS = 128 * 1024
"""The most characters in the bodies of a page, besides one larger event."""

FIRST_SPAN_POSITIONS = 2 * PAGE_FRAMES
MAX_SPAN_POSITIONS = 65_536
"""How many positions of the log one query looks at."""


class LogReader(Protocol):
    """The part of `commit.log.Log` that a replay needs."""

    async def head(self) -> Head:
        """Read the end of the log."""

    async def refusal(self, cursor: Cursor, newest: Cursor) -> ResetReason | None:
        """Return why the log does not continue from one of two cursors; None if it does from both."""

    async def for_audiences(
        self, spans: Sequence[AudienceSpan], *, limit: int, max_characters: int
    ) -> Sequence[Event]:
        """Read the next events of some audiences: ascending, at most `limit`, no more after
        `max_characters`."""

    async def count_for_audiences(self, spans: Sequence[AudienceSpan], *, limit: int) -> int:
        """Count the events of some audiences, up to `limit`."""

    async def departures(self, audience: Audience, *, after: int, up_to: int) -> Sequence[Event]:
        """Read the events of the rooms that a user has left: ascending, at most PAGE_EVENTS."""


@value
class Page:
    """Some frames that follow a cursor. cursor: the place after them. is_last: nothing follows, now."""

    frames: Sequence[Frame]
    cursor: Cursor
    is_last: bool


class LogPages:
    """The pages of the database from a cursor up to a user's counts. Made by `ReplayReader.pages`."""

    def __init__(self, user_id: str, snapshot: CountsSnapshot) -> None:
        self.user_id = user_id
        self.snapshot = snapshot
        self.up_to = snapshot.position
        self.memberships: Memberships | None = None
        self.positions = FIRST_SPAN_POSITIONS

    def next_span(self, after: int) -> int:
        """Return the position up to which the next page is read."""
        return min(self.up_to, after + self.positions)

    def adapt(self, number: int) -> None:
        """Take a larger span after a page with few events, a smaller one after a full page."""
        if number >= PAGE_FRAMES:
            self.positions = max(FIRST_SPAN_POSITIONS, self.positions // 2)
        elif number < PAGE_FRAMES // 2:
            self.positions = min(MAX_SPAN_POSITIONS, self.positions * 2)


class ReplayReader:
    """Reads missed events."""

    def __init__(self, hub: Hub, log: LogReader) -> None:
        self._hub = hub
        self._log = log
        self._reading = asyncio.Lock()
        self._reading_later_page = asyncio.Lock()

    def in_memory(self, cursor: Cursor, user_id: str, counts: Counts) -> Page | ResetReason | None:
        """Return the next page, up to this very moment; None if the database must be read. Or why the cursor
        cannot be served.

        counts: its `since` says in which rooms the user is, and from which position on.
        """
        replay, position = self._hub.replay, cursor.position
        departures = replay.frames_of_kind(RoomLeft.kind, position, Audience.user(user_id))
        memberships = Memberships(user_id, counts.since, departures)
        frames = replay.frames_after(position, memberships.audiences, limit=PAGE_FRAMES + 1)
        if frames is None:
            return None
        if cursor.check is not None and self._hub.check_at(position) not in (None, cursor.check):
            return ResetReason.DIVERGED
        is_last = len(frames) <= PAGE_FRAMES
        end = self._hub.cursor
        if not is_last:
            del frames[PAGE_FRAMES:]
            end = frames[-1].cursor
        return Page(frames=list(filter(memberships.includes, frames)), cursor=end, is_last=is_last)

    async def count(self, cursor: Cursor, pages: LogPages, *, limit: int) -> int:
        """Count the events between a cursor and the counts, up to `limit`. Raises DatabaseUnavailable."""
        memberships = await self._memberships(cursor, pages)
        spans = memberships.spans(cursor.position, pages.snapshot.position)
        return await self._log.count_for_audiences(spans, limit=limit)

    async def read(self, cursor: Cursor, pages: LogPages, *, is_first: bool) -> Page | ResetReason:
        """Read the next page from the database; or return why the cursor cannot be served. Raises
        DatabaseUnavailable."""
        async with self._turn(is_first=is_first):
            newest = self._hub.cursor
            memberships = await self._memberships(cursor, pages)
            up_to = pages.next_span(cursor.position)
            events = await self._log.for_audiences(
                memberships.spans(cursor.position, up_to), limit=PAGE_FRAMES, max_characters=PAGE_CHARACTERS
            )
            # Read after the page: retention may have run in between, or the log may no longer be ours.
            refusal = await self._log.refusal(cursor, newest)
        if refusal is not None:
            return refusal
        pages.adapt(len(events))
        epoch = newest.epoch
        end = Cursor(epoch, up_to, self._hub.check_at(up_to))
        if not _is_small(events):
            end = Cursor(epoch, events[-1].position, events[-1].check)
        return Page(frames=[frame_of(event, epoch) for event in events], cursor=end, is_last=False)

    async def _memberships(self, cursor: Cursor, pages: LogPages) -> Memberships:
        """Return the rooms that the user was in between a cursor and their counts."""
        if pages.memberships is None:
            own = Audience.user(pages.user_id)
            events = await self._log.departures(own, after=cursor.position, up_to=pages.up_to)
            if len(events) == PAGE_EVENTS:
                pages.up_to = events[-1].position  # the others are read with the next counts
            departures = [frame_of(event, cursor.epoch) for event in events]
            pages.memberships = Memberships(pages.user_id, pages.snapshot.counts.since, departures)
        return pages.memberships

    @asynccontextmanager
    async def _turn(self, *, is_first: bool) -> AsyncIterator[None]:
        """Wait for one's turn to read. Of the replays that have had their first page, one at a time waits."""
        if is_first:
            async with self._reading:
                yield
        else:
            async with self._reading_later_page, self._reading:
                yield


def _is_small(events: Sequence[Event]) -> bool:
    """Return whether a page has all events that it was asked for: nothing else could end it."""
    characters = sum(len(event.body) for event in events)  # the database counts them a little differently
    return (
        len(events) < PAGE_FRAMES
        and characters < PAGE_CHARACTERS // 2
        and not any(event.shared for event in events)
    )
