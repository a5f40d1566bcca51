"""The tail: whatever is announced, the events of the log are delivered once and in order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from clients import eventually
from lumen_notify.deliver.fan_out_size import MAX_FAN_OUT_BYTES
from lumen_notify.deliver.tail import MAX_PENDING_DELIVERIES
from lumen_notify.model import Audience, Counts, ResetReason

from .conftest import Store
from .tail_harness import LONG, FlakyLog, RecordingHub, following


async def test_announced_events_are_delivered_without_reading_the_log(
    sqlite_store: Store, poll_seconds: Callable[[float], None]
) -> None:
    poll_seconds(LONG)
    events = await sqlite_store.publish("all", "user:ann", "all")
    log, hub = FlakyLog(sqlite_store.log), RecordingHub()
    async with following(log, hub) as tail:
        tail.announce(events, sqlite_store.follows(events[0]))
        await eventually(lambda: hub.seen == [1, 2, 3], what="three events")
    assert log.reads == 0


async def test_gap_before_an_announcement_is_filled_from_the_log(
    store: Store, poll_seconds: Callable[[float], None]
) -> None:
    poll_seconds(LONG)
    await store.publish("all", "user:ann")
    late = await store.publish("user:bob")
    hub = RecordingHub()
    async with following(store.log, hub) as tail:
        tail.announce(late, store.follows(late[0]))
        await eventually(lambda: hub.position == 3, what="the announced event")
    assert hub.seen == [1, 2, 3]


async def test_event_that_nobody_announced_is_found_by_polling(
    store: Store, poll_seconds: Callable[[float], None]
) -> None:
    poll_seconds(0.02)
    hub = RecordingHub()
    async with following(store.log, hub):
        await store.publish("user:ann")
        await eventually(lambda: hub.seen == [1], what="the poll")


async def test_more_events_than_one_page_are_all_read(sqlite_store: Store) -> None:
    await sqlite_store.publish(*["user:ann"] * 2500)
    last = await sqlite_store.publish("user:ann")
    hub = RecordingHub()
    async with following(sqlite_store.log, hub) as tail:
        tail.announce(last, sqlite_store.follows(last[0]))
        await eventually(lambda: hub.position == 2501, what="all of them")
    assert hub.seen == list(range(1, 2502))


async def test_gap_that_cannot_be_read_waits_for_the_log_and_is_not_skipped(
    store: Store, poll_seconds: Callable[[float], None], caplog: pytest.LogCaptureFixture
) -> None:
    poll_seconds(0.02)
    await store.publish("user:ann")
    late = await store.publish("user:ann")
    log, hub = FlakyLog(store.log), RecordingHub()
    log.failures = 3
    async with following(log, hub) as tail:
        tail.announce(late, store.follows(late[0]))
        await eventually(lambda: log.failures == 0, what="three polls")
        await eventually(lambda: hub.seen == [1, 2], what="the log to be back")
        await eventually(lambda: len(caplog.records) == 2, what="the end of the outage")
    began, ended = [record.getMessage() for record in caplog.records]
    assert began == "reads of the log: failing: the database does not answer (OSError)"
    assert ended.startswith("reads of the log: working again after ")


async def test_fan_out_that_fails_is_logged_and_repeated(
    sqlite_store: Store, poll_seconds: Callable[[float], None], caplog: pytest.LogCaptureFixture
) -> None:
    poll_seconds(0.02)
    events = await sqlite_store.publish("user:ann")
    hub = RecordingHub()
    hub.failures = 2
    async with following(sqlite_store.log, hub) as tail:
        tail.announce(events, sqlite_store.follows(events[0]))
        await eventually(lambda: hub.seen == [1], what="the tail to go on")
        await asyncio.wait_for(tail.wait_until_caught_up(), 10)
    assert caplog.text.count("task task: failing:") == 1


async def test_writers_wait_while_delivery_is_far_behind_and_go_on_when_it_is_done(
    sqlite_store: Store, poll_seconds: Callable[[float], None]
) -> None:
    poll_seconds(LONG)
    first, *others = await sqlite_store.publish("all", "all", "all")
    is_free = False
    hub = RecordingHub(lambda: is_free)
    async with following(sqlite_store.log, hub, width=MAX_PENDING_DELIVERIES) as tail:
        tail.announce([first], None)
        await asyncio.wait_for(tail.wait_until_caught_up(), 10)  # at the limit
        await eventually(lambda: hub.seen == [1], what="the fan-out to begin")
        tail.announce(others, first.check)
        waiting = asyncio.ensure_future(tail.wait_until_caught_up())
        for _ in range(10):
            await asyncio.sleep(0)
        assert not waiting.done()
        is_free = True
        await asyncio.wait_for(waiting, 10)
    assert hub.seen == [1, 2, 3]


async def test_close_releases_waiting_writers(
    sqlite_store: Store, poll_seconds: Callable[[float], None]
) -> None:
    poll_seconds(LONG)
    events = await sqlite_store.publish("all")
    hub = RecordingHub(lambda: False)
    async with following(sqlite_store.log, hub, width=MAX_PENDING_DELIVERIES + 1) as tail:
        tail.announce(events, sqlite_store.follows(events[0]))
        waiting = asyncio.ensure_future(tail.wait_until_caught_up())
        await eventually(lambda: hub.seen == [1], what="the fan-out to begin")
        assert not waiting.done()
    await asyncio.wait_for(waiting, 10)


async def test_burst_is_fanned_out_in_parts_that_one_write_can_hold(
    sqlite_store: Store, poll_seconds: Callable[[float], None]
) -> None:
    poll_seconds(LONG)
    small = await sqlite_store.publish(*["user:ann"] * 9, content="x" * (MAX_FAN_OUT_BYTES // 4))
    large = await sqlite_store.publish("user:ann", content="x" * (MAX_FAN_OUT_BYTES + 1))
    hub = RecordingHub()
    async with following(sqlite_store.log, hub) as tail:
        tail.announce([*small, *large, *(await sqlite_store.publish("user:ann"))], None)
        await eventually(lambda: hub.position == 11, what="all of them")
    assert hub.seen == list(range(1, 12))
    assert [len(part) for part in hub.parts] == [3, 3, 3, 1, 1]


spans = st.tuples(st.integers(1, 12), st.integers(1, 12)).map(sorted)
"""The positions of the first and the last event of a transaction."""


def test_whatever_is_announced_events_are_delivered_once_and_in_order(
    sqlite_url: str, poll_seconds: Callable[[float], None]
) -> None:
    poll_seconds(0.005)
    with asyncio.Runner() as runner:
        store = runner.run(Store.open(sqlite_url))
        events = runner.run(store.publish(*["user:ann", "all", "user:bob"] * 4))

        async def follow(announced: list[list[int]], turns: int) -> tuple[list[int], list[ResetReason]]:
            hub = RecordingHub()
            async with following(store.log, hub) as tail:
                for first, last in announced:
                    tail.announce(events[first - 1 : last], store.follows(events[first - 1]))
                    for _ in range(turns):
                        await asyncio.sleep(0)
                await eventually(lambda: hub.position >= 12, what="all of them")
            return hub.seen, hub.resets

        @settings(max_examples=60)
        @example([[2, 2]], 0)
        @example([[1, 1], [1, 3], [4, 4]], 0)
        @given(st.lists(spans, max_size=8), st.integers(0, 3))
        def check(announced: list[list[int]], turns: int) -> None:
            assert runner.run(follow(announced, turns)) == (list(range(1, 13)), [])

        check()
        runner.run(store.database.close())


async def test_rewritten_events_are_read_again_also_after_an_outage(
    store: Store, poll_seconds: Callable[[float], None]
) -> None:
    events = [*await store.publish("user:ann", content="old"), *await store.publish("all")]
    log, hub = FlakyLog(store.log), RecordingHub()
    poll_seconds(0.01)
    async with following(log, hub) as tail:
        tail.announce(events, None)
        await eventually(lambda: hub.seen == [1, 2], what="two events")
        async with store.log.transaction() as tx:
            await tx.rewrite({1: '{"content":"new"}'})
        log.failures = 1
        tail.announce(tx.events, tx.follows)
        await eventually(lambda: hub.seen == [1, 2, 3] and not hub.replay.outdated, what="the new text")
    frames = hub.replay.frames_after(0, [Audience("user:ann")]) or []
    assert [b'"content":"new"' in frame.render_replay(Counts({}), "ann") for frame in frames] == [True]
