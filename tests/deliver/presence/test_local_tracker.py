"""Local tracker: who is online in a service of one process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from lumen_notify.commit.presence.lease import Change
from lumen_notify.deliver.presence.local_tracker import MAX_UNWRITTEN, LocalTracker
from lumen_notify.deliver.presence.tracker import Timing
from lumen_notify.errors import DatabaseUnavailable
from lumen_notify.model import CloseReason, Counts
from lumen_notify.outages import Outage

from ..fakes import RecordingConnection
from ..stream_harness import StreamHarness


class Written:
    """What was written of users. error: raised by each write, if it is set."""

    def __init__(self) -> None:
        self.seen_at: dict[str, int] = {}
        self.error: Exception | None = None

    async def write(self, seen_at: Mapping[str, int]) -> None:
        if self.error is not None:
            raise self.error
        self.seen_at |= seen_at


class Local:
    """A local tracker over a stream harness."""

    def __init__(self) -> None:
        self.harness = StreamHarness()
        self.last_seen = Written()
        self.changes: list[tuple[str, bool]] = []
        self.outage = Outage("presence", self.harness.clock)
        last_seen: Any = self.last_seen
        self.tracker = LocalTracker(
            self.harness.hub,
            last_seen,
            timing=Timing(lease_seconds=10, grace_seconds=5),
            on_changes=self.take,
            outage=self.outage,
            clock=self.harness.clock,
            wall_clock=self.harness.clock.ms,
        )
        self.harness.streams.reports = self.tracker

    def take(self, changes: Sequence[Change]) -> None:
        self.changes += [(one.user_id, one.is_online) for one in changes]

    def open(self, user: str, *rooms: str, device: str | None = None) -> RecordingConnection:
        connection = self.harness.new(user, device=device)
        self.harness.streams.add(connection)
        counts = Counts({}, dict.fromkeys(rooms, 0), since=dict.fromkeys(rooms, 1))
        self.harness.hub.add(self.harness.hub.get_channel(user), connection, counts)
        self.harness.streams.opened(connection)
        return connection

    async def pass_seconds(self, seconds: float) -> None:
        self.harness.clock.seconds += seconds
        await self.tracker.take_offline(self.harness.clock())


@pytest.fixture
def local() -> Local:
    return Local()


async def test_first_stream_makes_a_user_online_and_the_last_one_offline_after_the_grace(
    local: Local,
) -> None:
    local.open("bob", "a")
    first, second = local.open("ann", "a", device="mobile"), local.open("ann", "a", device="desktop")
    assert local.changes == [("ann", True)]
    assert await local.tracker.devices(["ann", "bob", "eve"]) == {"ann": ["desktop", "mobile"], "bob": []}
    first.on_disconnect()
    await local.pass_seconds(6)
    seen_at = local.harness.clock.ms()
    second.on_disconnect()
    await local.pass_seconds(4)
    assert local.changes == [("ann", True)]
    assert await local.tracker.devices(["ann"]) == {"ann": []}
    assert local.tracker.users_online == 2
    await local.pass_seconds(2)
    assert local.changes == [("ann", True), ("ann", False)]
    assert local.last_seen.seen_at == {"ann": seen_at}
    assert local.tracker.users_online == 1


async def test_user_who_reconnects_within_the_grace_stays_online(local: Local) -> None:
    local.open("bob", "a")
    local.open("ann", "a").close(CloseReason.SHUTDOWN)
    await local.pass_seconds(14)
    found = await local.tracker.of_user("ann")
    assert found is not None
    assert found.is_online
    local.open("ann", "a")
    await local.pass_seconds(14)
    assert local.changes == [("ann", True)]
    assert await local.tracker.of_user("eve") is None


async def test_user_with_whom_nobody_shares_a_room_is_not_looked_up(local: Local) -> None:
    local.open("ann", "a")
    local.open("bob", "b")
    local.open("cid")
    assert local.changes == []


async def test_times_wait_for_the_database_and_are_bounded(
    local: Local, caplog: pytest.LogCaptureFixture
) -> None:
    local.last_seen.error = DatabaseUnavailable("away")
    for number in range(MAX_UNWRITTEN + 5):
        local.open(f"user{number}").on_disconnect()
    await local.pass_seconds(6)
    assert len(local.changes) == MAX_UNWRITTEN + 5, "they are announced nevertheless"
    assert len(local.tracker._unwritten) == MAX_UNWRITTEN
    local.last_seen.error = None
    await local.pass_seconds(1)
    assert len(local.last_seen.seen_at) == MAX_UNWRITTEN
    assert [record.levelname for record in caplog.records if "outages" in record.name] == ["ERROR", "WARNING"]


async def test_close_writes_when_the_last_users_were_seen(local: Local) -> None:
    local.open("ann").close(CloseReason.SHUTDOWN)
    await local.tracker.close()
    assert list(local.last_seen.seen_at) == ["ann"]
