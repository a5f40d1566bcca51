"""Count drift: counts are compared at one place of the log alone, and a broken one is seen."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from clients import eventually
from lumen_notify.deliver.streams import count_drift as module
from lumen_notify.deliver.streams.count_drift import KEPT_SECONDS, CountDrift, differences
from lumen_notify.errors import DatabaseUnavailable
from lumen_notify.model import Counts, CountsSnapshot, Cursor, ResetReason
from lumen_notify.outages import Outage
from supervised import supervised

from ..conftest import Store
from ..fakes import FakeClock
from .opener_harness import OpenerHarness


class Drift(CountDrift):
    """A drift of the harness, on a clock that the test moves."""

    def __init__(self, harness: OpenerHarness, *, interval_seconds: float = 1.0) -> None:
        self.clock = FakeClock()
        super().__init__(
            harness.hub,
            harness.fetch,
            interval_seconds=interval_seconds,
            outage=Outage("count samples"),
            clock=self.clock,
        )

    @property
    def results(self) -> tuple[int, int, int]:
        return self.samples["equal"], self.samples["different"], self.samples["skipped"]


@pytest.fixture
async def harness(store: Store) -> OpenerHarness:
    harness = OpenerHarness(store)
    await harness.publish("user:ann", "all", "user:bob")
    await harness.open("ann")
    return harness


async def break_counts(harness: OpenerHarness) -> None:
    """Change a stored count, without an event."""
    async with harness.store.database.transaction() as transaction:
        await transaction.run_sql(
            "UPDATE lumen_active_total SET total = total + 2 WHERE audience = 'user:ann'"
        )


async def test_counts_of_a_connected_user_are_those_of_the_database(harness: OpenerHarness) -> None:
    drift = Drift(harness)
    await drift.sample("ann")
    await harness.publish("user:ann", "all")
    await drift.sample("ann")
    await harness.read_all("ann")
    await drift.sample("ann")
    assert (drift.drift, drift.results) == (0, (3, 0, 0))


async def test_count_that_is_broken_in_the_database_is_seen_and_logged_once(
    harness: OpenerHarness, caplog: pytest.LogCaptureFixture
) -> None:
    drift = Drift(harness)
    await break_counts(harness)
    for _ in range(3):
        await drift.sample("ann")
    assert (drift.drift, drift.results) == (2, (0, 3, 0))
    (line,) = [record for record in caplog.records if record.name == "lumen_notify.counts"]
    assert line.levelname == "ERROR"
    assert line.getMessage() == (
        "The counts of the user ann differ from the database at position 3: 2 unread on their streams, 4"
        " stored. By category and room, on streams and stored: {'category like': (2, 4)}"
    )
    drift.clock.seconds += KEPT_SECONDS - 1
    assert drift.drift == 2, "until somebody has seen it"
    drift.clock.seconds += 1
    assert drift.drift == 0


async def test_fetch_that_is_ahead_waits_for_the_channel(harness: OpenerHarness) -> None:
    drift = Drift(harness)
    events = await harness.store.publish("user:ann")
    sampling = asyncio.create_task(drift.sample("ann"))
    await asyncio.sleep(0.05)
    assert not sampling.done()
    harness.deliver(events)
    await sampling
    assert (drift.drift, drift.results) == (0, (1, 0, 0))


async def test_fetch_that_is_ahead_of_a_fan_out_in_progress_catches_the_channel_up(
    harness: OpenerHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lumen_notify.deliver.hub.FAN_OUT_CHUNK", 1)
    await harness.open("bob")
    drift = Drift(harness)
    fan_out = harness.hub.fan_out(await harness.store.publish("all"))
    next(fan_out)
    assert harness.hub.channels["bob"].position < harness.hub.position, "ann comes first"
    await drift.sample("bob")
    assert (drift.drift, drift.results) == (0, (1, 0, 0))
    for _ in fan_out:
        pass


async def test_fetch_that_is_behind_counts_if_nothing_concerns_the_user_in_between(
    harness: OpenerHarness,
) -> None:
    drift = Drift(harness)

    async def publish_to_bob() -> None:
        await harness.publish("user:bob")

    harness.hooks.append(publish_to_bob)
    await drift.sample("ann")
    assert (drift.drift, drift.results) == (0, (1, 0, 0))


async def test_user_who_gets_an_event_meanwhile_is_fetched_again_a_few_times(
    harness: OpenerHarness,
) -> None:
    drift = Drift(harness)

    async def publish() -> None:
        await harness.publish("all")

    harness.hooks.append(publish)
    await drift.sample("ann")
    assert (drift.drift, drift.results) == (0, (1, 0, 0))

    calls = 0

    async def fetch(users: Sequence[str]) -> Mapping[str, CountsSnapshot]:
        nonlocal calls
        calls += 1
        counts = await harness.store.counts.fetch(users)
        await harness.publish("all")
        return counts

    drift._fetch = fetch
    await drift.sample("ann")
    assert (drift.drift, drift.results, calls) == (0, (1, 0, 1), module.MAX_TRIES)


async def test_counts_of_another_log_are_not_compared(harness: OpenerHarness) -> None:
    drift = Drift(harness)

    async def reset() -> None:
        harness.hub.reset_to(Cursor("other", 1), ResetReason.EPOCH)

    harness.hooks.append(reset)
    await drift.sample("ann")
    assert (drift.drift, drift.results) == (0, (0, 0, 1))


async def test_channel_that_does_not_get_there_is_not_compared(
    harness: OpenerHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WAIT_SECONDS", 0.02)
    drift = Drift(harness)
    await harness.store.publish("user:ann")
    await drift.sample("ann")
    assert (drift.drift, drift.results) == (0, (0, 0, 1))


async def test_user_without_a_stream_is_not_compared(harness: OpenerHarness) -> None:
    drift = Drift(harness)
    await drift.sample("nobody")
    harness.hub.get_channel("bob")  # whose stream is being opened
    await drift.sample("bob")
    assert (drift.drift, drift.results) == (0, (0, 0, 2))


async def test_users_are_sampled_in_turn_until_the_end(harness: OpenerHarness) -> None:
    for user in ("bob", "eve"):
        await harness.open(user)
    drift = Drift(harness, interval_seconds=0.001)
    sampled: list[str] = []

    async def fetch(users: Sequence[str]) -> Mapping[str, CountsSnapshot]:
        sampled.extend(users)
        if len(sampled) == 4:
            raise DatabaseUnavailable("it does not answer")
        if len(sampled) == 5:
            raise RuntimeError("a defect")
        return await harness.store.counts.fetch(users)

    drift._fetch = fetch
    async with supervised(drift.run):
        await eventually(lambda: len(sampled) >= 9, what="the samples")
    assert set(sampled[:3]) == set(sampled[6:9]) == {"ann", "bob", "eve"}
    assert drift.samples["skipped"] == 1, "without the database"
    assert drift.results[0] >= 6
    assert drift._outage.error is None, "the defect is over"


async def test_nothing_runs_with_an_interval_of_0(harness: OpenerHarness) -> None:
    drift = Drift(harness, interval_seconds=0)
    await asyncio.wait_for(drift.run(), 20)
    assert drift.results == (0, 0, 0)


def test_differences_have_each_category_and_room_that_differs() -> None:
    shown = Counts({"like": 2, "chat": 1}, {"one": 3, "two": 0})
    stored = Counts({"like": 2, "news": 4}, {"one": 2, "three": 0})
    assert differences(shown, stored) == {
        "category chat": (1, 0),
        "category news": (0, 4),
        "room one": (3, 2),
    }
    assert differences(shown, shown) == {}
