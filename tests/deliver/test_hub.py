"""The hub: every stream gets its events in order and each once, whenever it opens. Rooms:
`test_hub_rooms`. Defects: `test_hub_failures`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from clients import read_frames
from lumen_notify.deliver import hub as module
from lumen_notify.deliver.frames import NotificationFrame
from lumen_notify.deliver.frames.chunks import unchunk
from lumen_notify.deliver.hub import Hub
from lumen_notify.deliver.replay import Replay
from lumen_notify.model import EVERYONE, LIST, Audience, Counts, Cursor, Event, ResetReason

from .fakes import FakeClock, RecordingConnection

USERS = ("ann", "bob", "cyd")


def make_hub(position: int = 0) -> Hub:
    replay = Replay(position=position, max_events=1000)
    return Hub(epoch="e", position=position, replay=replay, clock=FakeClock(50.9))


def event(position: int, audience: str = EVERYONE) -> Event:
    return Event(
        position=position,
        audience=Audience(audience),
        kind="notification",
        category="like",
        body='{"id":"n"}',
        created_at=0,
    )


def deliver(hub: Hub, *audiences: str) -> None:
    """Fan out one event for each audience, to the end."""
    events = [event(hub.position + number, audience) for number, audience in enumerate(audiences, start=1)]
    for _ in hub.fan_out(events):
        pass


def open_stream(hub: Hub, user_id: str, total: int = 0) -> RecordingConnection:
    """Add a stream as the opener does, in one step."""
    connection = RecordingConnection(user_id)
    channel = hub.get_channel(user_id)
    hub.catch_up(channel)
    hub.add(channel, connection, Counts({"like": total}, {}))
    return connection


def seen(connection: RecordingConnection) -> list[tuple[int, int]]:
    """Return (position, unread_count) of each frame."""
    text = unchunk(b"".join(connection.chunks)).decode()
    return [(frame.position, frame.data["unread_count"]) for frame in read_frames(text)]


class HubMachine(RuleBasedStateMachine):
    """A hub whose fan-outs yield after each channel, and streams that open and close in between."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(module, "FAN_OUT_CHUNK", 1)
        self.hub = make_hub()
        self.log: list[str] = []
        self.streams: list[tuple[RecordingConnection, list[tuple[int, int]]]] = []
        self.fan_out: Iterator[None] | None = None

    def total(self, user: str, position: int) -> int:
        """Count the unread notifications at a position: nobody ever reads."""
        return sum(audience in {EVERYONE, Audience.user(user)} for audience in self.log[:position])

    @precondition(lambda self: self.fan_out is None)
    @rule(audiences=st.lists(st.sampled_from([EVERYONE, *map(Audience.user, USERS)]), min_size=1, max_size=4))
    def begin(self, audiences: list[str]) -> None:
        begin = len(self.log)
        self.log += audiences
        for connection, expected in self.streams:
            user = connection.user_id
            expected += [
                (position, self.total(user, position))
                for position in range(begin + 1, len(self.log) + 1)
                if self.log[position - 1] in {EVERYONE, Audience.user(user)}
            ]
        self.fan_out = self.hub.fan_out(
            [event(begin + number, audience) for number, audience in enumerate(audiences, start=1)]
        )
        self.step()

    @precondition(lambda self: self.fan_out is not None)
    @rule()
    def step(self) -> None:
        assert self.fan_out is not None
        if next(self.fan_out, "over") == "over":
            self.fan_out = None

    @rule(user=st.sampled_from(USERS))
    def open_one(self, user: str) -> None:
        self.streams.append((open_stream(self.hub, user, self.total(user, self.hub.position)), []))

    @precondition(lambda self: self.streams)
    @rule(pick=st.integers(0, 9))
    def close_one(self, pick: int) -> None:
        connection, expected = self.streams.pop(pick % len(self.streams))
        self.hub.remove(connection)
        mine = seen(connection)
        assert mine == expected[: len(mine)]

    @rule(user=st.sampled_from(USERS))
    def ping(self, user: str) -> None:
        if user in self.hub.channels:
            self.hub.catch_up(self.hub.channels[user])

    @invariant()
    def streams_see_their_events_in_order_each_once(self) -> None:
        for connection, expected in self.streams:
            mine = seen(connection)
            assert mine == (expected if self.fan_out is None else expected[: len(mine)])

    @invariant()
    def channels_exist_for_connected_users_only(self) -> None:
        assert set(self.hub.channels) == {connection.user_id for connection, _ in self.streams}

    def teardown(self) -> None:
        self.patch.undo()


