"""Rooms in the hub: who is in one sees what happens, with his own numbers, and nobody else does."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from clients import read_frames
from lumen_notify.commit.log import Head
from lumen_notify.deliver import hub as module
from lumen_notify.deliver.frames import SkippedFrame
from lumen_notify.deliver.frames.chunks import unchunk
from lumen_notify.deliver.hub import Hub
from lumen_notify.deliver.replay import Replay
from lumen_notify.deliver.streams.replay_reader import Missed
from lumen_notify.model import EVERYONE, Audience, Counts, Cursor, Event, to_json

from .fakes import Clock, RecordingOutlet

USERS = ("ann", "bob")
ROOMS = ("r", "q")

users = st.sampled_from(USERS)
rooms = st.sampled_from(ROOMS)


@dataclass(frozen=True)
class Happening:
    """One event, and the users to whom it is to be shown."""

    event: Event
    seen_by: frozenset[str]


def member_body(room: str) -> dict[str, Any]:
    data = {"room_id": room, "change": "joined", "members": [], "changed": 1, "members_count": 1, "by": "ann"}
    return {"data": data}


@dataclass
class Chat:
    """What the database would hold: who is in which room since when, what is unread there, and who had
    settled what."""

    log: list[Happening] = field(default_factory=list)
    since: dict[tuple[str, str], int] = field(default_factory=dict)
    unread: dict[tuple[str, str], int] = field(default_factory=dict)
    settled: dict[str, set[str]] = field(default_factory=lambda: {user: set() for user in USERS})
    live: dict[str, tuple[str, int]] = field(default_factory=dict)  # notification -> audience, position

    @property
    def position(self) -> int:
        return len(self.log)

    def members(self, room: str) -> frozenset[str]:
        return frozenset(user for user, there in self.since if there == room)

    def is_unread(self, user: str, id_: str) -> bool:
        audience, position = self.live[id_]
        if id_ in self.settled[user]:
            return False
        if audience == EVERYONE:
            return True
        return position > self.since.get((user, audience.removeprefix("room:")), 10**9)

    def counts(self, user: str) -> Counts:
        mine = {there: number for (one, there), number in self.unread.items() if one == user}
        since = {there: position for (one, there), position in self.since.items() if one == user}
        likes = sum(self.is_unread(user, id_) for id_ in self.live)
        return Counts({"like": likes} if likes else {}, mine, since=since)

    def stated(self, user: str, **data: Any) -> dict[str, Any]:
        counts = self.counts(user)
        return {"data": data, "categories": counts.categories, "rooms": counts.rooms}

    def append(self, audience: str, kind: str, body: Any, seen_by: frozenset[str]) -> None:
        event = Event(
            position=self.position + 1,
            audience=Audience(audience),
            kind=kind,
            category="like" if kind == "notification" else None,
            body=body if isinstance(body, str) else to_json(body),
            created_at=0,
        )
        self.log.append(Happening(event, seen_by))


class RoomsMachine(RuleBasedStateMachine):
    """A hub whose fan-outs yield after each channel; streams and members that come and go in between."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(module, "TURN_CHANNELS", 1)
        replay = Replay(position=0, max_events=1000)
        self.hub = Hub(epoch="e", position=0, replay=replay, clock=Clock())
        self.chat = Chat()
        self.streams: list[tuple[RecordingOutlet, int]] = []
        self.fan_out: Iterator[None] | None = None
        self.totals: dict[tuple[str, int], int] = {}

    @initialize(
        joined=st.lists(st.tuples(users, rooms), min_size=2, max_size=6), here=st.lists(users, min_size=1)
    )
    def begin_with(self, joined: list[tuple[str, str]], here: list[str]) -> None:
        for user, room in joined:
            self.join(user, room)
        self.deliver()
        for user in here:
            self.come(user)

    # What is committed.

    @rule(user=users, room=rooms)
    def join(self, user: str, room: str) -> None:
        if (user, room) in self.chat.since:
            return
        audience = Audience.room(room)
        self.chat.append(audience, "member", member_body(room), self.chat.members(room))
        self.chat.since[user, room] = self.chat.position + 1
        self.chat.unread[user, room] = 0
        body = self.chat.stated(user, room_id=room, role="member", kind="private", title=None, by=user)
        self.chat.append(Audience.user(user), "joined", body, frozenset({user}))
        self._committed()

    @precondition(lambda self: self.chat.since)
    @rule(pick=st.integers(0, 9))
    def leave(self, pick: int) -> None:
        user, room = sorted(self.chat.since)[pick % len(self.chat.since)]
        since = self.chat.since.pop((user, room))
        del self.chat.unread[user, room]
        body = self.chat.stated(user, room_id=room, since=since, reason="left", by=user)
        self.chat.append(Audience.user(user), "left", body, frozenset({user}))
        audience = Audience.room(room)
        self.chat.append(audience, "member", member_body(room), self.chat.members(room))
        self._committed()

    @precondition(lambda self: self.chat.since)
    @rule(pick=st.integers(0, 9))
    def say(self, pick: int) -> None:
        sender, room = sorted(self.chat.since)[pick % len(self.chat.since)]
        for user in self.chat.members(room):
            self.chat.unread[user, room] = 0 if user == sender else self.chat.unread[user, room] + 1
        body = {"sender_id": sender, "data": {"content": "hi"}}
        self.chat.append(Audience.room(room), "message", body, self.chat.members(room))
        self._committed()

    @precondition(lambda self: any(self.chat.unread.values()))
    @rule(pick=st.integers(0, 9))
    def read(self, pick: int) -> None:
        behind = sorted(there for there, number in self.chat.unread.items() if number)
        for reader, room in behind[pick % len(behind) :][:1]:
            self.chat.unread[reader, room] -= 1
            data = {"room_id": room, "user_id": reader, "from_seq": 1, "up_to": 1, "ids": ["m"]}
            body = {"user_id": reader, "unread": self.chat.unread[reader, room], "data": data}
            self.chat.append(Audience.room(room), "room_read", body, self.chat.members(room))
            self._committed()

    @rule(audience=st.sampled_from([EVERYONE, *map(Audience.room, ROOMS)]))
    def notify(self, audience: str) -> None:
        self.chat.live[f"n{self.chat.position + 1}"] = (audience, self.chat.position + 1)
        self.chat.append(audience, "notification", {"content": "news"}, self._in(audience))
        self._committed()

    @rule(user=users)
    def settle_all(self, user: str) -> None:
        self.chat.settled[user] |= {id_ for id_ in self.chat.live if self.chat.is_unread(user, id_)}
        self.chat.append(Audience.user(user), "read", self.chat.stated(user), frozenset({user}))
        self._committed()

    @precondition(lambda self: self.chat.live)
    @rule(pick=st.integers(0, 20))
    def expire(self, pick: int) -> None:
        id_ = sorted(self.chat.live)[pick % len(self.chat.live)]
        audience, position = self.chat.live.pop(id_)
        body = {"data": {"ids": [id_]}, "gone": [[id_, "like", position]]}
        self.chat.append(audience, "expire", body, self._in(audience))
        self._committed()

    @rule(
        audience=st.sampled_from(["user:ann", "room:r", "all", "topic:news"]),
        kind=st.sampled_from(["presence", "left", "expire", "message", "notification"]),
        body=st.sampled_from(["", "[]", "{}", '{"data":3}', "not JSON"]),
    )
    def write_by_a_newer_version(self, audience: str, kind: str, body: str) -> None:
        """Append an event of a kind, an audience or a shape that this version does not know."""
        if kind == "notification" and body.startswith("{") and not audience.startswith("topic:"):
            return
        self.chat.append(audience, kind, body, frozenset())
        self._committed()

    def _in(self, audience: str) -> frozenset[str]:
        return frozenset(USERS) if audience == EVERYONE else self.chat.members(audience.removeprefix("room:"))

    def _committed(self) -> None:
        for user in USERS:
            self.totals[user, self.chat.position] = self.chat.counts(user).total

    # What is delivered.

    @precondition(lambda self: self.fan_out is None and self.hub.position < self.chat.position)
    @rule(most=st.integers(1, 8))
    def begin(self, most: int) -> None:
        behind = self.chat.log[self.hub.position :][:most]
        settled = {user: frozenset(self.chat.settled[user]) for user in USERS}
        self.fan_out = self.hub.fan_out([happening.event for happening in behind], settled)
        self.step()

    @rule()
    def deliver(self) -> None:
        """Deliver all there is."""
        while self.fan_out is not None or self.hub.position < self.chat.position:
            if self.fan_out is None:
                self.begin(8)
            else:
                self.step()

    @precondition(lambda self: self.fan_out is not None)
    @rule()
    def step(self) -> None:
        assert self.fan_out is not None
        if next(self.fan_out, "over") == "over":
            self.fan_out = None

    @precondition(lambda self: self.hub.position == self.chat.position)
    @rule(user=users)
    def come(self, user: str) -> None:
        outlet = RecordingOutlet(user)
        channel = self.hub.channel(user)
        self.hub.settle(channel)
        self.hub.enter(channel, outlet, self.chat.counts(user))
        self.streams.append((outlet, self.hub.position))

    @precondition(lambda self: self.streams)
    @rule(pick=st.integers(0, 9))
    def go(self, pick: int) -> None:
        outlet, _ = self.streams.pop(pick % len(self.streams))
        self.hub.remove(outlet)

    @precondition(lambda self: self.hub.position == self.chat.position)
    @rule(user=users, cursor=st.integers(0, 60))
    def resume(self, user: str, cursor: int) -> None:
        """What was missed is what would have been seen, by one who is counted now."""
        cursor = min(cursor, self.hub.position)
        missed = Missed(self.hub, NoLog(), max_bytes=10**9)
        found = asyncio.run(missed.since(Cursor("e", cursor), user, self.chat.counts(user)))
        assert found is not None
        shown = [frame.position for frame in found if not isinstance(frame, SkippedFrame)]
        assert shown == self._expected(user, cursor, self.hub.position)

    def _expected(self, user: str, after: int, up_to: int) -> list[int]:
        return [one.event.position for one in self.chat.log[after:up_to] if user in one.seen_by]

    @invariant()
    def everybody_sees_what_is_his_in_order_each_once_with_his_numbers(self) -> None:
        for outlet, entered in self.streams:
            shown = list(read_frames(unchunk(b"".join(outlet.chunks)).decode()))
            expected = self._expected(outlet.user_id, entered, self.hub.position)
            mine = [frame.position for frame in shown]
            assert mine == (expected if self.fan_out is None else expected[: len(mine)])
            for frame in shown:
                total = self.totals.get((outlet.user_id, frame.position or 0))
                if total is not None and "unread_count" in frame.data:
                    assert frame.data["unread_count"] == total

    @invariant()
    def rooms_have_the_channels_of_their_members(self) -> None:
        if self.fan_out is None and self.hub.position == self.chat.position:
            here = {outlet.user_id for outlet, _ in self.streams}
            for room in ROOMS:
                assert self.hub.width(Audience.room(room)) == len(self.chat.members(room) & here)
        if not self.streams:
            assert not self.hub._in_room

    def teardown(self) -> None:
        self.patch.undo()


