"""Counts: the unread numbers of one user."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from lumen_notify.model.value import value


@value
class Counts:
    """One user's unread numbers at one position of the log.

    categories: number by name, without zeros and without those that he has silenced. rooms: number by
    id, of every room that he is in. The total is the sum of both. silent: the categories that he has
    silenced. since: of each room, the position at which he joined.
    """

    position: int
    categories: Mapping[str, int]
    rooms: Mapping[str, int]
    silent: frozenset[str] = frozenset()
    since: Mapping[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """All that is unread."""
        return sum(self.categories.values()) + sum(self.rooms.values())
