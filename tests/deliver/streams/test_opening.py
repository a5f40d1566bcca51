"""The welcome: a new stream gets all that it missed, once, or is told to fetch; then it is live."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

import pytest

from clients import Frame, eventually, read_frames
from lumen_notify.commit.log import Head
from lumen_notify.deliver import hub as hub_module
from lumen_notify.deliver.connection.connection import Outlet
from lumen_notify.deliver.frames.chunks import unchunk
from lumen_notify.deliver.hub import Hub
from lumen_notify.deliver.replay import Replay
from lumen_notify.deliver.streams.count_loader import Loader
from lumen_notify.deliver.streams.opening import Welcome
from lumen_notify.errors import DatabaseUnavailable
from lumen_notify.model import Audience, CloseReason, CountsSnapshot, Event

from ..conftest import Store
from ..fakes import Clock, RecordingOutlet


class HookedLog:
    """A log that does something more after each page."""

    def __init__(self, store: Store, after_page: Callable[[], Awaitable[None]]) -> None:
        self._store = store
        self._after_page = after_page
        self.pages = 0

    async def head(self) -> Head:
        return await self._store.log.head()

    async def for_audiences(
        self, audiences: Sequence[Audience], *, after: int, up_to: int
    ) -> Sequence[Event]:
        page = await self._store.log.for_audiences(audiences, after=after, up_to=up_to)
        self.pages += 1
        await self._after_page()
        return page


class Door:
    """A hub at the head of a log, and the welcome at it."""

    def __init__(self, store: Store, *, replay_events: int = 1000, max_replay_bytes: int = 0) -> None:
        self.store = store
        self.epoch = store.head.epoch
        self.hub = Hub(
            epoch=self.epoch,
            position=0,
            replay=Replay(position=0, max_events=replay_events),
            clock=Clock(),
        )
        self.log = HookedLog(store, self.after_page)
        self.welcome = Welcome(self.hub, Loader(self.fetch), self.log, max_replay_bytes=max_replay_bytes)
        self.hooks: list[Callable[[], Awaitable[None]]] = []
        self.page_hooks: list[Callable[[], Awaitable[None]]] = []

    async def after_page(self) -> None:
        while self.page_hooks:
            await self.page_hooks.pop(0)()

    async def fetch(self, user_ids: Sequence[str]) -> Mapping[str, CountsSnapshot]:
        counts = await self.store.counts.fetch(user_ids)
        while self.hooks:
            await self.hooks.pop(0)()
        return counts

    def deliver(self, events: Sequence[Event]) -> None:
        for _ in self.hub.fan_out(events):
            pass

    async def publish(self, *audiences: str, **fields: str) -> None:
        self.deliver(await self.store.publish(*audiences, **fields))

    async def read_all(self, user_id: str) -> None:
        self.deliver(await self.store.read_all(user_id))

    def id(self, position: int) -> str:
        return f"{self.epoch}-{position}"

    async def join(self, user_id: str = "ann", last_event_id: str | None = None) -> RecordingOutlet:
        outlet = RecordingOutlet(user_id)
        await asyncio.wait_for(self.welcome.join(outlet, last_event_id), 20)
        return outlet

    def begin_to_join(self, last_event_id: str | None = None) -> tuple[RecordingOutlet, asyncio.Task[None]]:
        outlet = RecordingOutlet("ann")
        return outlet, asyncio.create_task(self.welcome.join(outlet, last_event_id))


def frames(outlet: RecordingOutlet) -> list[Frame]:
    return list(read_frames(unchunk(b"".join(outlet.chunks)).decode()))


def positions(outlet: RecordingOutlet) -> list[int]:
    """Return the positions of the durable frames."""
    return [frame.position for frame in frames(outlet) if frame.is_durable]


async def test_first_stream_gets_the_counts_and_the_newest_id(store: Store) -> None:
    door = Door(store)
    await door.publish("user:ann", "all", "user:bob", category="like")
    await door.publish("user:ann", category="follow")
    ready, *rest = frames(await door.join())
    assert ready == Frame(
        id=door.id(4),
        event="ready",
        data=ready.data
        | {
            "unread_count": 3,
            "unread": {"categories": {"like": 2, "follow": 1}, "rooms": {}},
            "recovered": False,
            "replayed": 0,
        },
    )
    assert not rest


@pytest.mark.parametrize("replay_events", [1000, 3, 0], ids=["memory", "both", "the database"])
async def test_what_was_missed_is_replayed_once_and_in_order_with_the_counts_of_now(
    store: Store, replay_events: int
) -> None:
    door = Door(store, replay_events=replay_events)
    await door.publish("user:ann", "all")
    await door.publish("user:bob", "user:ann", "all")
    await door.read_all("ann")
    await door.publish("user:ann", "user:bob", category="follow")
    outlet = await door.join(last_event_id=door.id(1))
    ready, *replayed = frames(outlet)
    assert (ready.id, ready.data["recovered"], ready.data["replayed"]) == (None, True, 5)
    assert positions(outlet) == [2, 4, 5, 6, 7]
    assert [frame.event for frame in replayed] == ["message", "message", "message", "read", "message"]
    assert {frame.data["unread_count"] for frame in [ready, *replayed]} == {1}
    assert replayed[3].data["unread"] == ready.data["unread"]
    await door.publish("all")
    assert positions(outlet)[-1] == 9
    assert frames(outlet)[-1].data["unread_count"] == 2


async def test_cursor_at_the_newest_event_has_nothing_to_replay(sqlite_store: Store) -> None:
    for replay_events in (1000, 0):
        door = Door(sqlite_store, replay_events=replay_events)
        await door.publish("user:ann")
        door.hub.position = (await sqlite_store.log.head()).position
        (ready,) = frames(await door.join(last_event_id=door.id(door.hub.position)))
        assert (ready.id, ready.data["recovered"]) == (door.id(door.hub.position), True)


async def test_long_replay_is_read_from_the_database_page_by_page(sqlite_store: Store) -> None:
    door = Door(sqlite_store, replay_events=10)
    await door.publish(*["user:ann", "user:bob"] * 1100)
    outlet = await door.join(last_event_id=door.id(0))
    assert positions(outlet) == list(range(1, 2201, 2))
    assert door.log.pages == 2


# ----------------------------------------------------------------------------------- the table of resets
def is_reset(outlet: RecordingOutlet, newest: str) -> bool:
    ready, reset = frames(outlet)
    assert (ready.event, ready.id, ready.data["recovered"], ready.data["replayed"]) == (
        "ready",
        newest,
        False,
        0,
    )
    assert reset.data == {name: ready.data[name] for name in ("unread_count", "unread")}
    return (reset.event, reset.id) == ("reset", newest)


@pytest.mark.parametrize(
    "last_event_id", ["garbage", "EPOCH-", "EPOCH-x", "-1", "elsewhere-1", "EPOCH-007", "EPOCH-" + "9" * 18]
)
async def test_cursor_of_another_log_or_none_is_answered_by_reset(store: Store, last_event_id: str) -> None:
    door = Door(store)
    await door.publish("user:ann")
    outlet = await door.join(last_event_id=last_event_id.replace("EPOCH", door.epoch))
    assert is_reset(outlet, door.id(1))
    await door.publish("user:ann")
    assert positions(outlet) == [2], "and it is live"


async def test_cursor_before_the_floor_of_the_log_is_answered_by_reset(store: Store) -> None:
    door = Door(store, replay_events=1)
    await door.publish("user:ann", "user:ann", "user:ann", "user:ann")
    await store.forget_up_to(2)
    assert is_reset(await door.join(last_event_id=door.id(1)), door.id(4))
    assert positions(await door.join(last_event_id=door.id(2))) == [3, 4], "the floor itself can be served"


async def test_retention_that_runs_during_the_replay_is_answered_by_reset(store: Store) -> None:
    door = Door(store, replay_events=0)
    await door.publish("user:ann", "user:ann", "user:ann")
    door.page_hooks.append(lambda: store.forget_up_to(2))
    assert is_reset(await door.join(last_event_id=door.id(1)), door.id(3))


@pytest.mark.parametrize("replay_events", [1000, 0], ids=["memory", "the database"])
async def test_replay_of_more_than_a_stream_may_hold_back_is_answered_by_reset(
    sqlite_store: Store, replay_events: int
) -> None:
    door = Door(sqlite_store, replay_events=replay_events, max_replay_bytes=5000)
    await door.publish(*["user:ann"] * 20, content="x" * 500)
    assert is_reset(await door.join(last_event_id=door.id(0)), door.id(20))
    assert positions(await door.join(last_event_id=door.id(15))) == [16, 17, 18, 19, 20]


async def test_marks_are_measured_with_the_counts_that_they_carry(sqlite_store: Store) -> None:
    max_replay_bytes = 50_000
    door = Door(sqlite_store, max_replay_bytes=max_replay_bytes)
    for _ in range(10):
        await door.publish("user:ann")
        await door.read_all("ann")
    for number in range(200):
        await door.publish("user:ann", category=f"category-{number:03}")
    missed = door.hub.replay.since(1, [Audience("user:ann")])
    assert missed is not None
    assert sum(frame.size_bytes for frame in missed) < max_replay_bytes
    # Ten of them are marks, which carry two hundred categories now.
    assert is_reset(await door.join(last_event_id=door.id(1)), door.id(220))


# ------------------------------------------------------------------------------------ others and races
async def test_cursor_ahead_of_this_instance_waits_for_it(store: Store) -> None:
    door = Door(store)
    await door.publish("user:ann")
    ahead = await store.publish("user:ann", "user:bob")  # another instance has shown them already
    outlet, joining = door.begin_to_join(door.id(3))
    await eventually(lambda: door.hub._waiting, what="the stream to wait for position 3")
    assert not outlet.chunks
    door.deliver(ahead)
    await asyncio.wait_for(joining, 20)
    (ready,) = frames(outlet)
    assert (ready.id, ready.data["recovered"], ready.data["unread_count"]) == (door.id(3), True, 2)


async def test_count_ahead_of_this_instance_waits_for_it_and_counts_nothing_twice(store: Store) -> None:
    door = Door(store)
    events = await store.publish("user:ann", "user:ann")
    outlet, joining = door.begin_to_join()
    await eventually(lambda: door.hub._waiting, what="the stream to wait for position 2")
    door.deliver(events[:1])
    await asyncio.sleep(0)
    assert not joining.done()
    door.deliver(events[1:])
    await asyncio.wait_for(joining, 20)
    (ready,) = frames(outlet)
    assert (ready.id, ready.data["unread_count"]) == (door.id(2), 2)


async def test_events_that_come_after_the_count_are_in_the_first_numbers(store: Store) -> None:
    door = Door(store)
    await door.publish("user:ann")
    door.hooks.append(lambda: door.publish("all", "user:bob"))
    outlet = await door.join()
    (ready,) = frames(outlet)
    assert (ready.id, ready.data["unread_count"]) == (door.id(3), 2)
    await door.publish("user:ann")
    assert [frame.data["unread_count"] for frame in frames(outlet)] == [2, 3]


async def test_memory_that_moves_on_during_the_count_is_met_with_another_count(store: Store) -> None:
    door = Door(store, replay_events=1)
    door.hooks.append(lambda: door.publish("user:ann", "user:ann", "user:ann"))
    (ready,) = frames(await door.join())
    assert (ready.id, ready.data["unread_count"]) == (door.id(3), 3)


async def test_stream_that_comes_amid_a_fan_out_sees_each_event_once(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "TURN_CHANNELS", 1)
    door = Door(sqlite_store)
    bob, ann = await door.join("bob"), await door.join("ann")
    turns = door.hub.fan_out(await sqlite_store.publish("user:ann", "all"))
    next(turns)
    assert (positions(bob), positions(ann)) == ([2], [])
    late = await door.join("ann", door.id(0))
    for _ in turns:
        pass
    assert (positions(bob), positions(ann), positions(late)) == ([2], [1, 2], [1, 2])
    assert [frame.data["unread_count"] for frame in frames(ann)] == [0, 1, 2]
    assert {frame.data["unread_count"] for frame in frames(late)} == {2}


async def test_stream_that_closes_on_the_way_in_is_left_out(store: Store) -> None:
    door = Door(store)
    outlet = RecordingOutlet("ann")

    async def close() -> None:
        assert not door.hub.channels["ann"].is_unused
        outlet.close(CloseReason.SHUTDOWN)

    door.hooks.append(close)
    await door.welcome.join(outlet, None)
    assert (outlet.chunks, door.hub.channels) == ([], {})


async def test_stream_that_is_too_slow_for_its_replay_is_left_out(store: Store) -> None:
    def remove(outlet: Outlet, _reason: CloseReason) -> None:
        door.hub.remove(outlet)

    door = Door(store)
    await door.publish("user:ann")
    outlet = RecordingOutlet("ann", on_close=remove)
    outlet.is_slow = True
    await door.welcome.join(outlet, door.id(0))
    assert outlet.close_reason is CloseReason.SLOW
    assert door.hub.channels == {}, "nobody would ever take it out of its channel again"


async def test_failed_count_lets_the_channel_go(store: Store) -> None:
    door = Door(store)

    async def fail() -> None:
        raise DatabaseUnavailable("gone")

    door.hooks.append(fail)
    with pytest.raises(DatabaseUnavailable):
        await door.join()
    assert door.hub.channels == {}


async def test_storm_of_reconnects_costs_a_handful_of_queries(sqlite_store: Store) -> None:
    door = Door(sqlite_store)
    await door.publish("all")
    queries: list[int] = []
    fetch = door.store.counts.fetch

    async def counted(user_ids: Sequence[str]) -> Mapping[str, CountsSnapshot]:
        queries.append(len(user_ids))
        return await fetch(user_ids)

    door.store.counts.fetch = counted  # type: ignore[method-assign]
    outlets = await asyncio.gather(*(door.join(f"user {number}", door.id(0)) for number in range(1500)))
    assert len(queries) <= 4
    assert sum(queries) == 1500
    assert door.log.pages == 0
    assert all(positions(outlet) == [1] for outlet in outlets)
