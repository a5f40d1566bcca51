"""Counts: equal by what they hold, and left as they are by what follows."""

from __future__ import annotations

from lumen_notify.model import Counts


def test_counts_are_equal_by_what_they_hold() -> None:
    one, same = (Counts({"like": 2}, {"r": 1}, frozenset({"noise"}), {"r": 5}) for _ in range(2))
    assert one == same
    assert hash(one) == hash(same)
    assert one != Counts({"like": 2}, {"r": 1}, frozenset(), {"r": 5})
    assert "'like': 2" in repr(one)


def test_rooms_joined_later_are_left_out() -> None:
    counts = Counts({"like": 2}, {"old": 1, "new": 3}, frozenset({"noise"}), {"old": 4, "new": 9})
    before = counts.without_later_rooms(4)
    assert (before.rooms, before.total, before.silent) == ({"old": 1}, 3, frozenset({"noise"}))
    assert counts.total == 6
