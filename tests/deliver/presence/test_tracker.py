"""Tracker: what is written of the streams here, and what is looked after of the others."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from clients import eventually
from lumen_notify.commit.presence.lease import BATCH_ROWS, Change
from lumen_notify.deliver.presence import tracker as tracker_module
from lumen_notify.deliver.presence.tracker import MAX_QUEUED, Timing, Tracker
from lumen_notify.errors import DatabaseUnavailable
from lumen_notify.model import CloseReason
from lumen_notify.outages import Outage
from supervised import supervised

from ..fakes import RecordingConnection
from ..stream_harness import StreamHarness
from .fakes import FakeExpiry, FakeLease, FakeLimit, FakePresence

LEASE_SECONDS = 10.0


class Tracking:
    """A tracker over a stream harness. `step` does what the task does once."""

    def __init__(self) -> None:
        self.harness = StreamHarness()
        self.lease, self.expiry, self.limit = FakeLease(), FakeExpiry(), FakeLimit()
        self.changes: list[tuple[str, bool]] = []
        self.outage = Outage("presence", self.harness.clock)
        parts: Any = (self.lease, self.expiry, FakePresence(), self.limit)
        self.tracker = Tracker(
            self.harness.hub,
            *parts,
            timing=Timing(lease_seconds=LEASE_SECONDS, grace_seconds=5),
            on_changes=self.take,
            outage=self.outage,
            clock=self.harness.clock,
        )
        self.harness.streams.reports = self.tracker

    def take(self, changes: Sequence[Change]) -> None:
        self.changes += [(one.user_id, one.is_online) for one in changes]

    def open(self, user: str, number: int = 1, room: str | None = None) -> list[RecordingConnection]:
        opened = [self.harness.open(user) for _ in range(number)]
        self.harness.hub.channels[user].indexed_rooms = {} if room is None else {room: 1}
        return opened

    async def step(self, seconds: float = 0) -> None:
        self.harness.clock.seconds += seconds
        await self.tracker._write_queued()
        if seconds:
            await self.tracker._look()


@pytest.fixture
def tracking() -> Tracking:
    return Tracking()


async def test_storm_of_opens_is_written_in_a_few_batches(tracking: Tracking) -> None:
    await tracking.step(1)
    for number in range(5 * BATCH_ROWS):
        tracking.open(f"user{number}", room="tea" if number % 2 else None)
    await tracking.step()
    assert len(tracking.lease.open_ids) == 5 * BATCH_ROWS
    assert len(tracking.changes) == 5 * BATCH_ROWS / 2, "of users in rooms alone"
    assert len(tracking.lease.writes) <= 6
    assert max(map(sum, tracking.lease.writes)) <= BATCH_ROWS
    assert tracking.tracker.queued == 0


async def test_stream_that_ends_keeps_its_user_online_for_the_grace_and_longer_at_a_shutdown(
    tracking: Tracking,
) -> None:
    first, second = tracking.open("ann", 2)
    await tracking.step()
    first.on_disconnect()
    second.close(CloseReason.SHUTDOWN)
    await tracking.step()
    assert tracking.lease.kept_ms == [5000, 15_000]
    assert tracking.lease.open_ids == {}


async def test_stream_that_was_refused_is_not_reported(tracking: Tracking) -> None:
    tracking.harness.new("ann").close(CloseReason.OVERLOADED)
    assert tracking.tracker.queued == 0


async def test_lease_is_renewed_by_one_write_while_streams_are_open_and_then_closed(
    tracking: Tracking,
) -> None:
    for number in range(300):
        tracking.open(f"user{number}")
    await tracking.step()
    writes = len(tracking.lease.writes)
    for _ in range(10):
        await tracking.step(1)
    assert tracking.lease.writes[writes:] == [(0, 0)] * 5, "every fifth of the lease"
    for channel in list(tracking.harness.hub.channels.values()):
        channel.connections[0].on_disconnect()
    await tracking.step()
    for _ in range(3):
        await tracking.step(1)
    assert not tracking.lease.is_open
    writes = len(tracking.lease.writes)
    for _ in range(10):
        await tracking.step(1)
    assert len(tracking.lease.writes) == writes, "nothing is written while no stream is open"


async def test_instance_that_was_paused_puts_its_streams_back(tracking: Tracking) -> None:
    tracking.open("ann")
    (bob,) = tracking.open("bob")
    await tracking.step()
    tracking.lease.has_run_out = True
    bob.on_disconnect()
    tracking.open("cid")
    await tracking.step()
    assert sorted(tracking.lease.open_ids.values()) == ["ann", "cid"]
    assert sorted(tracking.lease.open_ids) == sorted(
        one.id for channel in tracking.harness.hub.channels.values() for one in channel.connections
    )


async def test_write_that_failed_and_a_full_queue_end_in_writing_all_streams_again(
    tracking: Tracking,
) -> None:
    tracking.open("ann")
    await tracking.step()
    tracking.open("bob")
    tracking.lease.error = DatabaseUnavailable("away")
    with pytest.raises(DatabaseUnavailable):
        await tracking.step()
    (cid,) = tracking.open("cid")
    cid.on_disconnect()
    assert tracking.tracker.queued == 0, "nothing is kept meanwhile"
    tracking.lease.error = None
    await tracking.step()
    assert sorted(tracking.lease.open_ids.values()) == ["ann", "bob"]
    connection = tracking.harness.new("dan")
    for _ in range(MAX_QUEUED + 1):
        tracking.tracker.opened(connection)
    assert tracking.tracker.queued == MAX_QUEUED
    await tracking.step()
    assert sorted(tracking.lease.open_ids.values()) == ["ann", "bob"]


async def test_others_are_ended_only_by_an_instance_that_has_looked_for_a_whole_lease(
    tracking: Tracking,
) -> None:
    tracking.expiry.instances = 1
    for _ in range(int(LEASE_SECONDS)):
        await tracking.step(1)
    assert tracking.changes == []
    await tracking.step(1)
    assert tracking.changes == [("of instance 0", False)]
    tracking.expiry.instances = 1
    await tracking.step(LEASE_SECONDS)  # paused, or without a database
    assert len(tracking.changes) == 1
    for _ in range(int(LEASE_SECONDS)):
        await tracking.step(1)
    assert len(tracking.changes) == 2
    tracking.expiry.error = DatabaseUnavailable("away")
    for _ in range(int(LEASE_SECONDS)):
        with pytest.raises(DatabaseUnavailable):
            await tracking.step(1)
    tracking.expiry.error, tracking.expiry.instances = None, 1
    await tracking.step(1)
    assert len(tracking.changes) == 2, "looks that failed do not count"


async def test_all_that_are_due_go_offline_at_one_look(tracking: Tracking) -> None:
    for _ in range(6):
        await tracking.step(1)
    tracking.expiry.users = [f"user{n}" for n in range(7)]
    await tracking.step(1)
    assert len(tracking.changes) == 7
    assert tracking.tracker.users_online == 7


async def test_task_goes_on_after_an_outage_which_is_logged_once(
    tracking: Tracking, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(tracker_module, "COLLECT_SECONDS", 0)
    monkeypatch.setattr(tracker_module, "LOOK_SECONDS", 0)
    tracking.open("ann")
    tracking.lease.error = DatabaseUnavailable("away")
    async with supervised(tracking.tracker.run):
        await eventually(lambda: tracking.outage.error, what="the outage")
        await asyncio.sleep(0)
        tracking.lease.error = None
        await eventually(lambda: tracking.lease.open_ids, what="the stream")
        await eventually(lambda: tracking.outage.error is None, what="the end of the outage")
    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING"]


async def test_close_writes_what_is_left_and_ends_the_lease(tracking: Tracking) -> None:
    (ann,) = tracking.open("ann")
    await tracking.step()
    ann.close(CloseReason.SHUTDOWN)
    await tracking.tracker.close()
    assert (tracking.lease.open_ids, tracking.lease.is_open) == ({}, False)
    tracking.lease.error = DatabaseUnavailable("away")
    tracking.open("ann")
    await tracking.tracker.close()
