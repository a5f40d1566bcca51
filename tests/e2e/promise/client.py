"""Client: one stream, with the state that it builds from the frames alone."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from clients import Api, Bell, EventStream, Frame, Item, position_of

from .room_states import RoomStates


@dataclass(slots=True)
class State:
    """The state of a client. silent: the categories that are neither counted nor streamed, as last
    fetched."""

    bell: Bell
    room_states: RoomStates
    silent: frozenset[str] = frozenset()

    def copied(self) -> State:
        return State(self.bell.copied(), self.room_states.copied(), self.silent)

    def recount(self) -> dict[str, int]:
        """Return the unread count by category, from the items alone, without zeros."""
        return {name: number for name, number in self.bell.recount().items() if name not in self.silent}

    def leave(self, room_id: str) -> None:
        """Remove what was published to a room that the user has left."""
        for id_, item in list(self.bell.items.items()):
            if item.room_id == room_id:
                del self.bell.items[id_]

    def heard(self) -> list[tuple[str, Item]]:
        """List the items that are not silent, in order."""
        return heard(self.bell.items, self.silent)


def heard(items: Mapping[str, Item], silent: Collection[str]) -> list[tuple[str, Item]]:
    """List the items that are not silent, in order."""
    return [(id_, item) for id_, item in items.items() if item.category not in silent]


class Client:
    """One stream with its user's state. since: the position after which it must see events."""

    def __init__(self, base_url: str, user: str, state: State) -> None:
        self.base_url = base_url
        self.user = user
        self.state = state
        self.ready: Frame | None = None
        self.since = -1
        self.positions: list[int] = []
        self.newest = -1
        self.unapplied: list[Frame] = []
        self._stream: EventStream | None = None

    @property
    def bell(self) -> Bell:
        return self.state.bell

    @property
    def position(self) -> int:
        """The position up to which it has seen everything. Needs a cursor of our log."""
        assert self.bell.cursor is not None
        return position_of(self.bell.cursor)

    @property
    def stream(self) -> EventStream:
        assert self._stream is not None
        return self._stream

    async def open(self, api: Api, cursor: str | None, by: str) -> None:
        self._stream = await EventStream.open(
            self.base_url, api.token, cursor=cursor, by=by, on_frame=self._take
        )
        assert self.stream.status == 200, self.stream.headers

    def is_at(self, position: int) -> bool:
        """Return whether it has seen all its events up to a position."""
        is_replaying = math.isinf(self.bell.to_replay)
        return (
            self.ready is not None
            and not is_replaying
            and max(self.since, *self.positions[-1:], -1) >= position
        )

    def fetched(self, state: State) -> None:
        """Replace the state by a fetched one. Frames since `ready` are applied and must change nothing,
        because nothing has happened since the fetch."""
        followed = state.bell.copied()
        for frame in self.unapplied:
            followed.apply(frame)
        there = {
            id_: item
            for id_, item in followed.items.items()
            if id_ in state.bell.items or item.room_id is None
        }
        assert heard(there, state.silent) == state.heard()
        state.bell.cursor, self.state, self.unapplied = self.bell.cursor, state, []

    def _take(self, frame: Frame) -> None:
        if frame.event == "ready":
            self._begin(frame)
        if frame.event == "reset":
            assert frame.id is not None
            self.since = frame.position
        if frame.id is not None:
            # No id goes back, and none of a ping or of `ready` is ahead of what was sent.
            assert frame.position > self.newest if frame.is_durable else frame.position >= self.newest, frame
            self.newest = frame.position
        if frame.is_durable:
            self.positions.append(frame.position)
        was_replaying = self.bell.to_replay > 0
        if self.bell.must_fetch and frame.is_durable:
            self.bell.cursor = frame.id
            self.bell.to_replay = max(0, self.bell.to_replay - 1)
            self.unapplied.append(frame)
            return
        self.state.room_states.apply(frame)
        self.bell.apply(frame)
        if frame.event == "left":
            self.state.leave(frame.data["data"]["room_id"])
        if self.bell.must_fetch or not (frame.is_durable or frame.event == "caught_up"):
            return
        self._check(frame, was_replaying=was_replaying)

    def _check(self, frame: Frame, *, was_replaying: bool) -> None:
        bell = self.bell
        if was_replaying:
            assert self.ready is not None
            assert bell.unread_count == self.ready.data["unread_count"], frame
            assert bell.categories == self.ready.data["unread"]["categories"], frame
            assert bell.rooms == self.ready.data["unread"]["rooms"], frame
            if frame.is_of_room:
                room = frame.data["room"]
                assert room["unread"] == bell.rooms.get(room["id"], 0), frame
        if not bell.to_replay:
            assert bell.categories == self.state.recount(), frame
            assert bell.rooms == self.state.room_states.unread(), frame
            assert bell.unread_count == sum(bell.categories.values()) + sum(bell.rooms.values()), frame

    def _begin(self, ready: Frame) -> None:
        assert self.ready is None, "ready came twice"
        self.ready = ready
        if ready.data["recovered"]:
            assert self.bell.cursor is not None
            self.since = self.position
            assert (ready.id is None) == (ready.data["replayed"] != 0), ready
        elif ready.id is not None:
            self.since = ready.position
