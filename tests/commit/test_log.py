"""Log: positions without holes in the order of the commits, whoever writes and whatever fails."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from typing import Any

import pytest

from conftest import NewDatabase
from lumen_notify.commit.database import Database
from lumen_notify.commit.database.migrations import migrate
from lumen_notify.commit.log import PAGE_EVENTS, Log
from lumen_notify.model import EVERYONE, Audience, AudienceSpan, Counts, Event, now_ms
from lumen_notify.model.events import CategoriesChanged, NotificationPublished, RoomLeft
from lumen_notify.model.events.rooms import LeftData


class Spoilt(Exception):
    """Made up by a test."""


async def append(log: Log, *audiences: str, is_spoilt: bool = False) -> list[Event]:
    async with log.transaction() as tx:
        for audience in audiences:
            tx.append(Audience(audience), NotificationPublished(notification="{}"), category="like")
        if is_spoilt:
            raise Spoilt
    return tx.events


async def read(
    log: Log,
    audiences: Sequence[Audience],
    after: int = 0,
    *,
    up_to: int = 99,
    limit: int = PAGE_EVENTS,
    max_characters: int = 10**6,
) -> Sequence[Event]:
    """Read events of some audiences between two positions."""
    spans = [AudienceSpan(audience=audience, after=after, up_to=up_to) for audience in audiences]
    return await log.for_audiences(spans, limit=limit, max_characters=max_characters)


async def test_new_log_is_at_zero_with_an_epoch_of_its_own(log: Log, new_database: NewDatabase) -> None:
    head = await log.head()
    assert (head.position, head.floor) == (0, 0)
    assert len(head.epoch) == 8
    another = Database(new_database())
    await another.open()
    await migrate(another)
    assert (await Log(another, now_ms).open()).epoch != head.epoch
    await another.close()


async def test_second_start_keeps_the_epoch(log: Log, other_database: Database) -> None:
    assert await Log(other_database, now_ms).open() == await log.head()


async def test_events_are_read_back_as_they_were_appended(log: Log) -> None:
    async with log.transaction() as tx:
        body = r'{"x":"\u0000 \" \\ é"}'
        position = tx.append(Audience("user:a"), NotificationPublished(notification=body), category="like")
        tx.append(EVERYONE, CategoriesChanged(data={"categories": ["like"]}))
        assert tx.position == position + 1 == 2
    assert list(await log.after(0)) == tx.events
    assert list(await log.after(1)) == tx.events[1:]
    assert (await log.head()).position == 2


async def test_events_with_one_body_are_read_back_as_they_were_appended(log: Log) -> None:
    users = [Audience(f"user:{number}") for number in range(4)]
    async with log.transaction() as tx:
        for number, audiences in enumerate((users, [EVERYONE], users[1:3])):
            body = f'{{"number":{number}}}'
            tx.append_for_each(
                audiences, NotificationPublished(notification=body), category="like", notification_id="i"
            )
    assert [event.content_position for event in tx.events] == [4, 4, 4, 4, None, 7, 7]
    for after in range(8):
        assert list(await log.after(after)) == tx.events[after:]
        for asked in (users, users[1:2], [EVERYONE, users[3]]):
            found = await read(log, asked, after, up_to=6)
            assert list(found) == [event for event in tx.events[after:6] if event.audience in asked]


async def test_rollback_leaves_no_hole(log: Log) -> None:
    await append(log, EVERYONE)
    with pytest.raises(Spoilt):
        await append(log, EVERYONE, EVERYONE, is_spoilt=True)
    await append(log, EVERYONE)
    assert [event.position for event in await log.after(0)] == [1, 2]


async def test_draft_without_events_moves_nothing(log: Log) -> None:
    async with log.transaction():
        pass
    assert (await log.head()).position == 0


async def test_writers_of_two_processes_leave_no_hole_and_no_repeat(
    log: Log, other_database: Database
) -> None:
    logs = [log, Log(other_database, now_ms)]
    picks = random.Random(5)
    seen: list[list[Event]] = []

    async def write(number: int) -> None:
        for turn in range(8):
            try:
                audiences = [f"user:{number}-{turn}"] * picks.randint(0, 3)
                seen.append(await append(logs[number % 2], *audiences, is_spoilt=picks.random() < 0.3))
            except Spoilt:
                pass

    await asyncio.gather(*(write(number) for number in range(8)))
    events = list(await log.after(0))
    assert [event.position for event in events] == list(range(1, len(events) + 1))
    assert sorted((event for some in seen for event in some), key=lambda event: event.position) == events
    assert (await log.head()).position == len(events)


async def test_reader_never_sees_a_position_before_those_below_it(log: Log, other_database: Database) -> None:
    other = Log(other_database, now_ms)
    writing = asyncio.gather(*(append(one, EVERYONE, EVERYONE) for one in [log, other] * 10))
    newest = 0
    while not writing.done():
        positions = [event.position for event in await log.after(newest)]
        assert positions == list(range(newest + 1, newest + 1 + len(positions)))
        newest += len(positions)
    await writing


async def test_audiences_are_read_in_order_page_by_page(log: Log) -> None:
    ann, bob = Audience.user("ann"), Audience.user("bob")
    await append(log, *[ann, bob, EVERYONE] * (PAGE_EVENTS // 2 + 10))
    found: list[Event] = []
    while page := await read(log, [ann, EVERYONE], found[-1].position if found else 0, up_to=1500):
        assert len(page) <= PAGE_EVENTS
        found += page
    expected = [position for position in range(1, 1501) if position % 3 != 2]
    assert [event.position for event in found] == expected
    assert {event.audience for event in found} == {ann, EVERYONE}


async def test_audiences_are_read_each_between_two_positions(log: Log) -> None:
    ann, room = Audience.user("ann"), Audience.room("r")
    await append(log, *[ann, room] * 5)
    spans = [
        AudienceSpan(audience=ann, after=1, up_to=7),
        AudienceSpan(audience=room, after=0, up_to=2),
        AudienceSpan(audience=room, after=6, up_to=9),
    ]
    found = await log.for_audiences(spans, limit=PAGE_EVENTS, max_characters=10**6)
    assert [event.position for event in found] == [2, 3, 5, 7, 8]
    first = await log.for_audiences(spans, limit=2, max_characters=10**6)
    assert [event.position for event in first] == [2, 3]
    assert [await log.count_for_audiences(spans, limit=limit) for limit in (4, 5, 6)] == [4, 5, 5]
    assert await log.count_for_audiences([], limit=9) == 0


async def test_page_ends_with_the_event_that_exceeds_its_characters(log: Log) -> None:
    ann, bob = Audience.user("ann"), Audience.user("bob")
    async with log.transaction() as tx:
        for _ in range(3):
            tx.append(ann, NotificationPublished(notification=f'"{"é" * 498}"'), category="like")
        shared = NotificationPublished(notification=f'"{"x" * 498}"')
        tx.append_for_each([ann, bob], shared, category="like", notification_id="n")
    for characters, number in ((1, 1), (500, 1), (501, 2), (1001, 3), (1501, 4), (10_000, 4)):
        assert len(await read(log, [ann], max_characters=characters)) == number, characters


async def test_departures_are_the_rooms_that_the_user_has_left(log: Log) -> None:
    ann = Audience.user("ann")
    data = LeftData(room_id="r", since=1, reason="left", by="ann")
    async with log.transaction() as tx:
        for audience in (ann, Audience.user("bob"), ann):
            tx.append(audience, RoomLeft.of(Counts({}), data))
            tx.append(ann, NotificationPublished(notification="{}"), category="like")
    found = await log.departures(ann, after=0, up_to=99)
    assert list(found) == [tx.events[0], tx.events[4]]
    assert list(await log.departures(ann, after=1, up_to=5)) == [tx.events[4]]
    assert list(await log.departures(ann, after=1, up_to=4)) == []


async def test_audience_that_looks_like_a_pattern_is_only_itself(log: Log) -> None:
    await append(log, "user:a%", "user:a_", "user:ab", 'user:"; --')
    for number, audience in enumerate(["user:a%", "user:a_", "user:ab", 'user:"; --'], start=1):
        (event,) = await read(log, [Audience(audience)])
        assert event.position == number


@pytest.mark.postgresql
async def test_appending_writes_no_row_but_the_event(postgresql_url: str) -> None:
    """Versions of a row that every transaction updates pile up while a backup runs, and slow all writers."""
    database = Database(postgresql_url)
    await database.open()
    await migrate(database)
    log = Log(database, now_ms)
    await log.open()

    async def head_row() -> Sequence[Sequence[Any]]:
        async with database.transaction() as transaction:
            return await transaction.run_sql("SELECT ctid, xmin FROM lumen_log_head")

    before = await head_row()
    for _ in range(3):
        await append(log, EVERYONE)
    assert await head_row() == before
    assert (await log.head()).position == 3
    await database.close()
