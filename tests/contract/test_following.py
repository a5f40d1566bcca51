"""The contract of the log and the tail: committed events are delivered in order and once, whether or not
they were announced. An announcement may be lost, and the log may be unavailable for a while. A log that is no
longer the one whose events were delivered is noticed."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import pytest

from clients import eventually
from lumen_notify.auth import Revocations
from lumen_notify.commit.database import Database
from lumen_notify.commit.database.migrations import migrate
from lumen_notify.commit.log import Head, Log, TrimEvents, trim_events
from lumen_notify.deliver import pace
from lumen_notify.deliver.hub import Hub
from lumen_notify.deliver.replay import Replay
from lumen_notify.deliver.tail import Tail
from lumen_notify.errors import DatabaseUnavailable
from lumen_notify.metrics import Metrics
from lumen_notify.model import EVERYONE, Cursor, Event, ResetReason
from lumen_notify.model.events import NotificationPublished
from supervised import supervised


class FlakyLog:
    """A log whose next `outages` reads fail, and a read that is in progress when the outage begins."""

    def __init__(self, log: Log) -> None:
        self.outages = 0
        self._log = log

    async def head(self) -> Head:
        return await self._log.head()

    async def follow(self, cursor: Cursor) -> Sequence[Event] | ResetReason:
        if self.outages:
            self.outages -= 1
            raise DatabaseUnavailable("an outage made up by a test")
        found = await self._log.follow(cursor)
        if self.outages:
            raise DatabaseUnavailable("an outage made up by a test")
        return found

    async def at(self, positions: Sequence[int]) -> Sequence[Event]:
        return await self._log.at(positions)


async def nothing_read(_ids: Sequence[str], users: Sequence[str]) -> Mapping[str, frozenset[str]]:
    return dict.fromkeys(users, frozenset())


class Delivery:
    """A real log, tail and hub. `commit` announces nothing: that is up to the test. resets: how often the
    tail said that the log is another one."""

    def __init__(self, database: Database, log: Log, epoch: str) -> None:
        self.database = database
        self.log = log
        self.resets = 0
        self.reader = FlakyLog(log)
        self.hub = Hub(
            epoch=epoch, position=0, replay=Replay(position=0, max_events=10_000), clock=lambda: 0.0
        )
        self.tail = Tail(
            self.reader,
            self.hub,
            fetch_readers=nothing_read,
            revoke=Revocations().revoke,
            on_reset=[self.on_reset],
            metrics=Metrics(),
        )

    def on_reset(self) -> None:
        self.resets += 1

    async def commit(self, number: int = 1) -> tuple[list[Event], str | None]:
        """Append events in one transaction; return what is announced."""
        async with self.log.transaction() as tx:
            for _ in range(number):
                tx.append(EVERYONE, NotificationPublished(notification="{}"), category="like")
        return tx.events, tx.follows

    async def run(self, *statements: str) -> None:
        async with self.database.transaction() as transaction:
            for statement in statements:
                await transaction.run_sql(statement)

    async def go_back(self, position: int) -> None:
        """Bring the log back to an earlier state, as a restored backup does."""
        await self.run(f"DELETE FROM lumen_event WHERE position > {position}")  # noqa: S608 - a number

    async def until_reset(self, reason: str) -> None:
        """Wait until a log that is another one was noticed; assert that delivery goes on from its end."""
        await eventually(lambda: self.resets == 1, what="the other log to be noticed")
        assert self.hub.resets == {reason: 1}
        assert self.hub.cursor == (await self.log.head()).cursor
        assert self.hub.replay.frames_after(self.hub.position - 1, [EVERYONE]) is None
        position = self.hub.position
        await self.commit(2)
        await eventually(lambda: self.hub.position == position + 2, what="further events")
        assert self.resets == 1

    @property
    def delivered(self) -> list[int]:
        frames = self.hub.replay.frames_after(0, [EVERYONE])
        assert frames is not None
        return [frame.position for frame in frames]

    async def reach(self, position: int) -> None:
        await eventually(lambda: self.hub.position >= position, what=f"position {position}")
        assert self.delivered == list(range(1, position + 1))


@asynccontextmanager
async def delivering(database_url: str) -> AsyncIterator[Delivery]:
    database = Database(database_url)
    await database.open()
    await migrate(database)
    log = Log(database, itertools.count(1_800_000_000_000).__next__)  # each transaction at a time of its own
    delivery = Delivery(database, log, (await log.open()).epoch)
    try:
        async with supervised(delivery.tail.run):
            yield delivery
    finally:
        await database.close()


@pytest.fixture
async def delivery(database_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Delivery]:
    monkeypatch.setattr(pace, "POLL_SECONDS", 0.05)
    async with delivering(database_url) as delivery:
        yield delivery


@pytest.fixture
async def unpolled(database_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Delivery]:
    """Give one that reads the log only when an announcement asks for it."""
    monkeypatch.setattr(pace, "POLL_SECONDS", 3600.0)
    async with delivering(database_url) as delivery:
        yield delivery


async def test_announced_events_are_delivered_without_reading(delivery: Delivery) -> None:
    delivery.reader.outages = 10**6
    delivery.tail.announce(*await delivery.commit(3))
    delivery.tail.announce(*await delivery.commit(2))
    await delivery.reach(5)


async def test_events_that_nobody_announces_are_found(delivery: Delivery) -> None:
    await delivery.commit(2500)
    await delivery.reach(2500)


async def test_gap_before_announced_events_is_filled(delivery: Delivery) -> None:
    await delivery.commit()
    delivery.tail.announce(*await delivery.commit())
    await delivery.reach(2)


async def test_gap_between_announced_events_is_filled(delivery: Delivery) -> None:
    first = await delivery.commit()
    await delivery.commit()
    third = await delivery.commit()
    delivery.tail.announce(*first)
    delivery.tail.announce(*third)
    await delivery.reach(3)


async def test_gap_that_cannot_be_read_yet_is_filled_later(delivery: Delivery) -> None:
    delivery.reader.outages = 2
    await delivery.commit()
    delivery.tail.announce(*await delivery.commit())
    await delivery.reach(2)
    assert delivery.reader.outages == 0


async def test_events_announced_twice_or_late_are_delivered_once(delivery: Delivery) -> None:
    first = await delivery.commit(2)
    await delivery.reach(2)
    delivery.tail.announce(*first)
    delivery.tail.announce(*await delivery.commit())
    delivery.tail.announce(*first)
    await delivery.reach(3)
    assert (delivery.hub.position, delivery.resets) == (3, 0)


async def test_log_that_went_back_is_noticed(delivery: Delivery) -> None:
    await delivery.commit(5)
    await delivery.reach(5)
    await delivery.go_back(3)
    await delivery.until_reset("ahead")


async def test_log_that_went_back_and_has_as_many_events_again_is_noticed(delivery: Delivery) -> None:
    await delivery.commit(5)
    await delivery.reach(5)
    delivery.reader.outages = 10**6  # or a read could come between the two
    await delivery.go_back(3)
    await delivery.commit(2)
    delivery.reader.outages = 0
    await delivery.until_reset("diverged")


async def test_log_that_went_back_to_its_beginning_is_noticed(delivery: Delivery) -> None:
    await delivery.commit()
    await delivery.reach(1)
    await delivery.go_back(0)
    await delivery.until_reset("ahead")


async def test_log_of_another_database_is_noticed(delivery: Delivery) -> None:
    await delivery.commit(2)
    await delivery.reach(2)
    await delivery.run("UPDATE lumen_log_head SET epoch = 'another'")
    await delivery.until_reset("epoch")
    assert delivery.hub.epoch == "another"


async def test_log_that_was_trimmed_past_what_was_delivered_is_noticed(delivery: Delivery) -> None:
    await delivery.commit(2)
    await delivery.reach(2)
    delivery.reader.outages = 10**6
    await delivery.commit(4)
    async with delivery.log.transaction() as tx:
        await trim_events(tx, [TrimEvents(up_to=5)])
    delivery.reader.outages = 0
    await delivery.until_reset("trimmed")


async def test_log_that_was_trimmed_up_to_what_was_delivered_is_followed(delivery: Delivery) -> None:
    await delivery.commit(3)
    await delivery.reach(3)
    async with delivery.log.transaction() as tx:
        await trim_events(tx, [TrimEvents(up_to=3)])
    await delivery.commit(2)
    await delivery.reach(5)
    assert delivery.resets == 0


async def test_announced_event_that_follows_another_one_is_noticed(unpolled: Delivery) -> None:
    """As long as the old history is the new one: positions alone show nothing."""
    unpolled.tail.announce(*await unpolled.commit(5))
    await unpolled.reach(5)
    await unpolled.go_back(3)
    await unpolled.commit(2)
    unpolled.tail.announce(*await unpolled.commit())
    await eventually(lambda: unpolled.resets == 1, what="the other log to be noticed")
    assert (unpolled.hub.resets, unpolled.hub.position) == ({"diverged": 1}, 6)


async def test_other_event_announced_at_a_position_that_was_delivered_is_noticed(unpolled: Delivery) -> None:
    unpolled.tail.announce(*await unpolled.commit(5))
    await unpolled.reach(5)
    await unpolled.go_back(3)
    unpolled.tail.announce(*await unpolled.commit())
    await eventually(lambda: unpolled.resets == 1, what="the other log to be noticed")
    assert (unpolled.hub.resets, unpolled.hub.position) == ({"ahead": 1}, 4)
