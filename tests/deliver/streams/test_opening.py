"""The stream opener: a new stream gets all that it missed, once, or `reset`; then it is live."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from clients import Frame, eventually
from lumen_notify.deliver import hub as hub_module
from lumen_notify.deliver.connection.connection import Connection
from lumen_notify.deliver.frames import NotificationFrame
from lumen_notify.deliver.streams.replay_reader import PAGE_FRAMES
from lumen_notify.errors import DatabaseUnavailable
from lumen_notify.model import CloseReason, CountsSnapshot, ResetReason

from ..conftest import Store
from ..fakes import RecordingConnection
from .opener_harness import OpenerHarness, frames, positions


async def test_first_stream_gets_the_counts_and_the_newest_id(store: Store) -> None:
    harness = OpenerHarness(store)
    await harness.publish("user:ann", "all", "user:bob", category="like")
    await harness.publish("user:ann", category="follow")
    ready, *rest = frames(await harness.open())
    assert ready == Frame(
        id=harness.id(4),
        event="ready",
        data=ready.data
        | {
            "unread_count": 3,
            "unread": {"categories": {"like": 2, "follow": 1}, "rooms": {}},
            "recovered": False,
            "replayed": 0,
        },
        retry_ms=ready.retry_ms,
    )
    assert ready.retry_ms is not None, "in the same block: alone, some clients take it for a message"
    assert not rest


@pytest.mark.parametrize("last_event_id", [None, "known"])
async def test_counts_of_a_log_that_diverged_wait_until_that_is_noticed(
    store: Store, last_event_id: str | None
) -> None:
    harness = OpenerHarness(store)
    await harness.publish("user:ann", "user:ann", "user:bob")
    await store.go_back(2)
    await store.publish("user:ann")  # the hub still has another event at this position
    loaded = asyncio.Event()

    async def note() -> None:
        loaded.set()

    harness.hooks.append(note)
    connection, opening = harness.start_open(last_event_id and harness.id(2))
    await asyncio.wait_for(loaded.wait(), 20)
    for _ in range(50):  # the opener needs a few turns of the loop, and nothing from the database
        await asyncio.sleep(0)
    assert not connection.chunks
    newest = (await store.log.head()).cursor
    harness.hub.reset_to(newest, ResetReason.DIVERGED)
    await asyncio.wait_for(opening, 20)
    first = frames(connection)[0]
    assert (first.event, first.data["unread_count"]) == ("ready", 3)
    assert frames(connection)[-1].id == str(newest)


@pytest.mark.parametrize("replay_events", [1000, 3, 0], ids=["memory", "both", "the database"])
async def test_missed_events_are_replayed_once_and_in_order_with_the_current_counts(
    store: Store, replay_events: int
) -> None:
    harness = OpenerHarness(store, replay_events=replay_events)
    await harness.publish("user:ann", "all")
    await harness.publish("user:bob", "user:ann", "all")
    await harness.read_all("ann")
    await harness.publish("user:ann", "user:bob", category="follow")
    connection = await harness.open(last_event_id=harness.id(1))
    ready, *replayed = frames(connection)
    assert (ready.id, ready.data["recovered"], ready.data["replayed"]) == (None, True, 5)
    assert positions(connection) == [2, 4, 5, 6, 7]
    assert [frame.event for frame in replayed] == ["message", "message", "message", "read", "message"]
    assert {frame.data["unread_count"] for frame in [ready, *replayed]} == {1}
    assert replayed[3].data["unread"] == ready.data["unread"]
    await harness.publish("all")
    assert positions(connection)[-1] == 9
    assert frames(connection)[-1].data["unread_count"] == 2


@pytest.mark.parametrize("replay_events", [1000, 0], ids=["memory", "the database"])
@pytest.mark.parametrize("is_trimmed", [False, True], ids=["kept", "trimmed"])
async def test_cursor_at_the_newest_event_has_nothing_to_replay(
    store: Store, replay_events: int, is_trimmed: bool
) -> None:
    harness = OpenerHarness(store, replay_events=replay_events)
    await harness.publish("user:ann", "user:ann")
    if is_trimmed:
        await store.trim_up_to(2)
    (ready,) = frames(await harness.open(last_event_id=harness.id(2)))
    assert (ready.id, ready.data["recovered"]) == (harness.id(2), True)


# ----------------------------------------------------------------------------------- the table of resets
def is_reset(connection: RecordingConnection, newest: str, reason: str) -> bool:
    ready, reset = frames(connection)
    assert (ready.event, ready.id, ready.data["recovered"], ready.data["replayed"]) == (
        "ready",
        newest,
        False,
        0,
    )
    assert reset.data == {"reason": reason} | {name: ready.data[name] for name in ("unread_count", "unread")}
    return (reset.event, reset.id) == ("reset", newest)


@pytest.mark.parametrize(
    ("last_event_id", "reason"),
    [
        *[(text, "epoch") for text in ("garbage", "EPOCH-", "EPOCH-x", "-1", "elsewhere-1", "EPOCH-007")],
        ("EPOCH-" + "9" * 18, "ahead"),
        ("EPOCH-1-000000", "diverged"),
    ],
)
@pytest.mark.parametrize("replay_events", [1000, 0], ids=["memory", "the database"])
async def test_cursor_that_is_malformed_or_of_another_log_is_answered_by_reset(
    store: Store, replay_events: int, last_event_id: str, reason: str
) -> None:
    harness = OpenerHarness(store, replay_events=replay_events)
    await harness.publish("user:ann", "user:ann")
    connection = await harness.open(last_event_id=last_event_id.replace("EPOCH", harness.epoch))
    assert is_reset(connection, harness.id(2), reason)
    await harness.publish("user:ann")
    assert positions(connection) == [3], "and it is live"


@pytest.mark.parametrize("replay_events", [1000, 0], ids=["memory", "the database"])
async def test_cursor_of_an_older_version_has_no_check_and_is_served(
    store: Store, replay_events: int
) -> None:
    harness = OpenerHarness(store, replay_events=replay_events)
    await harness.publish("user:ann", "user:ann")
    assert positions(await harness.open(last_event_id=f"{harness.epoch}-1")) == [2]


@pytest.mark.parametrize(("further", "reason"), [(1, "ahead"), (3, "diverged")])
async def test_events_of_a_log_that_went_back_are_not_mixed_with_those_in_memory(
    store: Store, further: int, reason: str
) -> None:
    """It went back after the counts were read: the page is of the new history, the memory of the old one."""
    harness = OpenerHarness(store, replay_events=2)
    await harness.publish("user:ann", "user:ann", "user:ann", "user:ann")
    newest, cursor = harness.id(4), harness.id(1)

    async def diverge() -> None:
        await store.go_back(1)
        await store.publish(*["user:ann"] * further)

    harness.hooks.append(diverge)
    assert is_reset(await harness.open(last_event_id=cursor), newest, reason)


async def test_stream_that_is_opening_when_the_log_turns_out_to_be_another_starts_again(store: Store) -> None:
    harness = OpenerHarness(store, replay_events=0)
    await harness.publish("user:ann", "user:ann", "user:ann")
    cursor = harness.id(3)

    async def go_back() -> None:
        await store.go_back(1)
        harness.hub.reset_to((await store.log.head()).cursor, ResetReason.AHEAD)

    harness.hooks.append(go_back)
    connection = await harness.open(last_event_id=cursor)
    assert is_reset(connection, harness.id(1), "ahead")
    await harness.publish("user:ann")
    assert positions(connection) == [2]


async def test_cursor_before_an_event_that_cannot_be_shown_is_answered_by_reset(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoilt(*_: object) -> bytes:
        raise ZeroDivisionError

    harness = OpenerHarness(store)
    await harness.publish("user:ann", "user:ann")
    monkeypatch.setattr(NotificationFrame, "render_replay", spoilt)
    assert is_reset(await harness.open(last_event_id=harness.id(1)), harness.id(2), "internal")


async def test_cursor_before_the_floor_of_the_log_is_answered_by_reset(store: Store) -> None:
    harness = OpenerHarness(store, replay_events=1)
    await harness.publish("user:ann", "user:ann", "user:ann", "user:ann")
    await store.trim_up_to(2)
    assert is_reset(await harness.open(last_event_id=harness.id(1)), harness.id(4), "trimmed")
    assert positions(await harness.open(last_event_id=harness.id(2))) == [3, 4], (
        "the floor itself can be served"
    )


async def test_retention_that_runs_during_the_replay_is_answered_by_reset(store: Store) -> None:
    harness = OpenerHarness(store, replay_events=0)
    await harness.publish("user:ann", "user:ann", "user:ann")
    harness.page_hooks.append(lambda: store.trim_up_to(2))
    assert is_reset(await harness.open(last_event_id=harness.id(1)), harness.id(3), "trimmed")


@pytest.mark.parametrize("replay_events", [1000, 0], ids=["memory", "the database"])
@pytest.mark.parametrize("most", [5, PAGE_FRAMES + 5])
async def test_replay_of_more_than_the_bound_is_answered_by_reset(
    store: Store, replay_events: int, most: int
) -> None:
    harness = OpenerHarness(store, replay_events=replay_events, max_replay_events=most)
    await harness.publish(*["user:ann", "user:bob"] * (most + 1))
    assert is_reset(await harness.open(last_event_id=harness.id(0)), harness.id(2 * most + 2), "too_many")
    missed = positions(await harness.open(last_event_id=harness.id(1)))
    assert missed == list(range(3, 2 * most + 2, 2))


# ------------------------------------------------------------------------------------ others and races
async def test_cursor_ahead_of_this_instance_waits_for_it(store: Store) -> None:
    harness = OpenerHarness(store)
    await harness.publish("user:ann")
    ahead = await store.publish("user:ann", "user:bob")  # another instance has delivered them already
    connection, opening = harness.start_open(harness.id(3))
    await eventually(lambda: harness.hub._waiting, what="the stream to wait for position 3")
    assert not connection.chunks
    harness.deliver(ahead)
    await asyncio.wait_for(opening, 20)
    (ready,) = frames(connection)
    assert (ready.id, ready.data["recovered"], ready.data["unread_count"]) == (harness.id(3), True, 2)


async def test_count_ahead_of_this_instance_waits_for_it_and_counts_nothing_twice(store: Store) -> None:
    harness = OpenerHarness(store)
    events = await store.publish("user:ann", "user:ann")
    connection, opening = harness.start_open()
    await eventually(lambda: harness.hub._waiting, what="the stream to wait for position 2")
    harness.deliver(events[:1])
    await asyncio.sleep(0)
    assert not opening.done()
    harness.deliver(events[1:])
    await asyncio.wait_for(opening, 20)
    (ready,) = frames(connection)
    assert (ready.id, ready.data["unread_count"]) == (harness.id(2), 2)


async def test_events_after_the_count_are_in_the_first_counts(store: Store) -> None:
    harness = OpenerHarness(store)
    await harness.publish("user:ann")
    harness.hooks.append(lambda: harness.publish("all", "user:bob"))
    connection = await harness.open()
    (ready,) = frames(connection)
    assert (ready.id, ready.data["unread_count"]) == (harness.id(3), 2)
    await harness.publish("user:ann")
    assert [frame.data["unread_count"] for frame in frames(connection)] == [2, 3]


async def test_counts_are_read_again_if_the_memory_has_moved_past_them(store: Store) -> None:
    harness = OpenerHarness(store, replay_events=1)
    harness.hooks.append(lambda: harness.publish("user:ann", "user:ann", "user:ann"))
    (ready,) = frames(await harness.open())
    assert (ready.id, ready.data["unread_count"]) == (harness.id(3), 3)


async def test_stream_that_opens_during_a_fan_out_gets_each_event_once(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "FAN_OUT_CHUNK", 1)
    harness = OpenerHarness(sqlite_store)
    bob, ann = await harness.open("bob"), await harness.open("ann")
    turns = harness.hub.fan_out(await sqlite_store.publish("user:ann", "all"))
    next(turns)
    assert (positions(bob), positions(ann)) == ([2], [])
    late = await harness.open("ann", harness.id(0))
    for _ in turns:
        pass
    assert (positions(bob), positions(ann), positions(late)) == ([2], [1, 2], [1, 2])
    assert [frame.data["unread_count"] for frame in frames(ann)] == [0, 1, 2]
    assert {frame.data["unread_count"] for frame in frames(late)} == {2}


async def test_stream_that_closes_while_it_opens_is_not_added(store: Store) -> None:
    harness = OpenerHarness(store)
    connection = RecordingConnection("ann")

    async def close() -> None:
        assert not harness.hub.channels["ann"].is_unused
        connection.close(CloseReason.SHUTDOWN)

    harness.hooks.append(close)
    await harness.opener.open(connection, None)
    assert (connection.chunks, harness.hub.channels) == ([], {})


async def test_stream_that_is_too_slow_for_its_replay_is_not_added(store: Store) -> None:
    def remove(connection: Connection, _reason: CloseReason) -> None:
        harness.hub.remove(connection)

    harness = OpenerHarness(store)
    await harness.publish("user:ann")
    connection = RecordingConnection("ann", on_close=remove)
    connection.is_slow = True
    await harness.opener.open(connection, harness.id(0))
    assert connection.close_reason is CloseReason.SLOW
    assert harness.hub.channels == {}, "nobody would ever remove it from its channel"


async def test_failed_count_discards_the_channel(store: Store) -> None:
    harness = OpenerHarness(store)

    async def fail() -> None:
        raise DatabaseUnavailable("gone")

    harness.hooks.append(fail)
    with pytest.raises(DatabaseUnavailable):
        await harness.open()
    assert harness.hub.channels == {}


async def test_storm_of_reconnects_costs_a_handful_of_queries(sqlite_store: Store) -> None:
    harness = OpenerHarness(sqlite_store)
    await harness.publish("all")
    queries: list[int] = []
    fetch = harness.store.counts.fetch

    async def counted(user_ids: Sequence[str]) -> Mapping[str, CountsSnapshot]:
        queries.append(len(user_ids))
        return await fetch(user_ids)

    harness.store.counts.fetch = counted  # type: ignore[method-assign]
    connections = await asyncio.gather(
        *(harness.open(f"user {number}", harness.id(0)) for number in range(1500))
    )
    assert len(queries) <= 4
    assert sum(queries) == 1500
    assert harness.log.pages == 0
    assert all(positions(connection) == [1] for connection in connections)