TestHub = HubMachine.TestCase
TestHub.settings = settings(max_examples=60, stateful_step_count=30)


@pytest.fixture
def one_channel_a_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FAN_OUT_CHUNK", 1)


def test_stream_that_opens_during_a_fan_out_misses_nothing_and_repeats_nothing(
    one_channel_a_turn: None,
) -> None:
    hub = make_hub()
    first, second = open_stream(hub, "ann"), open_stream(hub, "bob")
    turns = hub.fan_out([event(1), event(2)])
    next(turns)
    assert (seen(first), seen(second)) == ([(1, 1), (2, 2)], [])
    late = open_stream(hub, "bob", total=2)
    assert seen(second) == [(1, 1), (2, 2)], "the user's other stream is brought up to the same position"
    for _ in turns:
        pass
    assert (seen(first), seen(second), seen(late)) == ([(1, 1), (2, 2)], [(1, 1), (2, 2)], [])
    deliver(hub, EVERYONE)
    assert (seen(second)[-1], seen(late)) == ((3, 3), [(3, 3)])


def test_events_of_different_audiences_come_in_position_order() -> None:
    hub = make_hub()
    ann, bob = open_stream(hub, "ann"), open_stream(hub, "bob")
    deliver(hub, EVERYONE, "user:ann", "user:bob", EVERYONE, "user:ann", "user:nobody")
    assert [position for position, _ in seen(ann)] == [1, 2, 4, 5]
    assert [position for position, _ in seen(bob)] == [1, 3, 4]
    assert len(ann.chunks) == len(bob.chunks) == 1


def test_event_of_a_list_reaches_its_users_who_are_here_among_their_other_events() -> None:
    hub = make_hub()
    ann, bob, cyd = (open_stream(hub, user) for user in USERS)
    users = (*(f"u{number}" for number in range(1000)), "ann", "cyd")
    to_list = replace(event(2, LIST), users=users)
    assert hub.subscriber_count(LIST, users) == 2
    for _ in hub.fan_out([event(1, "user:ann"), to_list, event(3)]):
        pass
    assert seen(ann) == [(1, 1), (2, 2), (3, 3)]
    assert seen(bob) == [(3, 1)]
    assert seen(cyd) == [(2, 1), (3, 2)]
    assert [
        frame.position for frame in hub.replay.frames_after(0, [Audience.user("u7"), EVERYONE]) or ()
    ] == [
        2,
        3,
    ]


def test_fan_out_returns_to_the_loop_after_each_chunk_of_channels() -> None:
    hub = make_hub()
    for number in range(2 * module.FAN_OUT_CHUNK + 1):
        open_stream(hub, f"user {number}")
    assert len(list(hub.fan_out([event(1)]))) == 3


def test_callback_is_called_when_its_position_is_delivered() -> None:
    hub = make_hub(position=5)
    called: list[int] = []
    for position in (5, 6, 8, 7):
        hub.call_at(position, lambda position=position: called.append(position))  # type: ignore[misc]
    assert called == [5]
    deliver(hub, EVERYONE, "user:ann")
    assert called == [5, 6, 7]
    deliver(hub, "user:ann")
    assert called == [5, 6, 7, 8]
    assert not hub._waiting


def test_new_events_are_in_the_replay_before_they_are_sent(one_channel_a_turn: None) -> None:
    hub = make_hub()
    open_stream(hub, "ann")
    next(hub.fan_out([event(1), event(2, "user:ann")]))
    kept = hub.replay.frames_after(0, [Audience("user:ann"), EVERYONE])
    assert kept is not None
    assert [frame.position for frame in kept] == [1, 2]
    assert str(hub.cursor).startswith("e-2-")


