"""The stream registry: limits, the drain, and nothing left of a stream that has ended."""

from __future__ import annotations

import asyncio
import itertools
import time

import pytest

from lumen_notify.deliver.connection.connection import Connection
from lumen_notify.deliver.frames.control import RESTART_RETRY_MS
from lumen_notify.deliver.streams import registry as module
from lumen_notify.model import CloseReason

from ..fakes import RecordingConnection
from ..stream_harness import StreamHarness, frames_of


# ------------------------------------------------------------------------------------------------ limits
@pytest.mark.parametrize("limit", ["max_streams", "max_streams_per_address"])
def test_streams_beyond_the_limit_are_refused_as_overloaded_until_one_ends(limit: str) -> None:
    harness = StreamHarness(**{limit: 2})
    first, _ = harness.open("ann"), harness.open("bob")
    assert harness.streams.refusal("192.0.2.1") is CloseReason.OVERLOADED
    elsewhere = harness.streams.refusal("192.0.2.2")
    assert elsewhere is (CloseReason.OVERLOADED if limit == "max_streams" else None)
    first.on_disconnect()
    assert harness.streams.refusal("192.0.2.1") is None


def test_stream_that_was_refused_counts_nowhere() -> None:
    harness = StreamHarness(max_streams=1)
    here, refused = harness.open(), harness.new()
    refused.close(CloseReason.OVERLOADED, 1500)
    assert (len(harness.streams), harness.streams.ended) == (1, {"overloaded": 1})
    here.on_disconnect()
    assert harness.is_empty


def test_oldest_streams_of_a_user_over_the_limit_are_replaced() -> None:
    harness = StreamHarness(max_streams_per_user=2)
    connections = [harness.open("ann") for _ in range(4)]
    other = harness.open("bob")
    assert [connection.close_reason for connection in connections] == [CloseReason.REPLACED] * 2 + [None] * 2
    (closing,) = frames_of(connections[0])
    assert (closing.event, closing.data) == ("closing", {"reason": "replaced", "reconnect": False})
    assert harness.streams.of_user("ann") == tuple(connections[2:])
    assert other.close_reason is None


def test_limit_of_0_is_no_limit() -> None:
    harness = StreamHarness()
    for _ in range(50):
        harness.open()
    assert len(harness.streams) == 50


# --------------------------------------------------------------------------------------------- the end
@pytest.mark.parametrize("reason", list(CloseReason), ids=lambda reason: reason.word)
def test_nothing_is_left_of_an_ended_stream_after_a_ping_interval(reason: CloseReason) -> None:
    harness = StreamHarness()
    connection = harness.open()
    harness.pass_seconds(7)
    if reason is CloseReason.GONE:
        connection.on_disconnect()
        assert harness.is_empty
    else:
        connection.close(reason)
        assert (len(harness.streams), harness.hub.channels, connection.aborts) == (0, {}, 0)
    harness.pass_seconds(30)
    assert harness.is_empty
    assert connection.aborts == (reason is not CloseReason.GONE), (
        "bytes that the peer has not taken are dropped"
    )
    assert harness.streams.ended == {reason.word: 1}


def test_stream_that_ends_before_it_is_live_leaves_nothing() -> None:
    harness = StreamHarness()
    connection = harness.new()
    harness.streams.add(connection)
    connection.on_disconnect()
    assert harness.is_empty


