"""Counts: each event leads to the next, and none is ever changed."""

from __future__ import annotations

from lumen_notify.deliver.frames import frame_of
from lumen_notify.deliver.frames.count_shape import MAX_SHARED_SHAPES, CountShape, SharedShapes
from lumen_notify.model import Counts

from .events import event


def test_counts_follow_the_events() -> None:
    later = [
        frame_of(event(category="like"), "e"),
        frame_of(event(category="follow"), "e"),
        frame_of(event("read", categories={"follow": 4}, rooms={"r": 2}), "e"),
        frame_of(event(category="like"), "e"),
    ]
    before = Counts({"like": 3}, {})
    told = []
    counters = before
    for frame in later:
        counters, _ = frame.apply(counters, "ann")
        told.append(counters.as_fields())
    assert told[1] == {
        "unread_count": 5,
        "unread": {"categories": {"like": 4, "follow": 1}, "rooms": {}},
    }
    assert told[-1] == {
        "unread_count": 7,
        "unread": {"categories": {"follow": 4, "like": 1}, "rooms": {"r": 2}},
    }
    assert before.categories == {"like": 3}, "what was counted is left as it is"


def test_zeros_are_left_out_on_the_wire() -> None:
    unread = Counts({"like": 1}, {"a": 0, "b": 2}).with_fewer({"like": 1}).as_fields()
    assert unread == {"unread_count": 2, "unread": {"categories": {}, "rooms": {"b": 2}}}


def spread(*rooms: str, **categories: int) -> CountShape:
    return CountShape.of(Counts(categories, dict.fromkeys(rooms, 2), since=dict.fromkeys(rooms, 1)))


def test_shape_and_total_give_the_counts_back() -> None:
    for categories in ({}, {"like": 3}, {"like": 3, "follow": 3, "news": 1}):
        before = Counts(categories, {"r": 2}, frozenset({"noise"}), {"r": 1})
        after = CountShape.of(before).counts(before.total)
        assert after.as_fields() == before.as_fields()
        assert (after.silent, after.since) == (before.silent, before.since)


def test_users_with_equal_shapes_share_one_object() -> None:
    spreads = SharedShapes()
    assert spreads.shared(spread(like=2)) is spreads.shared(spread(like=7))
    assert spreads.shared(spread(like=2, follow=1)) is spreads.shared(spread(follow=1, like=9))
    assert spreads.shared(spread(like=2)) is not spreads.shared(spread(follow=2))
    assert spreads.shared(spread(like=3, follow=1)) is not spreads.shared(spread(like=3, follow=2))
    assert spreads.shared(spread("r")) is not spreads.shared(spread("r"))
    for number in range(MAX_SHARED_SHAPES + 10):
        spreads.shared(spread(like=number + 2, follow=number + 1))
    assert len(spreads._shapes) <= MAX_SHARED_SHAPES