def test_kept_frames_do_not_keep_their_caches() -> None:
    hub = make_hub()
    open_stream(hub, "ann")
    deliver(hub, EVERYONE, "user:ann")
    deliver(hub, EVERYONE)
    kept = hub.replay.frames_after(0, [Audience("user:ann"), EVERYONE])
    assert kept is not None
    assert all(isinstance(frame, NotificationFrame) and not frame.next_shapes for frame in kept)


def test_channel_is_discarded_with_its_last_stream_and_stays_while_one_is_being_opened() -> None:
    hub = make_hub()
    one, other = open_stream(hub, "ann"), open_stream(hub, "ann")
    hub.remove(one)
    assert list(hub.channels) == ["ann"]
    hub.channels["ann"].opening = (one,)
    hub.remove(other)
    hub.remove(other)
    assert list(hub.channels) == ["ann"]
    hub.channels["ann"].opening = ()
    hub.discard_unused(hub.channels["ann"])
    assert not hub.channels


def test_channel_that_was_replaced_does_not_discard_its_successor() -> None:
    hub = make_hub()
    old = hub.get_channel("ann")
    hub.discard_unused(old)
    new = hub.get_channel("ann")
    assert new is not old
    hub.discard_unused(old)
    assert hub.channels == {"ann": new}


def test_ephemeral_frame_reaches_the_members_who_are_here_except_one() -> None:
    hub = Hub(epoch="e", position=0, replay=Replay(position=0, max_events=10), clock=FakeClock())
    connections = {user: RecordingConnection(user) for user in ("ann", "bob", "eve")}
    for user, connection in connections.items():
        inside = {"r": 0} if user != "eve" else {}
        hub.add(hub.get_channel(user), connection, Counts({}, inside, frozenset(), dict(inside)))
    hub.send_ephemeral(Audience.room("r"), "typing", {"data": {"user_id": "ann"}}, exclude_user_id="ann")
    sent = {user: unchunk(b"".join(connection.chunks)) for user, connection in connections.items()}
    frame = b'event: typing\ndata: {"data":{"user_id":"ann"}}\n\n'
    assert sent == {"ann": b"", "bob": frame, "eve": b""}


def test_reset_closes_all_streams_and_nothing_from_before_can_be_replayed() -> None:
    hub = Hub(epoch="e", position=3, replay=Replay(position=3, max_events=10), clock=FakeClock())
    connection = RecordingConnection("ann")
    hub.add(hub.get_channel("ann"), connection, Counts({}, {}))
    called: list[int] = []
    hub.call_at(100, lambda: called.append(100))
    hub.reset_to(Cursor("f", 9, "abc123"), ResetReason.EPOCH)
    assert connection.close_reason is not None
    assert connection.close_reason.reconnect
    assert (hub.position, hub.replay.frames_after(8, [EVERYONE]), hub.replay.frames_after(9, [EVERYONE])) == (
        9,
        None,
        [],
    )
    assert hub.cursor == Cursor("f", 9, "abc123")
    assert (called, hub.resets) == ([100], {"epoch": 1})


def test_event_that_ends_streams_ends_them_at_its_place() -> None:
    hub = Hub(epoch="e", position=0, replay=Replay(position=0, max_events=10), clock=FakeClock())
    connection = RecordingConnection("ann")
    hub.add(hub.get_channel("ann"), connection, Counts({}, {}))
    kinds = [("notification", '{"id":"n"}'), ("revoked", '{"data":{}}'), ("notification", '{"id":"n"}')]
    events = [
        Event(position=n, audience=Audience("user:ann"), kind=kind, category="like", body=body, created_at=0)
        for n, (kind, body) in enumerate(kinds, start=1)
    ]
    for _ in hub.fan_out(events):
        pass
    (frame,) = read_frames(unchunk(b"".join(connection.chunks)).decode())
    assert frame.position == 1
    assert b"revoked" in connection.last
    assert b'"reconnect":false' in connection.last
