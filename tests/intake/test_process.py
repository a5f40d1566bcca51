"""Process: intake beside a server, on the same database."""

from __future__ import annotations

import pytest

from clients import eventually, eventually_true
from lumen_notify import Lumen
from lumen_notify.errors import DatabaseUnavailable, Misconfigured
from lumen_notify.intake.process import IntakeProcess
from lumen_notify.model import now_ms

from .fake_source import FakeSource, incoming, notification
from .test_intake import settings_of, unread


async def test_what_it_commits_is_seen_by_a_server(database_url: str, fake_source: FakeSource) -> None:
    async with Lumen(settings_of(database_url, None)) as lumen:
        assert lumen._services is not None
        hub = lumen._services.hub
        before = hub.position
        async with IntakeProcess.running(settings_of(database_url), now_ms) as process:
            fake_source.waiting = [incoming(number, notification()) for number in range(5)]
            await eventually(lambda: len(fake_source.acknowledged) == 5, what="the acknowledgements")
            assert process.intake.service is not None
            assert process.intake.service.taker.outcomes["accepted"] == 5

        async def has_all() -> bool:
            return hub.position == before + 5

        await eventually_true(has_all, what="the events")
        assert await unread(lumen, "ann") == 5
    assert not fake_source.is_open


async def test_it_makes_the_tables_of_a_new_database(unmigrated_url: str, fake_source: FakeSource) -> None:
    fake_source.waiting = [incoming(0, notification())]
    async with IntakeProcess.running(settings_of(unmigrated_url), now_ms):
        await eventually(lambda: fake_source.acknowledged, what="the acknowledgement")


async def test_it_needs_a_queue_and_a_database(sqlite_url: str) -> None:
    with pytest.raises(Misconfigured, match="LUMEN_INTAKE_URL: is not set"):
        async with IntakeProcess.running(settings_of(sqlite_url, None), now_ms):
            pass
    with pytest.raises(DatabaseUnavailable):
        async with IntakeProcess.running(settings_of("postgresql://nobody@127.0.0.1:9/none"), now_ms):
            pass