class NoLog:
    """A log that is not to be read: memory has all."""

    async def head(self) -> Head:
        raise AssertionError

    async def for_audiences(self, audiences: Sequence[str], *, after: int, up_to: int) -> Sequence[Event]:
        raise AssertionError((audiences, after, up_to))


TestRooms = RoomsMachine.TestCase
TestRooms.settings = settings(max_examples=150, stateful_step_count=40)


def test_whisper_reaches_those_who_are_here_but_for_the_one_who_whispers() -> None:
    hub = Hub(epoch="e", position=0, replay=Replay(position=0, max_events=10), clock=Clock())
    outlets = {user: RecordingOutlet(user) for user in (*USERS, "eve")}
    for user, outlet in outlets.items():
        inside = {"r": 0} if user != "eve" else {}
        hub.enter(hub.channel(user), outlet, Counts({}, inside, frozenset(), dict(inside)))
    hub.whisper(Audience.room("r"), "typing", {"data": {"user_id": "ann"}}, exclude_user_id="ann")
    told = {user: unchunk(b"".join(outlet.chunks)) for user, outlet in outlets.items()}
    frame = b'event: typing\ndata: {"data":{"user_id":"ann"}}\n\n'
    assert told == {"ann": b"", "bob": frame, "eve": b""}


def test_leap_ends_all_streams_and_what_lies_between_cannot_be_resumed() -> None:
    hub = Hub(epoch="e", position=3, replay=Replay(position=3, max_events=10), clock=Clock())
    outlet = RecordingOutlet("ann")
    hub.enter(hub.channel("ann"), outlet, Counts({}, {}))
    hub.leap(9)
    assert outlet.close_reason is not None
    assert outlet.close_reason.reconnect
    assert (hub.position, hub.replay.since(8, [EVERYONE]), hub.replay.since(9, [EVERYONE])) == (9, None, [])


def test_event_that_ends_streams_ends_them_at_its_place() -> None:
    hub = Hub(epoch="e", position=0, replay=Replay(position=0, max_events=10), clock=Clock())
    outlet = RecordingOutlet("ann")
    hub.enter(hub.channel("ann"), outlet, Counts({}, {}))
    kinds = [("notification", "{}"), ("revoked", '{"data":{}}'), ("notification", "{}")]
    events = [
        Event(position=n, audience=Audience("user:ann"), kind=kind, category="like", body=body, created_at=0)
        for n, (kind, body) in enumerate(kinds, start=1)
    ]
    for _ in hub.fan_out(events):
        pass
    (frame,) = read_frames(unchunk(b"".join(outlet.chunks)).decode())
    assert frame.position == 1
    assert b"revoked" in outlet.last
    assert b'"reconnect":false' in outlet.last
