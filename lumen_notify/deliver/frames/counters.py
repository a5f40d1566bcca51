"""Counters: one user's unread numbers at one position of the log, and what he wants to hear of.

Never changed in place: each event that concerns him leads to the next. What many users have in common
(`Spread`) they share, and a broadcast works out what follows from it once for all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lumen_notify.model import Counts

MAX_SHARED = 1024
"""Different spreads that are remembered to be shared by users who come."""


NOWHERE: Mapping[str, int] = {}
"""No numbers, as of the rooms of whoever is in none: one for all, since most are."""


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


class Spread:
    """Counters without their total: how it is spread over categories and rooms.

    rest: the category that has what is left of a total, empty while there is none; others: number by
    category, of the other ones; fixed: what is not the rest's. So most users share one, and are told apart
    by a number: a channel keeps these two instead of counters, in a quarter of the memory.
    """

    __slots__ = ("fixed", "others", "rest", "rooms", "silent", "since")

    def __init__(
        self,
        rest: str,
        others: Mapping[str, int],
        rooms: Mapping[str, int],
        silent: frozenset[str],
        since: Mapping[str, int],
    ) -> None:
        self.rest = rest
        self.others = others
        self.rooms = rooms
        self.silent = silent
        self.since = since
        self.fixed = sum(others.values()) + sum(rooms.values())

    @classmethod
    def of(cls, counters: Counters) -> Spread:
        """Take the total off."""
        numbers = counters.categories
        rest = max(numbers, key=lambda name: (numbers[name], name), default="")
        others = {name: number for name, number in numbers.items() if name != rest}
        return cls(rest, others or NOWHERE, counters.rooms, counters.silent, counters.since)

    def counters(self, total: int) -> Counters:
        """Put a total in again."""
        left = total - self.fixed
        categories = {**self.others, self.rest: left} if left else self.others
        return Counters(categories, self.rooms, self.silent, self.since, total)

    def with_one_more(self, category: str) -> Spread | None:
        """One more is unread of a category, and in total; None if it is silenced."""
        if category in self.silent:
            return None
        if category == self.rest:
            return self
        if not self.rest:
            return Spread(category, self.others, self.rooms, self.silent, self.since)
        others = {**self.others, category: self.others.get(category, 0) + 1}
        return Spread(self.rest, others, self.rooms, self.silent, self.since)


class SharedSpreads:
    """Gives users whose totals are spread alike the same spread. Those with rooms are too different."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, frozenset[tuple[str, int]], frozenset[str]], Spread] = {}

    def shared(self, spread: Spread) -> Spread:
        """Return one like this."""
        if spread.rooms:
            return spread
        if len(self._known) >= MAX_SHARED:
            self._known.clear()
        return self._known.setdefault((spread.rest, frozenset(spread.others.items()), spread.silent), spread)


NOTHING_UNREAD = Spread("", NOWHERE, NOWHERE, frozenset(), NOWHERE)
"""Of a channel that has no stream yet."""
