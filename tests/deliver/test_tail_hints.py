"""The tail and the hints of other instances: true ones save reads, wrong ones do no harm."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

import pytest

from clients import eventually
from lumen_notify.commit.log import TrimEvents, trim_events
from lumen_notify.deliver import pace
from lumen_notify.deliver.pace import MAX_USELESS_READS
from lumen_notify.deliver.tail import MAX_PENDING_DELIVERIES
from lumen_notify.model import EVERYONE, Event, ResetReason

from .conftest import Store
from .fakes import FakeClock
from .tail_harness import LONG, RecordingHub, following


async def turns(number: int = 20) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


async def test_hinted_events_are_delivered_without_reading_the_log_in_any_order(
    sqlite_store: Store, poll_seconds: Callable[[float], None]
) -> None:
    poll_seconds(LONG)
    events = await sqlite_store.publish(*["all"] * 6)
    hub = RecordingHub()
    async with following(sqlite_store.log, hub) as tail:
        for position in (1, 3, 2, 2, 6, 5, 4, 1):
            tail.hint(events[position - 1 : position], sqlite_store.follows(events[position - 1]))
        await eventually(lambda: hub.seen == [1, 2, 3, 4, 5, 6], what="six events")
    assert tail.reads == 0


async def test_own_commit_waits_a_moment_for_the_hint_of_the_event_before_it(
    sqlite_store: Store, poll_seconds: Callable[[float], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    poll_seconds(LONG)
    monkeypatch.setattr(pace, "GAP_SECONDS", LONG)
    events = await sqlite_store.publish(*["all"] * 3)
    hub = RecordingHub()
    async with following(sqlite_store.log, hub) as tail:
        tail.hint(events[:1], None)
        await eventually(lambda: hub.seen == [1], what="a hint that helps")
        tail.announce(events[2:], events[1].check)
        await turns()
        tail.hint(events[1:2], events[0].check)
        await eventually(lambda: hub.seen == [1, 2, 3], what="both")
        assert tail.reads == 0
        monkeypatch.setattr(pace, "GAP_SECONDS", 0.01)
        (later,) = await sqlite_store.publish("all")
        last = await sqlite_store.publish("all")
        tail.announce(last, later.check)
        await eventually(lambda: hub.seen == [1, 2, 3, 4, 5], what="the gap whose hint was lost")
    assert tail.reads == 1


async def test_head_of_another_instance_is_read_at_once_and_an_old_one_is_ignored(
    sqlite_store: Store, poll_seconds: Callable[[float], None]
) -> None:
    poll_seconds(LONG)
    await sqlite_store.publish("all", "all")
    hub = RecordingHub()
    async with following(sqlite_store.log, hub) as tail:
        tail.wake(2)
        await eventually(lambda: hub.seen == [1, 2], what="the read")
        for _ in range(100):
            tail.wake(1)
            tail.wake(2)
            await turns(2)
    assert tail.reads == 1


async def test_sync_reads_the_log(sqlite_store: Store, poll_seconds: Callable[[float], None]) -> None:
    poll_seconds(LONG)
    await sqlite_store.publish("all")
    hub = RecordingHub()
    async with following(sqlite_store.log, hub) as tail:
        tail.sync()
        await eventually(lambda: hub.seen == [1], what="the read")


async def test_garbage_costs_a_few_reads_and_true_hints_still_pass(
    sqlite_store: Store, poll_seconds: Callable[[float], None]
) -> None:
    poll_seconds(LONG)
    events = await sqlite_store.publish("all", "all")
    hub = RecordingHub()

    def forged(position: int) -> Sequence[Event]:
        return [Event(position=position, audience=EVERYONE, kind="x", category=None, body="{}", created_at=7)]

    async with following(sqlite_store.log, hub) as tail:
        tail.announce(events[:1], None)
        await eventually(lambda: hub.seen == [1], what="an event")
        for number in range(300):
            tail.wake(10**12 + number)
            tail.hint(forged(1), None)
            tail.hint(forged(2), "000000")
            tail.hint(forged(10**9 + number), "000000")
            await turns(4)
        assert tail.reads <= MAX_USELESS_READS + 1, "one of them found the second event"
        third = await sqlite_store.publish("all")
        tail.hint(third, events[1].check)
        await eventually(lambda: hub.seen == [1, 2, 3], what="the true hint")
    assert hub.resets == []


async def test_hints_never_let_the_committer_wait(
    sqlite_store: Store, poll_seconds: Callable[[float], None]
) -> None:
    poll_seconds(LONG)
    events = await sqlite_store.publish("all", "all", "all")
    is_free = False
    hub = RecordingHub(lambda: is_free)
    async with following(sqlite_store.log, hub, width=MAX_PENDING_DELIVERIES + 1) as tail:
        tail.hint(events[:1], None)
        await eventually(lambda: hub.seen == [1], what="a fan-out that lasts")
        tail.hint(events[1:], events[0].check)
        await asyncio.wait_for(tail.wait_until_caught_up(), 10)
        is_free = True
        await eventually(lambda: hub.seen == [1, 2, 3], what="the others")


async def test_gap_that_the_log_no_longer_holds_resets(
    sqlite_store: Store, poll_seconds: Callable[[float], None]
) -> None:
    poll_seconds(LONG)
    events = await sqlite_store.publish(*["all"] * 5)
    hub = RecordingHub()
    async with following(sqlite_store.log, hub) as tail:
        tail.announce(events[:1], None)
        await eventually(lambda: hub.seen == [1], what="an event")
        async with sqlite_store.log.transaction() as tx:
            await trim_events(tx, [TrimEvents(up_to=3)])
        tail.hint(events[4:], events[3].check)
        await eventually(lambda: hub.resets == [ResetReason.TRIMMED], what="the reset")
        assert hub.position == 5


async def test_lag_counts_from_the_last_time_that_the_end_of_the_log_was_known(
    sqlite_store: Store, poll_seconds: Callable[[float], None]
) -> None:
    poll_seconds(LONG)
    events = await sqlite_store.publish("all", "all")
    hub = RecordingHub()
    clock = FakeClock()
    async with following(sqlite_store.log, hub) as tail:
        tail._clock = clock
        tail.hint(events[:1], None)
        await eventually(lambda: hub.seen == [1], what="an event")
        clock.seconds += 50
        tail.hint(events[:1], None)
        await turns()
        assert tail.lag_seconds >= 50, "an old hint says nothing of the log's end"
        tail.hint(events[1:], events[0].check)
        await eventually(lambda: tail.lag_seconds < 50, what="a hint that continues")


class PausedClock:
    """A clock that runs, and that the test moves as a pause of the process does."""

    def __init__(self) -> None:
        self.later = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.later


async def test_lost_hints_from_before_a_pause_are_not_delivered(
    sqlite_store: Store, poll_seconds: Callable[[float], None]
) -> None:
    """The database was restored during the pause; the hints of lost events were on the way."""
    poll_seconds(1000)
    clock, hub = PausedClock(), RecordingHub()
    events = await sqlite_store.publish("all", "all", "all")
    async with following(sqlite_store.log, hub, clock=clock) as tail:
        tail.hint(events[:1], None)
        await eventually(lambda: hub.seen == [1], what="a hint")
        await sqlite_store.go_back(1)
        clock.later = 60
        tail.hint(events[1:2], events[0].check)
        await eventually(lambda: tail.reads == 1, what="the log to be read")
        await turns()
        tail.hint(events[1:2], events[0].check)
        tail.hint(events[2:], events[1].check)
        await turns()
        assert hub.seen == [1]
        (new,) = await sqlite_store.publish("all")
        tail.hint([new], events[0].check)
        await eventually(lambda: hub.seen == [1, 2], what="the new event, from the log")
        assert hub.check_at(2) == new.check


async def test_own_commit_before_a_pause_is_announced_only_if_the_log_has_it(
    sqlite_store: Store, poll_seconds: Callable[[float], None]
) -> None:
    poll_seconds(1000)
    clock, hub = PausedClock(), RecordingHub()
    kept, *lost = await sqlite_store.publish("all", "all")
    async with following(sqlite_store.log, hub, clock=clock) as tail:
        assert tail.announce([kept], None)
        await eventually(lambda: hub.seen == [1], what="a commit")
        await sqlite_store.go_back(1)
        clock.later = 60
        assert not tail.announce(lost, kept.check), "nor are other instances told"
        await eventually(lambda: tail.reads == 1, what="the log to be read")
        await turns()
        assert hub.seen == [1]
        new = await sqlite_store.publish("all")
        assert tail.announce(new, kept.check), "and it goes on"
        await eventually(lambda: hub.seen == [1, 2], what="the new event")
        assert hub.resets == []


async def test_events_that_a_poll_finds_before_a_hint_are_missed_hints(
    sqlite_store: Store, poll_seconds: Callable[[float], None]
) -> None:
    poll_seconds(0.02)
    hub = RecordingHub()
    async with following(sqlite_store.log, hub) as tail:
        await sqlite_store.publish("all", "all")
        await eventually(lambda: hub.position == 2, what="the poll")
        assert (tail.hints, tail.missed_hints) == (0, 2)


async def test_events_that_a_hint_told_of_are_no_missed_hints(
    sqlite_store: Store, poll_seconds: Callable[[float], None]
) -> None:
    poll_seconds(LONG)
    hub = RecordingHub()
    async with following(sqlite_store.log, hub) as tail:
        await sqlite_store.publish("all", "all")
        tail.wake(2)
        await eventually(lambda: hub.position == 2, what="the read")
        assert (tail.reads, tail.hints, tail.missed_hints) == (1, 1, 0)


async def test_events_before_a_hint_whose_own_hint_was_lost_are_missed_hints(
    sqlite_store: Store, poll_seconds: Callable[[float], None]
) -> None:
    poll_seconds(LONG)
    events = await sqlite_store.publish(*["all"] * 3)
    hub = RecordingHub()
    async with following(sqlite_store.log, hub) as tail:
        tail.hint(events[2:], sqlite_store.follows(events[2]))
        await eventually(lambda: hub.seen == [1, 2, 3], what="the gap")
    assert (tail.hints, tail.missed_hints) == (1, 2)
