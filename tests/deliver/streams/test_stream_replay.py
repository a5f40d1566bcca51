"""A long replay: page by page, as fast as the client reads; then the stream is live."""

from __future__ import annotations

import asyncio

import pytest

from clients import eventually, read_frames
from lumen_notify.deliver.connection.fallback import QueueConnection
from lumen_notify.deliver.frames import NotificationFrame
from lumen_notify.deliver.streams import opening, stream_replay
from lumen_notify.deliver.streams.replay_reader import PAGE_FRAMES
from lumen_notify.deliver.streams.stream_replay import WRITE_BYTES
from lumen_notify.errors import DatabaseUnavailable
from lumen_notify.model import Audience, CloseReason, Counts, ResetReason
from lumen_notify.model.events import SessionsRevoked

from ..conftest import Store
from ..fakes import HOUR_MS, RecordingConnection
from .opener_harness import OpenerHarness, frames, positions

MANY = 4 * PAGE_FRAMES
"""Events that do not fit into one write."""


class SlowReader:
    """A stream of ann's with a long replay, whose client reads when the test says so."""

    def __init__(self, harness: OpenerHarness, cursor: int = 0) -> None:
        self.harness = harness
        self.connection = RecordingConnection("ann")
        self.connection.room_bytes = 0
        self.opening = asyncio.create_task(harness.opener.open(self.connection, harness.id(cursor)))

    async def wait(self, chunks: int) -> None:
        """Wait until there were so many writes."""
        await eventually(lambda: len(self.connection.chunks) >= chunks, what=f"{chunks} writes")
        for _ in range(20):  # and no more of them
            await asyncio.sleep(0)
        assert len(self.connection.chunks) == chunks

    async def read_all(self) -> None:
        self.connection.peer_reads(10**9)
        await asyncio.wait_for(self.opening, 30)


@pytest.mark.parametrize("replay_events", [10_000, 10, 0], ids=["memory", "both", "the database"])
async def test_long_replay_has_all_events_once_and_ends_with_their_number(
    store: Store, replay_events: int
) -> None:
    harness = OpenerHarness(store, replay_events=replay_events)
    await harness.publish(*["user:ann", "user:bob", "all"] * PAGE_FRAMES)
    connection = await harness.open(last_event_id=harness.id(1))
    ready, *replayed, caught_up = frames(connection)
    assert (ready.event, ready.id, ready.data["recovered"], ready.data["replayed"]) == (
        "ready",
        None,
        True,
        None,
    )
    expected = [position for position in range(2, 3 * PAGE_FRAMES + 1) if position % 3 != 2]
    assert positions(connection) == expected
    assert {frame.data["unread_count"] for frame in replayed} == {2 * PAGE_FRAMES}
    assert caught_up.event == "caught_up"
    assert caught_up.id == harness.id(3 * PAGE_FRAMES)
    assert caught_up.data == {
        "unread_count": 2 * PAGE_FRAMES,
        "unread": ready.data["unread"],
        "replayed": len(expected),
    }
    await harness.publish("user:ann")
    assert positions(connection)[-1] == 3 * PAGE_FRAMES + 1
    assert harness.log.pages == (0 if replay_events == 10_000 else harness.log.pages)
    assert max(map(len, connection.chunks)) <= WRITE_BYTES + 1000


@pytest.mark.parametrize("replay_events", [10_000, 0], ids=["memory", "the database"])
async def test_next_part_waits_until_the_client_has_read_the_one_before(
    store: Store, replay_events: int
) -> None:
    harness = OpenerHarness(store, replay_events=replay_events)
    await harness.publish(*["user:ann"] * MANY)
    reader = SlowReader(harness)
    await reader.wait(1)  # `ready`, and the first part
    pages = harness.log.pages
    reader.connection.peer_reads(sum(map(len, reader.connection.chunks)))
    await reader.wait(2)
    assert harness.log.pages <= pages + 1, "no page is read before it can be sent"
    assert reader.connection.backlog_bytes <= WRITE_BYTES
    await reader.read_all()
    assert positions(reader.connection) == list(range(1, MANY + 1))


