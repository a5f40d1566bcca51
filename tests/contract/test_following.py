"""The contract of the log and the tail: committed events are delivered in order and once, whether or not
they were announced. An announcement may be lost, and the log may be unavailable for a while."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence

import pytest

from clients import eventually
from lumen_notify.commit.database import Database
from lumen_notify.commit.database.migrations import migrate
from lumen_notify.commit.log import Log
from lumen_notify.deliver import tail
from lumen_notify.deliver.hub import Hub
from lumen_notify.deliver.replay import Replay
from lumen_notify.deliver.tail import Tail
from lumen_notify.errors import DatabaseUnavailable
from lumen_notify.metrics import Metrics
from lumen_notify.model import EVERYONE, Event, now_ms
from lumen_notify.model.events import NotificationPublished


class FlakyLog:
    """A log whose first `outages` reads fail."""

    def __init__(self, log: Log) -> None:
        self.outages = 0
        self._log = log

    async def after(self, position: int) -> Sequence[Event]:
        if self.outages:
            self.outages -= 1
            raise DatabaseUnavailable("an outage made up by a test")
        return await self._log.after(position)

    async def at(self, positions: Sequence[int]) -> Sequence[Event]:
        return await self._log.at(positions)


async def nothing_read(_ids: Sequence[str], users: Sequence[str]) -> Mapping[str, frozenset[str]]:
    return dict.fromkeys(users, frozenset())


class Delivery:
    """A real log, tail and hub. `commit` announces nothing: that is up to the test."""

    def __init__(self, log: Log, epoch: str) -> None:
        self.log = log
        self.reader = FlakyLog(log)
        self.hub = Hub(
            epoch=epoch, position=0, replay=Replay(position=0, max_events=10_000), clock=lambda: 0.0
        )
        self.tail = Tail(self.reader, self.hub, fetch_readers=nothing_read, metrics=Metrics())

    async def commit(self, number: int = 1) -> list[Event]:
        async with self.log.transaction() as tx:
            for _ in range(number):
                tx.append(EVERYONE, NotificationPublished(notification="{}"), category="like")
        return tx.events

    @property
    def delivered(self) -> list[int]:
        frames = self.hub.replay.frames_after(0, [EVERYONE])
        assert frames is not None
        return [frame.position for frame in frames]

    async def reach(self, position: int) -> None:
        await eventually(lambda: self.hub.position >= position, what=f"position {position}")
        assert self.delivered == list(range(1, position + 1))


@pytest.fixture
async def delivery(database_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Delivery]:
    monkeypatch.setattr(tail, "POLL_SECONDS", 0.05)
    database = Database(database_url)
    await database.open()
    await migrate(database)
    log = Log(database, now_ms)
    delivery = Delivery(log, (await log.open()).epoch)
    delivery.tail.start()
    try:
        yield delivery
    finally:
        await delivery.tail.close()
        await database.close()


async def test_announced_events_are_delivered_without_reading(delivery: Delivery) -> None:
    delivery.reader.outages = 10**6
    delivery.tail.announce(await delivery.commit(3))
    delivery.tail.announce(await delivery.commit(2))
    await delivery.reach(5)


async def test_events_that_nobody_announces_are_found(delivery: Delivery) -> None:
    await delivery.commit(2500)
    await delivery.reach(2500)


async def test_gap_before_announced_events_is_filled(delivery: Delivery) -> None:
    await delivery.commit()
    delivery.tail.announce(await delivery.commit())
    await delivery.reach(2)


async def test_gap_between_announced_events_is_filled(delivery: Delivery) -> None:
    first = await delivery.commit()
    await delivery.commit()
    third = await delivery.commit()
    delivery.tail.announce(first)
    delivery.tail.announce(third)
    await delivery.reach(3)


async def test_gap_that_cannot_be_read_yet_is_filled_later(delivery: Delivery) -> None:
    delivery.reader.outages = 2
    await delivery.commit()
    delivery.tail.announce(await delivery.commit())
    await delivery.reach(2)
    assert delivery.reader.outages == 0


async def test_events_announced_twice_or_late_are_delivered_once(delivery: Delivery) -> None:
    events = await delivery.commit(2)
    await delivery.reach(2)
    delivery.tail.announce(events)
    delivery.tail.announce(events + await delivery.commit())
    await delivery.reach(3)
    assert delivery.hub.position == 3
