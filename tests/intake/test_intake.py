"""Intake: inside a server, by a setting: messages reach streams, and one process takes in at a time."""

from __future__ import annotations

import asyncio
import json

import pytest

from clients import WAIT_SECONDS, eventually
from lumen_notify import Lumen, Settings

from .fake_source import FakeSource, incoming, notification

SECRET = "a secret of at least thirty-two bytes"


def settings_of(database_url: str, url: str | None = "redis://nowhere") -> Settings:
    return Settings.from_env(
        {"LUMEN_DATABASE_URL": database_url, "LUMEN_JWT_SECRET": SECRET}
        | ({} if url is None else {"LUMEN_INTAKE_URL": url})
    )


async def unread(lumen: Lumen, user: str) -> int:
    assert lumen._services is not None
    return (await lumen._services.counts.fetch([user]))[user].counts.total


async def test_server_takes_in_what_the_queue_has(database_url: str, fake_source: FakeSource) -> None:
    fake_source.waiting = [incoming(0, notification()), incoming(1, b"{"), incoming(2, notification())]
    async with Lumen(settings_of(database_url)) as lumen:
        await eventually(lambda: len(fake_source.acknowledged) == 3, what="the acknowledgements")
        assert await unread(lumen, "ann") == 2
        text = lumen.metrics.text().decode()
        assert 'lumen_intake_messages_total{outcome="accepted"} 2.0' in text
        assert 'lumen_outage{what="intake"} 0.0' in text
    assert json.loads(fake_source.buried[0].body)["source"]["offset"] == 1
    assert not fake_source.is_open


async def test_messages_and_marks_are_taken_in_order(database_url: str, fake_source: FakeSource) -> None:
    direct = {"type": "direct_message", "sender": "bob", "body": {"to": "ann", "content": "hi"}}
    read = {"type": "read", "user": "ann", "body": {"all": True}}
    stranger = {"type": "message", "sender": "eve", "room": "none", "body": {"content": "hi"}}
    envelopes = [notification(), direct, read, stranger, notification(), direct]
    fake_source.waiting = [incoming(number, one) for number, one in enumerate(envelopes)]
    async with Lumen(settings_of(database_url)) as lumen:
        await eventually(lambda: len(fake_source.acknowledged) == 6, what="the acknowledgements")
        assert lumen._services is not None
        counts = (await lumen._services.counts.fetch(["ann"]))["ann"].counts
    assert (counts.categories, list(counts.rooms.values())) == ({"like": 1}, [2])
    (letter,) = (json.loads(letter.body) for letter in fake_source.buried)
    assert letter["problem"]["code"] == "not_found"


async def test_server_without_the_setting_takes_in_nothing(sqlite_url: str, fake_source: FakeSource) -> None:
    async with Lumen(settings_of(sqlite_url, None)) as lumen:
        assert "lumen_intake" not in lumen.metrics.text().decode()
    assert fake_source.opens == 0


async def test_one_of_two_servers_takes_in_and_the_other_goes_on_after_it(
    postgresql_url: str, fake_source: FakeSource
) -> None:
    async with Lumen(settings_of(postgresql_url)) as first:
        await eventually(lambda: fake_source.is_open, what="the first turn")
        async with Lumen(settings_of(postgresql_url)) as second:
            assert second._services is not None
            lock = second._services.intake._lock
            session = lock._session
            assert session is not None
            await eventually(lambda: session.is_open, what="the second one to look")
            assert (lock.is_held, fake_source.opens) == (False, 1)
            await first.close()
            await eventually(lambda: fake_source.opens == 2, what="the second turn")
    assert not fake_source.is_open


async def test_partitions_of_kafka_are_shared_by_its_group(
    postgresql_url: str, fake_source: FakeSource
) -> None:
    async with Lumen(settings_of(postgresql_url, "kafka://nowhere")):
        await eventually(lambda: fake_source.opens == 1, what="the first")
        async with Lumen(settings_of(postgresql_url, "kafka://nowhere")):
            await eventually(lambda: fake_source.opens == 2, what="the second")


async def test_broker_that_hangs_does_not_hold_up_the_end(
    sqlite_url: str, fake_source: FakeSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_waiting = asyncio.Event()

    async def hang() -> None:
        is_waiting.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(fake_source, "open", hang)
    settings = settings_of(sqlite_url).with_(drain_seconds=3600.0)
    async with asyncio.timeout(WAIT_SECONDS):
        async with Lumen(settings):
            await is_waiting.wait()
