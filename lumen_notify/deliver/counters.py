"""Counters: one user's unread numbers at one position of the log, and what he wants to hear of.

Never changed in place: each event that concerns him leads to the next. So users with the same numbers
can share one, and a broadcast works out what follows from it once for all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lumen_notify.model import Counts

MAX_SHARED = 1024
"""Different numbers that are remembered to be shared by users who come."""


NOWHERE: Mapping[str, int] = {}
"""The rooms of whoever is in none: one for all, since most are."""


class Counters:
    """What `model.Counts` says, without its position."""

    __slots__ = ("categories", "rooms", "silent", "since", "total")

    def __init__(
        self,
        categories: Mapping[str, int],
        rooms: Mapping[str, int],
        silent: frozenset[str] = frozenset(),
        since: Mapping[str, int] | None = None,
        total: int | None = None,
    ) -> None:
        self.categories = categories
        self.rooms = rooms
        self.silent = silent
        self.since = NOWHERE if since is None else since
        self.total = sum(categories.values()) + sum(rooms.values()) if total is None else total

    @classmethod
    def of(cls, counts: Counts) -> Counters:
        """Make counters of what was read from the database."""
        return cls(counts.categories, counts.rooms or NOWHERE, counts.silent, counts.since or NOWHERE)

    def with_one_more(self, category: str) -> Counters:
        """One more is unread of a category."""
        more = {**self.categories, category: self.categories.get(category, 0) + 1}
        return Counters(more, self.rooms, self.silent, self.since, self.total + 1)

    def with_fewer(self, gone: Mapping[str, int]) -> Counters:
        """So many less are unread of some categories."""
        left = {name: number - gone.get(name, 0) for name, number in self.categories.items()}
        return Counters(
            {n: number for n, number in left.items() if number}, self.rooms, self.silent, self.since
        )

    def with_room(self, room_id: str, unread: int) -> Counters:
        """So much is unread in one room, in which the user is."""
        total = self.total - self.rooms[room_id] + unread
        return Counters(self.categories, {**self.rooms, room_id: unread}, self.silent, self.since, total)

    def as_stated(
        self,
        categories: Mapping[str, int],
        rooms: Mapping[str, int],
        silent: frozenset[str] | None,
        position: int,
    ) -> Counters:
        """Take numbers as an event at `position` states them. silent: None for as before. A room that
        is new among them has been joined there; `since` stays the same object if none is new or gone."""
        since = self.since
        if since.keys() != rooms.keys():
            since = {room: since.get(room, position) for room in rooms}
        return Counters(categories, rooms, self.silent if silent is None else silent, since)

    def as_fields(self) -> dict[str, Any]:
        """Shape for the wire: `{unread_count, unread: {categories, rooms}}`, without zeros."""
        rooms = {room: unread for room, unread in self.rooms.items() if unread}
        return {"unread_count": self.total, "unread": {"categories": self.categories, "rooms": rooms}}


class SharedCounters:
    """Gives users with the same numbers the same counters. Those with rooms are too different."""

    def __init__(self) -> None:
        self._known: dict[tuple[frozenset[tuple[str, int]], frozenset[str]], Counters] = {}

    def of(self, counts: Counts) -> Counters:
        """Make counters, or find them."""
        if counts.rooms:
            return Counters.of(counts)
        key = (frozenset(counts.categories.items()), counts.silent)
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= MAX_SHARED:
                self._known.clear()
            known = self._known[key] = Counters.of(counts)
        return known


NOTHING_UNREAD = Counters({}, NOWHERE)
"""Of a channel that has no stream yet."""
