"""The replay reader: all missed frames, once and in order, wherever they are kept; or a reason."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import pytest

from lumen_notify.commit.log import Log
from lumen_notify.deliver.frames import Frame
from lumen_notify.deliver.hub import Hub
from lumen_notify.deliver.replay import Replay
from lumen_notify.deliver.streams import replay_reader as module
from lumen_notify.deliver.streams.replay_reader import (
    FIRST_SPAN_POSITIONS,
    MAX_SPAN_POSITIONS,
    PAGE_CHARACTERS,
    PAGE_FRAMES,
    LogPages,
    ReplayReader,
)
from lumen_notify.model import Audience, AudienceSpan, Counts, CountsSnapshot, Cursor, Event, ResetReason
from lumen_notify.model.events import MessageSent, Payload, RoomJoined, RoomLeft
from lumen_notify.model.events.rooms import JoinedData, LeftData

from ..conftest import Store
from ..fakes import FakeClock

ANN = Audience.user("ann")
ROOM = Audience.room("r")


class CountingLog(Log):
    """A store's log that counts the pages, and calls `after_page` after the first.

    most_at_once: how many pages were being read at one time, at most. spans: of each page.
    """

    def __init__(self, store: Store) -> None:
        super().__init__(store.database, store.clock.ms)
        self.pages = 0
        self.most_at_once = 0
        self.spans: list[Sequence[AudienceSpan]] = []
        self._reading = 0
        self.after_page: Callable[[], Awaitable[None]] | None = None

    async def for_audiences(
        self, spans: Sequence[AudienceSpan], *, limit: int, max_characters: int
    ) -> Sequence[Event]:
        self._reading += 1
        self.most_at_once = max(self.most_at_once, self._reading)
        self.spans.append(spans)
        page = await super().for_audiences(spans, limit=limit, max_characters=max_characters)
        self._reading -= 1
        self.pages += 1
        if self.after_page is not None and self.pages == 1:
            await self.after_page()
        return page


class ReaderHarness:
    """A real log, and a hub that has delivered all of it and keeps the newest `replay_events`."""

    def __init__(self, store: Store, *, replay_events: int) -> None:
        self.store = store
        self.log = CountingLog(store)
        replay = Replay(position=0, max_events=replay_events)
        self.hub = Hub(epoch=store.head.epoch, position=0, replay=replay, clock=FakeClock())
        self.reader = ReplayReader(self.hub, self.log)

    def deliver(self, events: Sequence[Event]) -> None:
        for _ in self.hub.fan_out(events):
            pass

    async def publish(self, *audiences: str, content: str = "hi") -> None:
        self.deliver(await self.store.publish(*audiences, content=content))

    async def append(self, audience: Audience, payload: Payload) -> int:
        """Append one event to the log, deliver it, and return its position."""
        async with self.store.log.transaction() as tx:
            position = tx.append(audience, payload)
        self.deliver(tx.events)
        return position

    async def join(self) -> int:
        """Let ann join the room r."""
        data = JoinedData(room_id="r", role="member", kind="public", title=None, by=None)
        return await self.append(ANN, RoomJoined.of(Counts({}, {"r": 0}), data))

    async def leave(self, since: int) -> int:
        data = LeftData(room_id="r", since=since, reason="left", by="ann")
        return await self.append(ANN, RoomLeft.of(Counts({}), data))

    async def send_message(self) -> int:
        return await self.append(ROOM, MessageSent(sender_id="bob", message='{"content":"hi"}'))

    async def read(self, after: int, since: dict[str, int] | None = None) -> list[Frame] | ResetReason:
        """Read what ann has missed, page by page. since: her rooms, with the position at which she joined."""
        counts = Counts({}, dict.fromkeys(since or {}, 0), since=since or {})
        cursor = Cursor(self.store.head.epoch, after)
        frames: list[Frame] = []
        while True:
            pages = LogPages("ann", CountsSnapshot(cursor=self.hub.cursor, counts=counts))
            while True:
                page = self.reader.in_memory(cursor, "ann", counts)
                if page is None and cursor.position < pages.up_to:
                    page = await self.reader.read(cursor, pages, is_first=not frames)
                if isinstance(page, ResetReason):
                    return page
                if page is None:
                    break
                assert len(page.frames) <= PAGE_FRAMES
                assert page.cursor.position > cursor.position or page.is_last
                cursor = page.cursor
                frames += page.frames
                if page.is_last:
                    return frames

    async def positions(self, after: int, since: dict[str, int] | None = None) -> list[int]:
        frames = await self.read(after, since)
        assert not isinstance(frames, ResetReason)
        return [frame.position for frame in frames]


async def test_replays_read_one_page_at_a_time(store: Store) -> None:
    harness = ReaderHarness(store, replay_events=0)
    await harness.publish("user:ann", "all", "user:ann")
    assert await asyncio.gather(*(harness.positions(0) for _ in range(20))) == [[1, 2, 3]] * 20
    assert harness.log.most_at_once == 1


async def test_first_pages_go_before_the_later_pages_of_others(store: Store) -> None:
    harness = ReaderHarness(store, replay_events=0)
    await harness.publish(*["user:ann"] * 3)
    cursor, snapshot = (
        Cursor(harness.hub.epoch, 0),
        CountsSnapshot(cursor=harness.hub.cursor, counts=Counts({})),
    )
    order: list[str] = []

    async def read(name: str, *, is_first: bool) -> None:
        await harness.reader.read(cursor, LogPages("ann", snapshot), is_first=is_first)
        order.append(name)

    later = [read(f"later {number}", is_first=False) for number in range(5)]
    await asyncio.gather(*later, *(read("first", is_first=True) for _ in range(3)))
    assert order == ["later 0", *["first"] * 3, "later 1", "later 2", "later 3", "later 4"]


@pytest.mark.parametrize(("replay_events", "pages"), [(100, 0), (3, 1), (0, 1)])
async def test_frames_come_from_memory_and_else_from_the_database(
    store: Store, replay_events: int, pages: int
) -> None:
    harness = ReaderHarness(store, replay_events=replay_events)
    await harness.publish("user:ann", "user:bob", "all", "user:bob", "user:ann", "all")
    assert await harness.positions(1) == [3, 5, 6]
    assert harness.log.pages == pages


async def test_nothing_is_missed_at_the_newest_event(sqlite_store: Store) -> None:
    harness = ReaderHarness(sqlite_store, replay_events=0)
    await harness.publish("user:ann", "all")
    assert await harness.positions(2) == []


@pytest.mark.parametrize("replay_events", [10_000, 10, 0])
@pytest.mark.parametrize("extra", [-1, 0, 1])
async def test_pages_follow_one_another_without_a_gap(
    sqlite_store: Store, extra: int, replay_events: int
) -> None:
    harness = ReaderHarness(sqlite_store, replay_events=replay_events)
    await harness.publish(*["user:ann"] * (2 * PAGE_FRAMES + extra))
    assert await harness.positions(0) == list(range(1, 2 * PAGE_FRAMES + extra + 1))


async def test_page_has_a_bounded_number_of_characters(store: Store) -> None:
    harness = ReaderHarness(store, replay_events=0)
    for _ in range(4):
        await harness.publish(*["user:ann"] * 5, content="x" * (PAGE_CHARACTERS // 8))
    assert await harness.positions(0) == list(range(1, 21))
    assert harness.log.pages >= 3


async def test_span_of_a_page_grows_while_events_are_rare_and_never_beyond_its_bound(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_SPAN_POSITIONS", 4 * FIRST_SPAN_POSITIONS)
    harness = ReaderHarness(sqlite_store, replay_events=0)
    await harness.publish("user:ann", *["user:bob"] * (9 * FIRST_SPAN_POSITIONS), "user:ann")
    newest = harness.hub.position
    assert await harness.positions(0) == [1, newest]
    sizes = [span.up_to - span.after for (span, *_) in harness.log.spans]
    assert sizes == [
        FIRST_SPAN_POSITIONS,
        2 * FIRST_SPAN_POSITIONS,
        4 * FIRST_SPAN_POSITIONS,
        newest - 7 * FIRST_SPAN_POSITIONS,
    ]
    pages = LogPages("ann", CountsSnapshot(cursor=harness.hub.cursor, counts=Counts({})))
    pages.positions = MAX_SPAN_POSITIONS
    pages.adapt(PAGE_FRAMES)
    assert pages.positions == MAX_SPAN_POSITIONS // 2, "and shrinks where they are many"


async def test_events_of_many_pages_are_those_of_the_memberships(store: Store) -> None:
    """The event that says that the user has left is pages after those that it is about."""
    harness = ReaderHarness(store, replay_events=0)
    outside = await harness.send_message()
    joined = await harness.join()
    first = await harness.send_message()
    await harness.publish(*["user:ann"] * (2 * PAGE_FRAMES))
    left = await harness.leave(joined)
    await harness.send_message()
    await harness.publish(*["user:ann"] * PAGE_FRAMES)
    found = await harness.positions(0)
    in_room = [outside, first, left + 1]
    assert [position for position in in_room if position in found] == [first]
    assert found == [
        position for position in range(1, harness.hub.position + 1) if position not in (outside, left + 1)
    ]


async def test_events_that_are_delivered_during_the_read_are_included(store: Store) -> None:
    harness = ReaderHarness(store, replay_events=2)
    await harness.publish("user:ann", "user:ann", "user:ann")
    harness.log.after_page = lambda: harness.publish("user:ann", "user:bob")
    assert await harness.positions(0) == [1, 2, 3, 4]


async def test_events_that_retention_removes_during_the_read_are_a_reason(store: Store) -> None:
    harness = ReaderHarness(store, replay_events=0)
    await harness.publish("user:ann", "user:ann", "user:ann")
    harness.log.after_page = lambda: store.trim_up_to(2)
    assert await harness.read(1) is ResetReason.TRIMMED
    assert isinstance(await harness.read(2), list), "the floor itself can be served"


@pytest.mark.parametrize("replay_events", [100, 0])
async def test_events_of_a_room_are_included_while_the_user_is_a_member(
    store: Store, replay_events: int
) -> None:
    harness = ReaderHarness(store, replay_events=replay_events)
    await harness.send_message()
    joined = await harness.join()
    first = await harness.send_message()
    left = await harness.leave(joined)
    await harness.send_message()
    joined_again = await harness.join()
    second = await harness.send_message()
    members = {"r": joined_again}
    assert await harness.positions(0, members) == [joined, first, left, joined_again, second]
    assert await harness.positions(first, members) == [left, joined_again, second]
    assert await harness.positions(second, members) == []


@pytest.mark.parametrize("replay_events", [100, 0])
async def test_events_of_a_room_that_the_user_has_left_are_included_up_to_then(
    store: Store, replay_events: int
) -> None:
    harness = ReaderHarness(store, replay_events=replay_events)
    joined = await harness.join()
    message = await harness.send_message()
    left = await harness.leave(joined)
    await harness.send_message()
    assert await harness.positions(0) == [joined, message, left]
    assert await harness.positions(left) == []
