"""Rooms in the hub, against a model: members see their room's events, with their own counts; nobody else
does."""

from __future__ import annotations

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
from lumen_notify.deliver.streams.replay_reader import Page, ReplayReader
from lumen_notify.model import EVERYONE, Audience, AudienceSpan, Counts, Cursor, Event, ResetReason, to_json

from .fakes import FakeClock, RecordingConnection

USERS = ("ann", "bob")
ROOMS = ("r", "q")

users = st.sampled_from(USERS)
rooms = st.sampled_from(ROOMS)


@dataclass(frozen=True)
class ExpectedEvent:
    """One event, and the users who must see it."""

    event: Event
    seen_by: frozenset[str]


def member_body(room: str) -> dict[str, Any]:
    data = {"room_id": room, "change": "joined", "members": [], "changed": 1, "members_count": 1, "by": "ann"}
    return {"data": data}


@dataclass
class Model:
    """The state that the database would hold: members since when, unread messages, read or archived
    notifications."""

    log: list[ExpectedEvent] = field(default_factory=list)
    since: dict[tuple[str, str], int] = field(default_factory=dict)
    unread: dict[tuple[str, str], int] = field(default_factory=dict)
    read: dict[str, set[str]] = field(default_factory=lambda: {user: set() for user in USERS})
    live: dict[str, tuple[str, int]] = field(default_factory=dict)  # notification -> audience, position

    @property
    def position(self) -> int:
        return len(self.log)

    def members(self, room: str) -> frozenset[str]:
        return frozenset(user for user, there in self.since if there == room)

    def is_unread(self, user: str, id_: str) -> bool:
        audience, position = self.live[id_]
        if id_ in self.read[user]:
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
        self.log.append(ExpectedEvent(event, seen_by))


