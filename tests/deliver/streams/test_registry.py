"""Streams: their limits, pings, expiries, and the drain; nothing is left of one that has ended."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter

import pytest

from clients import Frame, read_frames
from lumen_notify.deliver.connection.connection import Outlet
from lumen_notify.deliver.frames.chunks import unchunk
from lumen_notify.deliver.frames.control import RETRY_MS
from lumen_notify.deliver.streams import registry as module
from lumen_notify.model import EVERYONE, CloseReason, Counts, Event

from ..fakes import RecordingOutlet
from ..hall import Hall


def frames(outlet: RecordingOutlet) -> list[Frame]:
    return list(read_frames(unchunk(b"".join([*outlet.chunks, outlet.last])).decode()))


def events(outlet: RecordingOutlet) -> list[str]:
    return [frame.event for frame in frames(outlet)]


# ------------------------------------------------------------------------------------------------ limits
@pytest.mark.parametrize("limit", ["max_streams", "max_streams_per_address"])
def test_streams_beyond_the_limit_are_refused_as_overloaded_until_one_ends(limit: str) -> None:
    hall = Hall(**{limit: 2})
    first, _ = hall.open("ann"), hall.open("bob")
    assert hall.streams.refusal("192.0.2.1") is CloseReason.OVERLOADED
    elsewhere = hall.streams.refusal("192.0.2.2")
    assert elsewhere is (CloseReason.OVERLOADED if limit == "max_streams" else None)
    first.lost()
    assert hall.streams.refusal("192.0.2.1") is None


def test_stream_that_was_refused_counts_nowhere() -> None:
    hall = Hall(max_streams=1)
    here, refused = hall.open(), hall.new()
    refused.close(CloseReason.OVERLOADED, 1500)
    assert (len(hall.streams), hall.streams.ended) == (1, {"overloaded": 1})
    here.lost()
    assert hall.is_empty


def test_oldest_stream_of_a_user_over_his_limit_is_replaced() -> None:
    hall = Hall(max_streams_per_user=2)
    outlets = [hall.open("ann") for _ in range(4)]
    other = hall.open("bob")
    assert [outlet.close_reason for outlet in outlets] == [CloseReason.REPLACED] * 2 + [None] * 2
    (closing,) = frames(outlets[0])
    assert closing == Frame(event="closing", data={"reason": "replaced", "reconnect": False})
    assert hall.streams.of_user("ann") == tuple(outlets[2:])
    assert other.close_reason is None


def test_nobody_is_over_a_limit_that_is_not_set() -> None:
    hall = Hall()
    for _ in range(50):
        hall.open()
    assert len(hall.streams) == 50


# ------------------------------------------------------------------------------------------------- pings
def test_ping_comes_after_silence_alone_and_has_the_newest_id() -> None:
    hall = Hall()
    outlet = hall.open()
    hall.pass_seconds(20)
    hall.deliver("user:ann")
    hall.pass_seconds(29)
    assert events(outlet) == ["message"]
    hall.deliver("user:bob")
    hall.pass_seconds(1)
    assert events(outlet) == ["message", "ping"]
    assert frames(outlet)[-1] == Frame(event="ping", id="e-42", data={})
    hall.pass_seconds(30)
    assert events(outlet) == ["message", "ping", "ping"]


def test_stream_that_is_never_silent_is_never_pinged() -> None:
    hall = Hall(ping_seconds=5)
    outlet = hall.open()
    for _ in range(20):
        hall.pass_seconds(4)
        hall.deliver("all")
    assert set(events(outlet)) == {"message"}


def test_ping_is_not_ahead_of_events_that_a_fan_out_still_has_for_the_stream(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("lumen_notify.deliver.hub.TURN_CHANNELS", 1)
    hall = Hall()
    first, second = hall.open("ann"), hall.open("bob")
    hall.clock.seconds += 30
    event = Event(position=41, audience=EVERYONE, kind="notification", category="x", body="{}", created_at=0)
    next(hall.hub.fan_out([event]))
    hall.streams.wheel.turn()
    assert [frame.id for frame in frames(first)] == ["e-41"]
    assert [(frame.event, frame.id) for frame in frames(second)] == [("message", "e-41"), ("ping", "e-41")]


def test_stream_on_its_way_in_is_not_pinged() -> None:
    hall = Hall()
    outlet = hall.new()
    hall.streams.add(outlet)
    hall.hub.channel("ann").joining += 1
    hall.pass_seconds(100)
    assert outlet.chunks == []


# ------------------------------------------------------------------------------------------- the token's end
def test_stream_is_warned_a_minute_before_its_token_ends_and_then_closed_for_good() -> None:
    hall = Hall(ping_seconds=1000)
    outlet = hall.open(expires_in=100)
    hall.pass_seconds(39)
    assert events(outlet) == []
    hall.pass_seconds(1)
    assert frames(outlet) == [Frame(event="expiring", data={"seconds": 60})]
    hall.pass_seconds(59)
    assert events(outlet) == ["expiring"]
    hall.pass_seconds(1)
    assert frames(outlet)[1:] == [Frame(event="closing", data={"reason": "expired", "reconnect": False})]
    assert hall.streams.ended == {"expired": 1}


def test_stream_whose_token_ends_soon_is_warned_at_once() -> None:
    hall = Hall()
    outlet = hall.open(expires_in=20)
    hall.pass_seconds(1)
    assert frames(outlet) == [Frame(event="expiring", data={"seconds": 19})]
    hall.pass_seconds(19)
    assert events(outlet) == ["expiring", "closing"]


def test_renewed_stream_lasts_and_is_warned_again() -> None:
    hall = Hall(ping_seconds=1000)
    outlet, other = hall.open(expires_in=100), hall.open("bob", expires_in=100)
    hall.pass_seconds(50)
    assert hall.streams.renew("ann", hall.clock.ms() + 200_000) == 1
    hall.pass_seconds(50)
    assert (outlet.close_reason, other.close_reason) == (None, CloseReason.EXPIRED)
    hall.pass_seconds(90)
    assert events(outlet) == ["expiring", "expiring"]
    hall.pass_seconds(60)
    assert outlet.close_reason is CloseReason.EXPIRED


def test_renewal_by_a_shorter_token_takes_nothing_away() -> None:
    hall = Hall()
    outlet = hall.open(expires_in=100)
    assert hall.streams.renew("ann", hall.clock.ms() + 1000) == 1
    assert hall.streams.renew("nobody", 10**15) == 0
    hall.pass_seconds(99)
    assert outlet.close_reason is None


def test_clock_that_is_moved_ends_the_stream_at_the_next_look() -> None:
    wall_ms = [1_000_000]
    hall = Hall(ping_seconds=1)
    hall.streams._wall_clock = lambda: wall_ms[0]
    outlet = RecordingOutlet(
        "ann", connected_at=wall_ms[0], expires_at=wall_ms[0] + 3_600_000, on_close=hall.streams.on_close
    )
    hall.streams.add(outlet)
    hall.hub.enter(hall.hub.channel("ann"), outlet, Counts({}, {}))
    wall_ms[0] += 3_599_000
    hall.pass_seconds(1)
    assert events(outlet) == ["expiring"]
    wall_ms[0] += 2000
    hall.pass_seconds(1)
    assert outlet.close_reason is CloseReason.EXPIRED


def test_longest_life_is_jittered_so_that_not_all_come_back_at_once() -> None:
    hall = Hall(max_stream_seconds=1000, ping_seconds=3000)
    outlets = [hall.open(f"user {number}", expires_in=9999) for number in range(300)]
    ended_at: dict[str, int] = {}
    for second in range(1, 1110):
        hall.pass_seconds(1)
        for outlet in outlets:
            if outlet.close_reason is not None:
                ended_at.setdefault(outlet.id, second)
    assert len(ended_at) == 300
    assert 900 <= min(ended_at.values()) < 930
    assert 1070 < max(ended_at.values()) <= 1101
    assert max(Counter(ended_at.values()).values()) < 20
    retries = [frame.retry_ms for outlet in outlets for frame in frames(outlet) if frame.event == "closing"]
    assert len(set(retries)) > 100
    assert hall.streams.ended == {"shutdown": 300}


# --------------------------------------------------------------------------------------------- the end
@pytest.mark.parametrize("reason", list(CloseReason), ids=lambda reason: reason.word)
def test_nothing_is_left_of_an_ended_stream_after_a_heartbeat(reason: CloseReason) -> None:
    hall = Hall()
    outlet = hall.open()
    hall.pass_seconds(7)
    if reason is CloseReason.GONE:
        outlet.lost()
        assert hall.is_empty
    else:
        outlet.close(reason)
        assert (len(hall.streams), hall.hub.channels, outlet.aborts) == (0, {}, 0)
    hall.pass_seconds(30)
    assert hall.is_empty
    assert outlet.aborts == (reason is not CloseReason.GONE), "what its peer has not taken is dropped"
    assert hall.streams.ended == {reason.word: 1}


def test_stream_that_ends_before_it_is_in_its_channel_leaves_nothing() -> None:
    hall = Hall()
    outlet = hall.new()
    hall.streams.add(outlet)
    outlet.lost()
    assert hall.is_empty


def test_stream_that_is_too_slow_for_a_ping_ends() -> None:
    hall = Hall()
    outlet = hall.open()
    outlet.is_slow = True
    hall.pass_seconds(30)
    assert hall.streams.ended == {"slow": 1}
    hall.pass_seconds(30)
    assert hall.is_empty


def test_end_of_a_stream_is_one_log_line_without_its_user(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    hall = Hall()
    outlet = hall.open("ann@example.com")
    hall.pass_seconds(9)
    outlet.close(CloseReason.REPLACED)
    assert [record.getMessage() for record in caplog.records] == [
        f"stream {outlet.id} closed: replaced after 9.0 s"
    ]


# --------------------------------------------------------------------------------------------- the drain
async def drained(number: int, drain_seconds: float) -> tuple[Hall, float, list[tuple[float, Outlet]]]:
    """Open streams and drain them; return also how long that took, and when each was closed."""
    hall = Hall(drain_seconds=drain_seconds)
    closings: list[tuple[float, Outlet]] = []
    began = time.monotonic()

    def closed(outlet: Outlet, reason: CloseReason) -> None:
        closings.append((time.monotonic() - began, outlet))
        hall.streams.on_close(outlet, reason)

    for one in range(number):
        outlet = hall.open(f"user {one}")
        outlet._on_close = closed
    await asyncio.wait_for(hall.streams.drain(), 20)
    return hall, time.monotonic() - began, closings


async def test_drain_closes_all_spread_over_the_drain_time_each_with_its_own_retry(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "DRAIN_PER_SECOND", 100)
    monkeypatch.setattr(module, "DRAIN_STEP_SECONDS", 0.02)
    hall, seconds, closings = await drained(60, 0.3)
    assert len(closings) == 60
    assert hall.streams.ended == {"shutdown": 60}
    assert 0.2 < seconds < 5, "0.8 of the drain time"
    assert closings[0][0] < seconds / 4
    moments = [moment for moment, _ in closings]
    pauses = [later - sooner for sooner, later in itertools.pairwise(moments)]
    assert sum(pause > 0.01 for pause in pauses) >= 10, "in some twelve steps"
    retries = []
    for _, outlet in closings:
        assert isinstance(outlet, RecordingOutlet)
        (closing,) = frames(outlet)
        assert closing.data == {"reason": "shutdown", "reconnect": True}
        assert closing.retry_ms is not None
        retries.append(closing.retry_ms)
    assert RETRY_MS[0] <= min(retries) < max(retries) <= RETRY_MS[1]
    assert len(set(retries)) > 40


async def test_few_streams_are_drained_at_once() -> None:
    _, seconds, closings = await drained(20, 3000)
    assert len(closings) == 20
    assert seconds < 5


async def test_no_stream_begins_while_the_others_are_drained() -> None:
    hall = Hall()
    outlet = hall.open()
    told = [hall.streams.is_draining]
    hall.streams.start_drain()
    hall.streams.start_drain()
    told.append(hall.streams.is_draining)
    assert told == [False, True]
    assert hall.streams.refusal("192.0.2.9") is CloseReason.SHUTDOWN
    await hall.streams.drain()
    assert outlet.close_reason is CloseReason.SHUTDOWN
    assert hall.streams.ended == {"shutdown": 1}


async def test_stream_on_its_way_in_is_drained_too() -> None:
    hall = Hall()
    outlet = hall.new()
    hall.streams.add(outlet)
    await hall.streams.drain()
    assert outlet.close_reason is CloseReason.SHUTDOWN