def test_a_line_at_the_open_and_one_at_the_end_without_the_user(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    harness = StreamHarness()
    connection = harness.open("ann@example.com")
    assert caplog.messages == [f"stream {connection.id} opened: device unknown"]
    connection.device = "mobile"
    harness.pass_seconds(9)
    connection.close(CloseReason.REPLACED)
    connection.close(CloseReason.SLOW)
    assert caplog.messages[1:] == [
        f"stream {connection.id} closed: replaced after 9.0 s, device mobile",
    ]
    assert {record.levelname for record in caplog.records} == {"INFO"}


def test_stream_that_is_never_live_has_no_line_at_its_open(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    harness = StreamHarness()
    connection = harness.new()
    harness.streams.add(connection)
    connection.close(CloseReason.OVERLOADED)
    harness.streams.opened(connection)
    assert [message.split(": ")[0].rpartition(" ")[2] for message in caplog.messages] == ["closed"]


# --------------------------------------------------------------------------------------------- the drain
async def drained(
    number: int, drain_seconds: float
) -> tuple[StreamHarness, float, list[tuple[float, Connection]]]:
    """Open streams and drain them; return the harness, the seconds it took, and when each was closed."""
    harness = StreamHarness(drain_seconds=drain_seconds)
    closings: list[tuple[float, Connection]] = []
    began = time.monotonic()

    def closed(connection: Connection, reason: CloseReason) -> None:
        closings.append((time.monotonic() - began, connection))
        harness.streams.on_close(connection, reason)

    for one in range(number):
        connection = harness.open(f"user {one}")
        connection._on_close = closed
    await asyncio.wait_for(harness.streams.drain(), 20)
    return harness, time.monotonic() - began, closings


async def test_drain_closes_all_spread_over_the_drain_time_each_with_its_own_retry(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "DRAIN_PER_SECOND", 100)
    monkeypatch.setattr(module, "DRAIN_STEP_SECONDS", 0.02)
    harness, seconds, closings = await drained(60, 0.3)
    assert len(closings) == 60
    assert harness.streams.ended == {"shutdown": 60}
    assert 0.2 < seconds < 5, "0.8 of the drain time"
    assert closings[0][0] < seconds / 4
    moments = [moment for moment, _ in closings]
    pauses = [later - sooner for sooner, later in itertools.pairwise(moments)]
    assert sum(pause > 0.01 for pause in pauses) >= 10, "in some twelve steps"
    retries = []
    for _, connection in closings:
        assert isinstance(connection, RecordingConnection)
        (closing,) = frames_of(connection)
        assert closing.data == {"reason": "shutdown", "reconnect": True}
        assert closing.retry_ms is not None
        retries.append(closing.retry_ms)
    assert RESTART_RETRY_MS[0] <= min(retries) < max(retries) <= RESTART_RETRY_MS[1]
    assert len(set(retries)) > 40


async def test_few_streams_are_drained_at_once() -> None:
    _, seconds, closings = await drained(20, 3000)
    assert len(closings) == 20
    assert seconds < 5


async def test_no_stream_opens_during_the_drain() -> None:
    harness = StreamHarness()
    connection = harness.open()
    states = [harness.streams.is_draining]
    harness.streams.start_drain()
    harness.streams.start_drain()
    states.append(harness.streams.is_draining)
    assert states == [False, True]
    assert harness.streams.refusal("192.0.2.9") is CloseReason.SHUTDOWN
    await harness.streams.drain()
    assert connection.close_reason is CloseReason.SHUTDOWN
    assert harness.streams.ended == {"shutdown": 1}


async def test_stream_that_is_being_opened_is_drained_too() -> None:
    harness = StreamHarness()
    connection = harness.new()
    harness.streams.add(connection)
    await harness.streams.drain()
    assert connection.close_reason is CloseReason.SHUTDOWN


class Replaying:
    """A long replay that does nothing."""

    def on_drained(self) -> None:
        pass


def test_stream_with_a_long_replay_is_one_of_its_user_and_closed_if_they_are_too_many() -> None:
    harness = StreamHarness(max_streams_per_user=2)
    live = harness.open()
    channel = harness.hub.get_channel("ann")
    waiting, *replaying = [harness.new() for _ in range(3)]
    for connection in (waiting, *replaying):
        harness.streams.add(connection)
        channel.opening = (*channel.opening, connection)
    for connection in replaying:
        connection.replaying = Replaying()
    assert list(harness.streams.of_user("ann")) == [live, *replaying]
    harness.streams.close_excess("ann")
    assert [one.close_reason for one in (live, waiting, *replaying)] == [
        CloseReason.REPLACED,
        None,
        None,
        None,
    ]


def test_stream_with_a_long_replay_is_pinged_without_an_id() -> None:
    harness = StreamHarness()
    connection = harness.new()
    harness.streams.add(connection)
    connection.replaying = Replaying()
    harness.pass_seconds(65)
    pings = frames_of(connection)
    assert [(frame.event, frame.id) for frame in pings] == [("ping", None)] * 2


# ------------------------------------------------------------------------------------------------ figures
def test_streams_and_users_are_counted_by_device_until_their_end() -> None:
    harness = StreamHarness()
    phone, tablet = harness.open(device="mobile"), harness.open(device="tablet")
    second, other = harness.open(device="mobile"), harness.open("bob")
    assert harness.streams.by_device == {"mobile": 2, "tablet": 1, None: 1}
    assert harness.hub.users_by_device == {"mobile": 1, "tablet": 1, None: 1}
    phone.on_disconnect()
    assert harness.streams.by_device["mobile"] == harness.hub.users_by_device["mobile"] == 1
    for connection in (second, tablet, other):
        connection.close(CloseReason.REVOKED)
    assert set(harness.streams.by_device.values()) == set(harness.hub.users_by_device.values()) == {0}
    assert harness.streams.accepted == 4


def test_stream_that_is_not_live_yet_counts_for_no_user() -> None:
    harness = StreamHarness()
    live, opening = harness.open(device="mobile"), harness.new(device="mobile")
    harness.streams.add(opening)
    opening.on_disconnect()
    assert harness.hub.users_by_device == {"mobile": 1}
    live.on_disconnect()
    assert harness.hub.users_by_device == {"mobile": 0}


def test_time_that_streams_were_open_is_observed_but_not_of_refused_ones() -> None:
    observed: list[float] = []
    harness = StreamHarness(max_streams=1)
    harness.streams._observe_seconds = observed.append
    connection, refused = harness.open(), harness.new()
    harness.pass_seconds(7)
    refused.close(CloseReason.OVERLOADED, 1500)
    connection.on_disconnect()
    assert observed == [7.0]