class RoomsMachine(RuleBasedStateMachine):
    """A hub whose fan-outs yield after each channel; streams open and close, members join and leave in
    between."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(module, "FAN_OUT_CHUNK", 1)
        replay = Replay(position=0, max_events=1000)
        self.hub = Hub(epoch="e", position=0, replay=replay, clock=FakeClock())
        self.model = Model()
        self.streams: list[tuple[RecordingConnection, int]] = []
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
            self.open_stream(user)

    # Commits.

    @rule(user=users, room=rooms)
    def join(self, user: str, room: str) -> None:
        if (user, room) in self.model.since:
            return
        audience = Audience.room(room)
        self.model.append(audience, "member", member_body(room), self.model.members(room))
        self.model.since[user, room] = self.model.position + 1
        self.model.unread[user, room] = 0
        body = self.model.stated(user, room_id=room, role="member", kind="private", title=None, by=user)
        self.model.append(Audience.user(user), "joined", body, frozenset({user}))
        self._committed()

    @precondition(lambda self: self.model.since)
    @rule(pick=st.integers(0, 9))
    def leave(self, pick: int) -> None:
        user, room = sorted(self.model.since)[pick % len(self.model.since)]
        since = self.model.since.pop((user, room))
        del self.model.unread[user, room]
        body = self.model.stated(user, room_id=room, since=since, reason="left", by=user)
        self.model.append(Audience.user(user), "left", body, frozenset({user}))
        audience = Audience.room(room)
        self.model.append(audience, "member", member_body(room), self.model.members(room))
        self._committed()

    @precondition(lambda self: self.model.since)
    @rule(pick=st.integers(0, 9))
    def send_message(self, pick: int) -> None:
        sender, room = sorted(self.model.since)[pick % len(self.model.since)]
        for user in self.model.members(room):
            self.model.unread[user, room] = 0 if user == sender else self.model.unread[user, room] + 1
        body = {"sender_id": sender, "data": {"content": "hi"}}
        self.model.append(Audience.room(room), "message", body, self.model.members(room))
        self._committed()

    @precondition(lambda self: any(self.model.unread.values()))
    @rule(pick=st.integers(0, 9))
    def read(self, pick: int) -> None:
        behind = sorted(there for there, number in self.model.unread.items() if number)
        for reader, room in behind[pick % len(behind) :][:1]:
            self.model.unread[reader, room] -= 1
            data = {"room_id": room, "user_id": reader, "from_seq": 1, "up_to": 1, "ids": ["m"]}
            body = {"user_id": reader, "unread": self.model.unread[reader, room], "data": data}
            self.model.append(Audience.room(room), "room_read", body, self.model.members(room))
            self._committed()

    @rule(audience=st.sampled_from([EVERYONE, *map(Audience.room, ROOMS)]))
    def notify(self, audience: str) -> None:
        self.model.live[f"n{self.model.position + 1}"] = (audience, self.model.position + 1)
        self.model.append(audience, "notification", {"content": "news"}, self._in(audience))
        self._committed()

    @rule(user=users)
    def settle_all(self, user: str) -> None:
        self.model.read[user] |= {id_ for id_ in self.model.live if self.model.is_unread(user, id_)}
        self.model.append(Audience.user(user), "read", self.model.stated(user), frozenset({user}))
        self._committed()

    @precondition(lambda self: self.model.live)
    @rule(pick=st.integers(0, 20))
    def expire(self, pick: int) -> None:
        id_ = sorted(self.model.live)[pick % len(self.model.live)]
        audience, position = self.model.live.pop(id_)
        body = {"data": {"ids": [id_]}, "gone": [[id_, "like", position]]}
        self.model.append(audience, "expire", body, self._in(audience))
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
        self.model.append(audience, kind, body, frozenset())
        self._committed()

    def _in(self, audience: str) -> frozenset[str]:
        return (
            frozenset(USERS) if audience == EVERYONE else self.model.members(audience.removeprefix("room:"))
        )

    def _committed(self) -> None:
        for user in USERS:
            self.totals[user, self.model.position] = self.model.counts(user).total

    # Deliveries.

    @precondition(lambda self: self.fan_out is None and self.hub.position < self.model.position)
    @rule(most=st.integers(1, 8))
    def begin(self, most: int) -> None:
        behind = self.model.log[self.hub.position :][:most]
        readers = {user: frozenset(self.model.read[user]) for user in USERS}
        self.fan_out = self.hub.fan_out([expected.event for expected in behind], readers)
        self.step()

    @rule()
    def deliver(self) -> None:
        """Deliver all events."""
        while self.fan_out is not None or self.hub.position < self.model.position:
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

    @precondition(lambda self: self.hub.position == self.model.position)
    @rule(user=users)
    def open_stream(self, user: str) -> None:
        connection = RecordingConnection(user)
        channel = self.hub.get_channel(user)
        self.hub.catch_up(channel)
        self.hub.add(channel, connection, self.model.counts(user))
        self.streams.append((connection, self.hub.position))

    @precondition(lambda self: self.streams)
    @rule(pick=st.integers(0, 9))
    def close_stream(self, pick: int) -> None:
        connection, _ = self.streams.pop(pick % len(self.streams))
        self.hub.remove(connection)

    @precondition(lambda self: self.hub.position == self.model.position)
    @rule(user=users, cursor=st.integers(0, 60))
    def resume(self, user: str, cursor: int) -> None:
        """A replay contains the events that an open stream would have got."""
        cursor = min(cursor, self.hub.position)
        page = ReplayReader(self.hub, NoLog()).in_memory(Cursor("e", cursor), user, self.model.counts(user))
        assert isinstance(page, Page)
        assert page.is_last
        shown = [frame.position for frame in page.frames if not isinstance(frame, SkippedFrame)]
        assert shown == self._expected(user, cursor, self.hub.position)

    def _expected(self, user: str, after: int, up_to: int) -> list[int]:
        return [one.event.position for one in self.model.log[after:up_to] if user in one.seen_by]

    @invariant()
    def all_users_see_their_events_in_order_each_once_with_their_counts(self) -> None:
        for connection, entered in self.streams:
            shown = list(read_frames(unchunk(b"".join(connection.chunks)).decode()))
            expected = self._expected(connection.user_id, entered, self.hub.position)
            mine = [frame.position for frame in shown]
            assert mine == (expected if self.fan_out is None else expected[: len(mine)])
            for frame in shown:
                total = self.totals.get((connection.user_id, frame.position or 0))
                if total is not None and "unread_count" in frame.data:
                    assert frame.data["unread_count"] == total

    @invariant()
    def rooms_list_the_channels_of_their_members(self) -> None:
        if self.fan_out is None and self.hub.position == self.model.position:
            here = {connection.user_id for connection, _ in self.streams}
            for room in ROOMS:
                assert self.hub.subscriber_count(Audience.room(room)) == len(self.model.members(room) & here)
        if not self.streams:
            assert not self.hub._channels_by_room

    def teardown(self) -> None:
        self.patch.undo()


class NoLog:
    """A log that must not be read: all events are in memory."""

    async def head(self) -> Head:
        raise AssertionError

    async def refusal(self, cursor: Cursor, newest: Cursor) -> ResetReason | None:
        raise AssertionError((cursor, newest))

    async def for_audiences(
        self, spans: Sequence[AudienceSpan], *, limit: int, max_characters: int
    ) -> Sequence[Event]:
        raise AssertionError((spans, limit, max_characters))

    async def count_for_audiences(self, spans: Sequence[AudienceSpan], *, limit: int) -> int:
        raise AssertionError((spans, limit))

    async def departures(self, audience: Audience, *, after: int, up_to: int) -> Sequence[Event]:
        raise AssertionError((audience, after, up_to))


TestRooms = RoomsMachine.TestCase
TestRooms.settings = settings(max_examples=150, stateful_step_count=40)
