"""The replay reader: all missed frames, once and in order, wherever they are kept; or a reason."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import pytest

from lumen_notify.commit.log import PAGE_EVENTS, Head
from lumen_notify.deliver.frames import Frame
from lumen_notify.deliver.hub import Hub
from lumen_notify.deliver.replay import Replay
from lumen_notify.deliver.streams.replay_reader import ReplayReader, audiences_of
from lumen_notify.model import EVERYONE, Audience, Counts, Cursor, Event, ResetReason
from lumen_notify.model.events import MessageSent, Payload, RoomJoined, RoomLeft
from lumen_notify.model.events.rooms import JoinedData, LeftData

from ..conftest import Store
from ..fakes import FakeClock

MANY_BYTES = 10**9

ANN = Audience.user("ann")
ROOM = Audience.room("r")


class CountingLog:
    """A store's log that counts the pages, and calls `after_page` after the first.

    most_at_once: how many pages were being read at one time, at most.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.pages = 0
        self.most_at_once = 0
        self._reading = 0
        self.after_page: Callable[[], Awaitable[None]] | None = None

    async def head(self) -> Head:
        return await self._store.log.head()

    async def refusal(self, cursor: Cursor, newest: Cursor) -> ResetReason | None:
        return await self._store.log.refusal(cursor, newest)

    async def for_audiences(
        self, audiences: Sequence[Audience], *, after: int, up_to: int
    ) -> Sequence[Event]:
        self._reading += 1
        self.most_at_once = max(self.most_at_once, self._reading)
        page = await self._store.log.for_audiences(audiences, after=after, up_to=up_to)
        self._reading -= 1
        self.pages += 1
        if self.after_page is not None and self.pages == 1:
            await self.after_page()
        return page


class ReaderHarness:
    """A real log, and a hub that has delivered all of it and keeps the newest `replay_events`."""

    def __init__(self, store: Store, *, replay_events: int, max_bytes: int = MANY_BYTES) -> None:
        self.store = store
        self.log = CountingLog(store)
        replay = Replay(position=0, max_events=replay_events)
        self.hub = Hub(epoch=store.head.epoch, position=0, replay=replay, clock=FakeClock())
        self.reader = ReplayReader(self.hub, self.log, max_bytes=max_bytes)

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
        """Read what ann has missed. since: her rooms, with the position at which she joined."""
        counts = Counts({}, dict.fromkeys(since or {}, 0), since=since or {})
        return await self.reader.frames_after(Cursor(self.store.head.epoch, after), "ann", counts)

    async def positions(self, after: int, since: dict[str, int] | None = None) -> list[int]:
        frames = await self.read(after, since)
        assert not isinstance(frames, ResetReason)
        return [frame.position for frame in frames]


def test_user_belongs_to_their_own_audience_to_everyone_and_to_their_rooms() -> None:
    assert audiences_of("ann", {"r": 0, "q": 7}) == ["user:ann", EVERYONE, "room:r", "room:q"]


async def test_replays_read_one_page_at_a_time(store: Store) -> None:
    harness = ReaderHarness(store, replay_events=0)
    await harness.publish("user:ann", "all", "user:ann")
    assert await asyncio.gather(*(harness.positions(0) for _ in range(20))) == [[1, 2, 3]] * 20
    assert harness.log.most_at_once == 1


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


@pytest.mark.parametrize("extra", [-1, 0, 1])
async def test_pages_follow_one_another_without_a_gap(sqlite_store: Store, extra: int) -> None:
    harness = ReaderHarness(sqlite_store, replay_events=0)
    await harness.publish(*["user:ann"] * (PAGE_EVENTS + extra))
    assert await harness.positions(0) == list(range(1, PAGE_EVENTS + extra + 1))


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
async def test_more_bytes_than_the_bound_are_a_reason(sqlite_store: Store, replay_events: int) -> None:
    harness = ReaderHarness(sqlite_store, replay_events=replay_events, max_bytes=5000)
    await harness.publish(*["user:ann"] * 20, content="x" * 500)
    assert await harness.read(0) is ResetReason.TOO_MANY
    assert await harness.positions(15) == [16, 17, 18, 19, 20]


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