async def test_events_during_a_long_replay_follow_it_without_a_gap_and_the_last_counts_are_exact(
    store: Store,
) -> None:
    harness = OpenerHarness(store, replay_events=0)
    await harness.publish(*["user:ann"] * MANY)
    reader = SlowReader(harness)
    await reader.wait(1)
    await harness.publish("user:ann", "user:bob", "all")
    await harness.read_all("ann")
    await harness.publish("user:ann", category="follow")
    await reader.read_all()
    newest = MANY + 5
    assert positions(reader.connection) == [one for one in range(1, newest + 1) if one != MANY + 2]
    caught_up = frames(reader.connection)[-1]
    assert caught_up.id == harness.id(newest)
    assert caught_up.data["unread"] == {"categories": {"follow": 1}, "rooms": {}}
    assert frames(reader.connection)[-2].data["unread_count"] == 1
    await harness.publish("user:ann")
    assert frames(reader.connection)[-1].data["unread_count"] == 2


async def test_counts_of_a_long_replay_are_a_few_seconds_old_at_most(store: Store) -> None:
    harness = OpenerHarness(store, replay_events=0)
    await harness.publish(*["user:ann"] * MANY)
    reader = SlowReader(harness)
    await reader.wait(1)
    await harness.read_all("ann")
    store.clock.seconds += opening.COUNTS_SECONDS + 1
    shown = len(frames(reader.connection))
    await reader.read_all()
    before, after = frames(reader.connection)[:shown], frames(reader.connection)[shown:]
    assert {frame.data["unread_count"] for frame in before} == {MANY}
    assert {frame.data["unread_count"] for frame in after} == {0}


async def test_marks_with_many_counts_are_sent_in_parts(sqlite_store: Store) -> None:
    """The size of a mark depends on the user's counts at the time of the replay."""
    harness = OpenerHarness(sqlite_store)
    for _ in range(20):
        await harness.publish("user:ann")
        await harness.read_all("ann")
    for number in range(300):
        await harness.publish("user:ann", category=f"category-{number:03}")
    connection = await harness.open(last_event_id=harness.id(1))
    assert positions(connection) == list(range(2, 341))
    assert max(map(len, connection.chunks)) <= 2 * WRITE_BYTES


@pytest.mark.parametrize("characters", range(60, 140, 5))
async def test_end_of_a_replay_that_nearly_fits_into_one_write_is_sent(
    sqlite_store: Store, characters: int
) -> None:
    harness = OpenerHarness(sqlite_store)
    await harness.publish(*["user:ann"] * 200, content="x" * characters)
    assert positions(await harness.open(last_event_id=harness.id(0))) == list(range(1, 201))


async def test_client_that_does_not_read_is_closed_as_slow(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_replay, "SEND_SECONDS", 0.05)
    harness = OpenerHarness(store, replay_events=0)
    await harness.publish(*["user:ann"] * MANY)
    reader = SlowReader(harness)
    await asyncio.wait_for(reader.opening, 30)
    assert reader.connection.close_reason is CloseReason.SLOW
    assert sum(map(len, reader.connection.chunks)) <= WRITE_BYTES + 1000
    assert harness.hub.channels == {}


async def test_client_that_reads_slowly_is_not_closed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_replay, "SEND_SECONDS", 0.2)
    monkeypatch.setattr(stream_replay, "MIN_SENT_BYTES", 1)
    harness = OpenerHarness(store, replay_events=0)
    await harness.publish(*["user:ann"] * MANY)
    reader = SlowReader(harness)
    await reader.wait(1)
    for _ in range(20):  # more than SEND_SECONDS together
        await asyncio.sleep(0.05)
        reader.connection.peer_reads(10)
    assert reader.connection.close_reason is None
    await reader.read_all()
    assert positions(reader.connection) == list(range(1, MANY + 1))


@pytest.mark.parametrize("reason", [CloseReason.EXPIRED, CloseReason.SHUTDOWN, CloseReason.GONE])
async def test_long_replay_ends_with_its_stream(store: Store, reason: CloseReason) -> None:
    harness = OpenerHarness(store, replay_events=0)
    await harness.publish(*["user:ann"] * MANY)
    reader = SlowReader(harness)
    await reader.wait(1)
    if reason is CloseReason.GONE:
        reader.connection.on_disconnect()
    else:
        reader.connection.close(reason)
    await asyncio.wait_for(reader.opening, 30)
    assert len(reader.connection.chunks) == 1
    assert harness.hub.channels == {}
    seen = positions(reader.connection)
    again = await harness.open(last_event_id=harness.id(seen[-1]))
    assert seen + positions(again) == list(range(1, MANY + 1)), "its client resumes"


