"""Service: acknowledged after the commit alone, reconnected after an outage, ended between two batches."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from clients import eventually
from lumen_notify.commit.intake.take_in import STEP_ROWS, TakeIn, TrimIntake
from lumen_notify.errors import DatabaseUnavailable
from lumen_notify.http.context import Limits
from lumen_notify.intake import service as service_module
from lumen_notify.intake import taker as taker_module
from lumen_notify.intake.service import IntakeService
from lumen_notify.intake.taker import Taker, wait_for
from lumen_notify.metrics import Metrics
from lumen_notify.outages import Outage

from .fake_source import FakeSource, incoming, notification

LIMITS = Limits(max_body_bytes=1000, max_content_characters=100, max_batch_rows=10, max_rooms=0)


async def until(is_so: Callable[[], object]) -> None:
    await eventually(is_so, what="the service")


class Desk:
    """A service on a fake broker and a committer that answers as the test says."""

    def __init__(self, source: FakeSource) -> None:
        self.source = source
        self.committed: list[str] = []
        self.trims: list[TrimIntake] = []
        self.trimmed = [0]
        self.is_away = False
        self.may_run = True
        self.stopping = asyncio.Event()
        self.outage = Outage("intake")
        self.taker = Taker(self.submit, LIMITS, lambda: 10_000_000, self.stopping)
        self.service = IntakeService(
            source,
            self.taker,
            self.submit,
            lambda: 10_000_000,
            stopping=self.stopping,
            outage=self.outage,
            may_run=lambda: self.may_run,
            remembered_seconds=60,
        )

    async def submit(self, command: TakeIn | TrimIntake) -> Any:
        if self.is_away:
            raise DatabaseUnavailable("away")
        if isinstance(command, TrimIntake):
            self.trims.append(command)
            return self.trimmed.pop(0) if self.trimmed else 0
        answers: list[object] = []
        for one in command.arrivals:
            is_repeat = one.ids[0].id in self.committed
            self.committed += [] if is_repeat or isinstance(one.command, Exception) else [one.ids[0].id]
            answers.append(one.command if isinstance(one.command, Exception) else not is_repeat)
        return answers

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.ensure_future(self.service.run())
        try:
            yield
        finally:
            self.service.stop()
            async with asyncio.timeout(30):
                await task
            assert not self.source.is_open


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_module, "FIRST_PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(service_module, "TURN_SECONDS", 0.001)
    monkeypatch.setattr(taker_module, "FIRST_PAUSE_SECONDS", 0.001)


def numbered(number: int) -> Sequence[Any]:
    return [incoming(one, notification()) for one in range(number)]


IDS = [f"{number}@1" for number in range(10)]


async def test_messages_are_acknowledged_once_they_are_committed() -> None:
    desk = Desk(FakeSource(*numbered(10), batch=4))
    async with desk.running():
        await until(lambda: len(desk.source.acknowledged) == 10)
    assert desk.committed == desk.source.acknowledged == IDS


async def test_nothing_is_acknowledged_or_fetched_while_the_database_is_away() -> None:
    desk = Desk(FakeSource(*numbered(10), batch=4))
    desk.is_away = True
    async with desk.running():
        await until(lambda: desk.taker.waits > 3)
        assert desk.source.acknowledged == []
        assert len(desk.source.waiting) == 6
        assert desk.outage.error is None
        desk.is_away = False
        await until(lambda: len(desk.source.acknowledged) == 10)
    assert desk.committed == IDS


async def test_end_while_the_database_is_away_acknowledges_nothing() -> None:
    desk = Desk(FakeSource(*numbered(3)))
    desk.is_away = True
    async with desk.running():
        await until(lambda: desk.taker.waits > 0)
    assert desk.source.acknowledged == []


@pytest.mark.parametrize("call", ["open", "fetch", "acknowledge", "lag"])
async def test_broker_that_fails_is_an_outage_and_loses_and_repeats_nothing(call: str) -> None:
    desk = Desk(FakeSource(*numbered(10), batch=4))
    desk.source.broken.add(call)
    async with desk.running():
        await until(lambda: desk.outage.error is not None)
        desk.source.broken.clear()
        await until(lambda: len(desk.source.acknowledged) == 10)
        await until(lambda: desk.outage.error is None)
    assert desk.committed == desk.source.acknowledged == IDS


async def test_dead_letter_that_cannot_be_stored_is_not_acknowledged() -> None:
    desk = Desk(FakeSource(incoming(0, notification()), incoming(1, b"{"), incoming(2, notification())))
    desk.source.broken.add("bury")
    async with desk.running():
        await until(lambda: desk.source.opens > 2)
        assert desk.source.acknowledged == []
        desk.source.broken.clear()
        await until(lambda: len(desk.source.acknowledged) == 3)
    assert len(desk.source.buried) == 1
    assert desk.committed == ["0@1", "2@1"]


async def test_dead_letters_are_stored_once_though_others_of_their_batch_cannot_be() -> None:
    desk = Desk(FakeSource(*[incoming(number, b"{") for number in range(3)]))
    desk.source.room = 2
    async with desk.running():
        await until(lambda: desk.source.opens > 4)
        assert len(desk.source.buried) == 2
        desk.source.room = None
        await until(lambda: len(desk.source.acknowledged) == 3)
    assert [json.loads(letter.body)["source"]["offset"] for letter in desk.source.buried] == [0, 1, 2]


@pytest.mark.parametrize("call", ["bury", "acknowledge"])
async def test_batch_that_cannot_be_finished_is_one_outage_with_growing_pauses(
    call: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []

    async def wait(event: asyncio.Event, seconds: float) -> None:
        pauses.append(seconds)
        await wait_for(event, 0.001)

    monkeypatch.setattr(service_module, "wait_for", wait)
    desk = Desk(FakeSource(incoming(0, b"{")))
    desk.source.broken.add(call)
    async with desk.running():
        await until(lambda: len(pauses) > 4)
        assert desk.outage.error is not None
        desk.source.broken.clear()
        await until(lambda: desk.outage.error is None)
    assert pauses[:4] == [0.001, 0.002, 0.004, 0.008]
    assert [record.levelname for record in caplog.records if record.name.endswith("outages")] == [
        "ERROR",
        "WARNING",
    ]


async def test_batch_that_another_process_has_finished_is_no_outage_for_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(service_module, "UNFINISHED_SECONDS", 0.05)
    desk = Desk(FakeSource(incoming(0, b"{")))
    desk.source.broken.add("acknowledge")
    async with desk.running():
        await until(lambda: desk.outage.error is not None)
        desk.source.fetched.clear()
        await until(lambda: desk.outage.error is None)


async def test_process_takes_in_while_it_is_its_turn() -> None:
    desk = Desk(FakeSource(*numbered(2)))
    desk.may_run = False
    async with desk.running():
        await asyncio.sleep(0.01)
        assert desk.source.opens == 0
        desk.may_run = True
        await until(lambda: len(desk.source.acknowledged) == 2)
        desk.may_run = False
        await until(lambda: not desk.source.is_open)


async def test_lag_and_outcomes_are_metrics() -> None:
    desk = Desk(FakeSource(*numbered(3), incoming(9, b"{")))
    metrics = Metrics()
    desk.service.register(metrics)
    async with desk.running():
        await until(lambda: len(desk.source.acknowledged) == 4 and "fake:events:0" in desk.service.lag)
    text = metrics.text().decode()
    assert 'lumen_intake_messages_total{outcome="accepted"} 3.0' in text
    assert 'lumen_intake_messages_total{outcome="dead_lettered"} 1.0' in text
    assert 'lumen_intake_lag{source="fake:events:0"} 0.0' in text
    assert "lumen_intake_waits_total 0.0" in text


async def test_old_ids_are_forgotten_of_sources_that_were_acknowledged() -> None:
    desk = Desk(FakeSource(*numbered(1)))
    desk.trimmed = [STEP_ROWS, 5, 0]
    async with desk.running():
        await until(lambda: len(desk.trims) == 3)
    assert [(one.source, one.before) for one in desk.trims] == [
        ("fake:events:0", 10_000_000 - 60_000),
        ("fake:events:0", 10_000_000 - 60_000),
        ("key:events", 10_000_000 - 60_000),
    ]


async def test_no_id_is_forgotten_before_a_message_of_its_source_is_acknowledged() -> None:
    desk = Desk(FakeSource(*numbered(1)))
    desk.source.broken.add("acknowledge")
    async with desk.running():
        await until(lambda: desk.source.opens > 2)
    assert desk.trims == []
