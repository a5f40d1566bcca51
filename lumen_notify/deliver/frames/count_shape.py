"""Count shape: how a user's unread total is spread over categories and rooms.

Most users have unread numbers that differ only in their total. They share one `CountShape`, and each channel
keeps that reference and its own total instead of a `Counts`: this takes a quarter of the memory, and a
broadcast computes the next shape once for all of them.

A shape has one main category. Its number is the total minus all other numbers, so one more of the main
category changes the total alone:

    Counts({"like": 7, "comment": 2})  =  CountShape(main "like", others {"comment": 2})  +  total 9
"""

from __future__ import annotations

from collections.abc import Mapping

from lumen_notify.model import Counts
from lumen_notify.model.counts import NO_ROOMS

MAX_SHARED_SHAPES = 1024
"""Different shapes that are kept to be shared by the users who connect."""


class CountShape:
    """Counts without their total. Immutable.

    main: the category whose number is the rest of the total; empty if no category has any. others: number by
    category, of the others. fixed: the sum of all numbers but that of `main`. rooms, silent, since: as in
    `Counts`.
    """

    __slots__ = ("fixed", "main", "others", "rooms", "silent", "since")

    def __init__(
        self,
        main: str,
        others: Mapping[str, int],
        rooms: Mapping[str, int],
        silent: frozenset[str],
        since: Mapping[str, int],
    ) -> None:
        self.main = main
        self.others = others
        self.rooms = rooms
        self.silent = silent
        self.since = since
        self.fixed = sum(others.values()) + sum(rooms.values())

    @classmethod
    def of(cls, counts: Counts) -> CountShape:
        """Return the shape of counts: the category with the largest number is the main one."""
        numbers = counts.categories
        main = max(numbers, key=lambda name: (numbers[name], name), default="")
        others = {name: number for name, number in numbers.items() if name != main}
        return cls(main, others or NO_ROOMS, counts.rooms, counts.silent, counts.since)

    def counts(self, total: int) -> Counts:
        """Return the counts of this shape with a total."""
        left = total - self.fixed
        categories = {**self.others, self.main: left} if left else self.others
        return Counts(categories, self.rooms, self.silent, self.since, total)

    def with_one_more(self, category: str) -> CountShape | None:
        """Return the shape after one more of a category, and one more in total; None if it is silenced."""
        if category in self.silent:
            return None
        if category == self.main:
            return self
        if not self.main:
            return CountShape(category, self.others, self.rooms, self.silent, self.since)
        others = {**self.others, category: self.others.get(category, 0) + 1}
        return CountShape(self.main, others, self.rooms, self.silent, self.since)


class SharedShapes:
    """Gives users with the same shape the same object. Users in rooms differ too much to share."""

    def __init__(self) -> None:
        self._shapes: dict[tuple[str, frozenset[tuple[str, int]], frozenset[str]], CountShape] = {}

    def shared(self, shape: CountShape) -> CountShape:
        """Return the shared object that equals this shape."""
        if shape.rooms:
            return shape
        if len(self._shapes) >= MAX_SHARED_SHAPES:
            self._shapes.clear()
        return self._shapes.setdefault((shape.main, frozenset(shape.others.items()), shape.silent), shape)


NOTHING_UNREAD = CountShape("", NO_ROOMS, NO_ROOMS, frozenset(), NO_ROOMS)
"""The shape of a channel that has no stream yet."""
