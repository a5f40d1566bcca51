"""The hub: every stream sees the events that concern it, in order and each once, whenever it comes."""

from __future__ import annotations

from collections.abc import Iterator

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
from lumen_notify.model import EVERYONE, Audience, Counts, Cursor, Event

from .fakes import Clock, RecordingOutlet

USERS = ("ann", "bob", "cyd")


def make_hub(position: int = 0) -> Hub:
    replay = Replay(position=position, max_events=1000)
    return Hub(epoch="e", position=position, replay=replay, clock=Clock(50.9))


def event(position: int, audience: str = EVERYONE) -> Event:
    return Event(
        position=position,
        audience=Audience(audience),
        kind="notification",
        category="like",
        body="{}",
        created_at=0,
    )


def deliver(hub: Hub, *audiences: str) -> None:
    """Fan out one event for each audience, to the end."""
    events = [event(hub.position + number, audience) for number, audience in enumerate(audiences, start=1)]
    for _ in hub.fan_out(events):
        pass


def join(hub: Hub, user_id: str, total: int = 0) -> RecordingOutlet:
    """Do what `welcome` does in its one step."""
    outlet = RecordingOutlet(user_id)
    channel = hub.channel(user_id)
    hub.settle(channel)
    hub.enter(channel, outlet, Counts({"like": total}, {}))
    return outlet


def seen(outlet: RecordingOutlet) -> list[tuple[int, int]]:
    """Return (position, unread_count) of each frame."""
    text = unchunk(b"".join(outlet.chunks)).decode()
    return [(frame.position, frame.data["unread_count"]) for frame in read_frames(text)]


class HubMachine(RuleBasedStateMachine):
    """A hub whose fan-outs yield after each channel, and streams that come and go in between."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(module, "TURN_CHANNELS", 1)
        self.hub = make_hub()
        self.log: list[str] = []
        self.streams: list[tuple[RecordingOutlet, list[tuple[int, int]]]] = []
        self.fan_out: Iterator[None] | None = None

    def total(self, user: str, position: int) -> int:
        """Count what is unread at a position: nobody ever reads."""
        return sum(audience in {EVERYONE, Audience.user(user)} for audience in self.log[:position])

    @precondition(lambda self: self.fan_out is None)
    @rule(audiences=st.lists(st.sampled_from([EVERYONE, *map(Audience.user, USERS)]), min_size=1, max_size=4))
    def begin(self, audiences: list[str]) -> None:
        begin = len(self.log)
        self.log += audiences
        for outlet, expected in self.streams:
            user = outlet.user_id
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
    def come(self, user: str) -> None:
        self.streams.append((join(self.hub, user, self.total(user, self.hub.position)), []))

    @precondition(lambda self: self.streams)
    @rule(pick=st.integers(0, 9))
    def go(self, pick: int) -> None:
        outlet, expected = self.streams.pop(pick % len(self.streams))
        self.hub.remove(outlet)
        mine = seen(outlet)
        assert mine == expected[: len(mine)]

    @rule(user=st.sampled_from(USERS))
    def ping(self, user: str) -> None:
        if user in self.hub.channels:
            self.hub.settle(self.hub.channels[user])

    @invariant()
    def streams_see_their_events_in_order_each_once(self) -> None:
        for outlet, expected in self.streams:
            mine = seen(outlet)
            assert mine == (expected if self.fan_out is None else expected[: len(mine)])

    @invariant()
    def there_are_channels_for_those_who_are_here(self) -> None:
        assert set(self.hub.channels) == {outlet.user_id for outlet, _ in self.streams}

    def teardown(self) -> None:
        self.patch.undo()


TestHub = HubMachine.TestCase
TestHub.settings = settings(max_examples=60, stateful_step_count=30)


@pytest.fixture
def one_channel_a_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TURN_CHANNELS", 1)


def test_stream_that_comes_in_the_middle_of_a_fan_out_misses_nothing_and_repeats_nothing(
    one_channel_a_turn: None,
) -> None:
    hub = make_hub()
    first, second = join(hub, "ann"), join(hub, "bob")
    turns = hub.fan_out([event(1), event(2)])
    next(turns)
    assert (seen(first), seen(second)) == ([(1, 1), (2, 2)], [])
    late = join(hub, "bob", total=2)
    assert seen(second) == [(1, 1), (2, 2)], "the user's other stream is brought up to the same position"
    for _ in turns:
        pass
    assert (seen(first), seen(second), seen(late)) == ([(1, 1), (2, 2)], [(1, 1), (2, 2)], [])
    deliver(hub, EVERYONE)
    assert (seen(second)[-1], seen(late)) == ((3, 3), [(3, 3)])


def test_events_of_different_audiences_come_in_position_order() -> None:
    hub = make_hub()
    ann, bob = join(hub, "ann"), join(hub, "bob")
    deliver(hub, EVERYONE, "user:ann", "user:bob", EVERYONE, "user:ann", "user:nobody")
    assert [position for position, _ in seen(ann)] == [1, 2, 4, 5]
    assert [position for position, _ in seen(bob)] == [1, 3, 4]
    assert len(ann.chunks) == len(bob.chunks) == 1


def test_fan_out_lets_the_loop_go_on_after_so_many_channels() -> None:
    hub = make_hub()
    for number in range(2 * module.TURN_CHANNELS + 1):
        join(hub, f"user {number}")
    assert len(list(hub.fan_out([event(1)]))) == 3


def test_who_waits_for_a_position_is_woken_when_it_is_delivered() -> None:
    hub = make_hub(position=5)
    woken: list[int] = []
    for position in (5, 6, 8, 7):
        hub.when_at(position, lambda position=position: woken.append(position))  # type: ignore[misc]
    assert woken == [5]
    deliver(hub, EVERYONE, "user:ann")
    assert woken == [5, 6, 7]
    deliver(hub, "user:ann")
    assert woken == [5, 6, 7, 8]
    assert not hub._waiting


def test_new_events_are_in_the_replay_before_anybody_sees_them(one_channel_a_turn: None) -> None:
    hub = make_hub()
    join(hub, "ann")
    next(hub.fan_out([event(1), event(2, "user:ann")]))
    kept = hub.replay.since(0, [Audience("user:ann"), EVERYONE])
    assert kept is not None
    assert [frame.position for frame in kept] == [1, 2]
    assert str(hub.cursor) == str(Cursor("e", 2))


def test_kept_frames_do_not_keep_what_they_were_shown_as() -> None:
    hub = make_hub()
    join(hub, "ann")
    deliver(hub, EVERYONE, "user:ann")
    deliver(hub, EVERYONE)
    kept = hub.replay.since(0, [Audience("user:ann"), EVERYONE])
    assert kept is not None
    assert all(isinstance(frame, NotificationFrame) and not frame.next_shapes for frame in kept)


def test_channel_goes_with_its_last_stream_and_stays_while_one_is_on_the_way() -> None:
    hub = make_hub()
    one, other = join(hub, "ann"), join(hub, "ann")
    hub.remove(one)
    assert list(hub.channels) == ["ann"]
    hub.channels["ann"].joining += 1
    hub.remove(other)
    hub.remove(other)
    assert list(hub.channels) == ["ann"]
    hub.channels["ann"].joining -= 1
    hub.release(hub.channels["ann"])
    assert not hub.channels


def test_channel_that_was_replaced_is_not_released_in_its_stead() -> None:
    hub = make_hub()
    old = hub.channel("ann")
    hub.release(old)
    new = hub.channel("ann")
    assert new is not old
    hub.release(old)
    assert hub.channels == {"ann": new}
