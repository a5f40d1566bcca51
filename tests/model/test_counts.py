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


def test_changes_lead_to_another_object_and_keep_the_total_right() -> None:
    counts = Counts({"like": 2, "news": 1}, {"r": 3}, frozenset({"noise"}), {"r": 5})

    more = counts.with_one_more("follow")
    assert (more.categories, more.total) == ({"like": 2, "news": 1, "follow": 1}, 7)
    fewer = counts.with_fewer({"like": 1, "news": 1})
    assert (fewer.categories, fewer.total) == ({"like": 1}, 4)
    room = counts.with_room("r", 0)
    assert (room.rooms, room.total) == ({"r": 0}, 3)
    assert all(one.silent == counts.silent and one.since == counts.since for one in (more, fewer, room))
    assert (counts.categories, counts.rooms, counts.total) == ({"like": 2, "news": 1}, {"r": 3}, 6)


def test_stated_counts_replace_all_numbers_and_join_new_rooms_at_their_position() -> None:
    counts = Counts({"like": 2}, {"r": 3, "old": 1}, frozenset({"noise"}), {"r": 5, "old": 2})

    after = counts.replaced({"news": 1}, {"r": 0, "new": 0}, None, 9)
    assert (after.categories, after.rooms, after.total) == ({"news": 1}, {"r": 0, "new": 0}, 1)
    assert (after.since, after.silent) == ({"r": 5, "new": 9}, frozenset({"noise"}))
    same = counts.replaced({}, {"r": 0, "old": 0}, frozenset(), 9)
    assert same.since is counts.since
    assert same.silent == frozenset()


def test_clients_see_no_zeros() -> None:
    assert Counts({"like": 2}, {"r": 3, "q": 0}).as_fields() == {
        "unread_count": 5,
        "unread": {"categories": {"like": 2}, "rooms": {"r": 3}},
    }
