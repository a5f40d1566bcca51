"""Counts: one user's unread numbers.

This type is used everywhere: the database query returns it (`commit/counts`), events state it
(`model/events`), channels update it from the log (`deliver/channel`), and `as_fields` renders it for clients.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lumen_notify.model.cursor import Cursor
from lumen_notify.model.value import value

NO_ROOMS: Mapping[str, int] = {}
"""The rooms of a user who is in none: one object for all such users, which are most."""


class Counts:
    """The unread numbers of one user. Immutable: each event that changes it leads to a new object.

    categories: unread notifications by category, without zeros and without silenced categories. rooms: unread
    messages by id of each room that the user is in, zeros included. silent: the categories that the user has
    silenced. since: by room, the position at which the user joined. total: of all categories and rooms.
    """

    __slots__ = ("categories", "rooms", "silent", "since", "total")

    def __init__(
        self,
        categories: Mapping[str, int],
        rooms: Mapping[str, int] = NO_ROOMS,
        silent: frozenset[str] = frozenset(),
        since: Mapping[str, int] = NO_ROOMS,
        total: int | None = None,
    ) -> None:
        self.categories = categories
        self.rooms = rooms
        self.silent = silent
        self.since = since
        self.total = sum(categories.values()) + sum(rooms.values()) if total is None else total

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Counts) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self.total)

    def __repr__(self) -> str:
        return f"Counts({self.categories!r}, {self.rooms!r}, {set(self.silent)!r}, {self.since!r})"

    def with_one_more(self, category: str) -> Counts:
        """Return the counts after one more notification of a category."""
        more = {**self.categories, category: self.categories.get(category, 0) + 1}
        return Counts(more, self.rooms, self.silent, self.since, self.total + 1)

    def with_fewer(self, fewer: Mapping[str, int]) -> Counts:
        """Return the counts after notifications were removed. fewer: how many unread ones, by category."""
        left = {name: number - fewer.get(name, 0) for name, number in self.categories.items()}
        return Counts(
            {n: number for n, number in left.items() if number}, self.rooms, self.silent, self.since
        )

    def with_room(self, room_id: str, unread: int) -> Counts:
        """Return the counts with another number for a room that the user is in."""
        total = self.total - self.rooms[room_id] + unread
        return Counts(self.categories, {**self.rooms, room_id: unread}, self.silent, self.since, total)

    def without_later_rooms(self, position: int) -> Counts:
        """Return the counts without the rooms that the user joins after a position."""
        rooms = {room: unread for room, unread in self.rooms.items() if self.since[room] <= position}
        return Counts(self.categories, rooms, self.silent, self.since)

    def replaced(
        self,
        categories: Mapping[str, int],
        rooms: Mapping[str, int],
        silent: frozenset[str] | None,
        position: int,
    ) -> Counts:
        """Return the counts that an event at `position` states. silent: None if unchanged.

        New rooms were joined at `position`. `since` stays the same object if the rooms are the same.
        """
        since = self.since
        if since.keys() != rooms.keys():
            since = {room: since.get(room, position) for room in rooms}
        return Counts(categories, rooms, self.silent if silent is None else silent, since)

    def as_fields(self) -> dict[str, Any]:
        """Return `{unread_count, unread: {categories, rooms}}` for a client, without zeros."""
        rooms = {room: unread for room, unread in self.rooms.items() if unread}
        return {"unread_count": self.total, "unread": {"categories": self.categories, "rooms": rooms}}

    def _key(self) -> tuple[object, ...]:
        return self.categories, self.rooms, self.silent, self.since


@value
class CountsSnapshot:
    """A user's counts, and the place of the log at which they hold."""

    cursor: Cursor
    counts: Counts

    @property
    def position(self) -> int:
        """The position of the cursor."""
        return self.cursor.position