async def test_long_replay_ends_when_its_tokens_are_revoked(store: Store) -> None:
    harness = OpenerHarness(store, replay_events=0)
    await harness.publish(*["user:ann"] * MANY)
    reader = SlowReader(harness)
    await reader.wait(1)
    async with store.log.transaction() as tx:
        tx.append(Audience.user("ann"), SessionsRevoked(data={"not_before": 1}))
    harness.deliver(tx.events)
    await asyncio.wait_for(reader.opening, 30)
    assert reader.connection.close_reason is CloseReason.REVOKED


@pytest.mark.parametrize("cause", ["trimmed", "another log", "an event that cannot be shown"])
async def test_long_replay_that_cannot_go_on_closes_the_stream_and_its_client_gets_reset(
    store: Store, cause: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness = OpenerHarness(store, replay_events=0)
    await harness.publish(*["user:ann"] * MANY)
    reader = SlowReader(harness)
    await reader.wait(1)
    if cause == "trimmed":
        await store.trim_up_to(MANY - 1)
    elif cause == "another log":
        await store.go_back(2)
        harness.hub.reset_to((await store.log.head()).cursor, ResetReason.AHEAD)
    else:

        def spoilt(*_: object) -> bytes:
            raise ZeroDivisionError

        monkeypatch.setattr(NotificationFrame, "render_replay", spoilt)
    cursor = frames(reader.connection)[-1].id
    await reader.read_all()
    assert reader.connection.close_reason is CloseReason.SHUTDOWN
    ready, reset = frames(await harness.open(last_event_id=cursor))
    reasons = {"trimmed": "trimmed", "another log": "ahead", "an event that cannot be shown": "internal"}
    assert (ready.data["recovered"], reset.event, reset.data["reason"]) == (False, "reset", reasons[cause])


async def test_outage_during_a_long_replay_is_raised(store: Store) -> None:
    harness = OpenerHarness(store, replay_events=0)
    await harness.publish(*["user:ann"] * MANY)
    reader = SlowReader(harness)
    await reader.wait(1)

    async def fail() -> None:
        raise DatabaseUnavailable("gone")

    harness.page_hooks.append(fail)
    reader.connection.peer_reads(10**9)
    with pytest.raises(DatabaseUnavailable):
        await asyncio.wait_for(reader.opening, 30)
    assert reader.connection.replaying is None
    assert harness.hub.channels == {}


async def test_stream_without_a_long_replay_opens_while_others_replay(store: Store) -> None:
    harness = OpenerHarness(store, replay_events=0)
    await harness.publish(*["user:ann"] * MANY, "user:bob")
    readers = [SlowReader(harness) for _ in range(10)]
    for reader in readers:
        await reader.wait(1)
    assert positions(await harness.open("bob", harness.id(MANY))) == [MANY + 1]
    for reader in readers:
        assert not reader.opening.done()
        await reader.read_all()
        assert positions(reader.connection) == list(range(1, MANY + 1))


async def test_ready_of_a_long_replay_has_the_counts_of_its_moment(store: Store) -> None:
    harness = OpenerHarness(store)
    await harness.publish(*["user:ann"] * MANY)
    ready = frames(await harness.open(last_event_id=harness.id(0)))[0]
    assert ready.data["unread"] == Counts({"like": MANY}).as_fields()["unread"]


async def test_backlog_that_is_smaller_than_a_page_does_not_end_a_long_replay(store: Store) -> None:
    """Or its client would come back with the same cursor for ever."""
    harness = OpenerHarness(store, replay_events=0)
    await harness.publish(*["user:ann"] * MANY)
    connection = QueueConnection(
        max_backlog_bytes=4096,
        user_id="ann",
        device=None,
        address="",
        connected_at=0,
        expires_at=HOUR_MS,
        on_close=lambda _connection, _reason: None,
    )
    opening = asyncio.create_task(harness.opener.open(connection, harness.id(0)))
    text = ""
    async with asyncio.timeout(60):
        async for payload in connection.payloads():
            text += payload.decode()
            if "event: caught_up" in text:
                break
    await opening
    assert connection.close_reason is None
    assert [frame.position for frame in read_frames(text) if frame.is_durable] == list(range(1, MANY + 1))
