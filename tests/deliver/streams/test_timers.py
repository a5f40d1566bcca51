"""The stream timers: pings, token expiries and the longest life, each at its second."""

from __future__ import annotations

from collections import Counter

import pytest

from clients import Frame
from lumen_notify.model import EVERYONE, CloseReason, Counts, Event

from ..fakes import RecordingConnection
from ..stream_harness import StreamHarness, event_names, frames_of


# ------------------------------------------------------------------------------------------------- pings
def test_ping_is_sent_after_silence_only_and_has_the_newest_id() -> None:
    harness = StreamHarness()
    connection = harness.open()
    harness.pass_seconds(20)
    harness.deliver("user:ann")
    harness.pass_seconds(29)
    assert event_names(connection) == ["message"]
    harness.deliver("user:bob")
    harness.pass_seconds(1)
    assert event_names(connection) == ["message", "ping"]
    assert frames_of(connection)[-1] == Frame(event="ping", id=str(harness.hub.cursor), data={})
    assert harness.hub.position == 42
    harness.pass_seconds(30)
    assert event_names(connection) == ["message", "ping", "ping"]


def test_stream_that_is_never_silent_is_never_pinged() -> None:
    harness = StreamHarness(ping_seconds=5)
    connection = harness.open()
    for _ in range(20):
        harness.pass_seconds(4)
        harness.deliver("all")
    assert set(event_names(connection)) == {"message"}


def test_ping_is_not_ahead_of_events_that_a_fan_out_has_still_to_deliver(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("lumen_notify.deliver.hub.FAN_OUT_CHUNK", 1)
    harness = StreamHarness()
    first, second = harness.open("ann"), harness.open("bob")
    harness.clock.seconds += 30
    event = Event(
        position=41, audience=EVERYONE, kind="notification", category="x", body='{"id":"n"}', created_at=0
    )
    next(harness.hub.fan_out([event]))
    harness.streams.wheel.tick()
    id_ = f"e-41-{event.check}"
    assert [frame.id for frame in frames_of(first)] == [id_]
    assert [(frame.event, frame.id) for frame in frames_of(second)] == [("message", id_), ("ping", id_)]


def test_stream_that_is_being_opened_is_not_pinged() -> None:
    harness = StreamHarness()
    connection = harness.new()
    harness.streams.add(connection)
    harness.hub.get_channel("ann").opening = (connection,)
    harness.pass_seconds(100)
    assert connection.chunks == []


def test_stream_that_is_too_slow_for_a_ping_ends() -> None:
    harness = StreamHarness()
    connection = harness.open()
    connection.is_slow = True
    harness.pass_seconds(30)
    assert harness.streams.ended == {"slow": 1}
    harness.pass_seconds(30)
    assert harness.is_empty


# -------------------------------------------------------------------- the token's end and the longest life
def test_stream_is_warned_three_times_before_its_token_ends_and_then_closed_for_good() -> None:
    harness = StreamHarness(ping_seconds=1000)
    connection = harness.open(expires_in=100)
    harness.pass_seconds(39)
    assert event_names(connection) == []
    harness.pass_seconds(1)
    assert frames_of(connection) == [Frame(event="expiring", data={"seconds": 60})]
    harness.pass_seconds(59)
    assert [frame.data["seconds"] for frame in frames_of(connection)] == [60, 30, 15]
    harness.pass_seconds(1)
    *_, closing = frames_of(connection)
    assert (closing.event, closing.data) == ("closing", {"reason": "expired", "reconnect": False})
    assert harness.streams.ended == {"expired": 1}


def test_stream_whose_token_ends_soon_is_warned_at_once() -> None:
    harness = StreamHarness()
    connection = harness.open(expires_in=20)
    harness.pass_seconds(1)
    assert frames_of(connection) == [Frame(event="expiring", data={"seconds": 19})]
    harness.pass_seconds(19)
    assert event_names(connection) == ["expiring", "expiring", "closing"]


def test_renewed_stream_lasts_and_is_warned_again() -> None:
    harness = StreamHarness(ping_seconds=1000)
    connection, other = harness.open(expires_in=100), harness.open("bob", expires_in=100)
    harness.pass_seconds(50)
    harness.streams.renew("ann", harness.clock.ms() + 200_000)
    harness.pass_seconds(50)
    assert (connection.close_reason, other.close_reason) == (None, CloseReason.EXPIRED)
    harness.pass_seconds(90)
    assert event_names(connection) == ["expiring", "expiring"]
    harness.pass_seconds(60)
    assert connection.close_reason is CloseReason.EXPIRED


def test_renewal_by_a_shorter_token_changes_nothing() -> None:
    harness = StreamHarness()
    connection = harness.open(expires_in=100)
    harness.streams.renew("ann", harness.clock.ms() + 1000)
    harness.streams.renew("nobody", 10**15)
    harness.pass_seconds(99)
    assert connection.close_reason is None


def test_clock_that_jumps_ends_the_stream_at_the_next_check() -> None:
    wall_ms = [1_000_000]
    harness = StreamHarness(ping_seconds=1)
    harness.streams.timers._wall_clock = lambda: wall_ms[0]
    connection = RecordingConnection(
        "ann", connected_at=wall_ms[0], expires_at=wall_ms[0] + 3_600_000, on_close=harness.streams.on_close
    )
    harness.streams.add(connection)
    harness.hub.add(harness.hub.get_channel("ann"), connection, Counts({}, {}))
    wall_ms[0] += 3_599_000
    harness.pass_seconds(1)
    assert event_names(connection) == ["expiring"]
    wall_ms[0] += 2000
    harness.pass_seconds(1)
    assert connection.close_reason is CloseReason.EXPIRED


def test_longest_life_is_jittered_so_that_not_all_clients_reconnect_at_once() -> None:
    harness = StreamHarness(max_stream_seconds=1000, ping_seconds=3000)
    connections = [harness.open(f"user {number}", expires_in=9999) for number in range(300)]
    ended_at: dict[str, int] = {}
    for second in range(1, 1110):
        harness.pass_seconds(1)
        for connection in connections:
            if connection.close_reason is not None:
                ended_at.setdefault(connection.id, second)
    assert len(ended_at) == 300
    assert 900 <= min(ended_at.values()) < 930
    assert 1070 < max(ended_at.values()) <= 1101
    assert max(Counter(ended_at.values()).values()) < 20
    retries = [
        frame.retry_ms
        for connection in connections
        for frame in frames_of(connection)
        if frame.event == "closing"
    ]
    assert len(set(retries)) > 100
    assert harness.streams.ended == {"shutdown": 300}
