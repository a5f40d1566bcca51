"""Counters: each event leads to the next, and none is ever changed."""

from __future__ import annotations

from lumen_notify.deliver.counters import MAX_SHARED, Counters, SharedCounters
from lumen_notify.deliver.frames import frame_of
from lumen_notify.model import Counts

from .frames.events import event


def counts(**categories: int) -> Counts:
    return Counts(position=1, categories=categories, rooms={})


def test_counters_follow_the_log() -> None:
    later = [
        frame_of(event(category="like"), "e"),
        frame_of(event(category="follow"), "e"),
        frame_of(event("read", categories={"follow": 4}, rooms={"r": 2}), "e"),
        frame_of(event(category="like"), "e"),
    ]
    before = Counters({"like": 3}, {})
    told = []
    counters = before
    for frame in later:
        counters, _ = frame.show(counters, "ann")
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
    unread = Counters({"like": 1}, {"a": 0, "b": 2}).with_fewer({"like": 1}).as_fields()
    assert unread == {"unread_count": 2, "unread": {"categories": {}, "rooms": {"b": 2}}}


def test_users_with_the_same_numbers_share_them() -> None:
    shared = SharedCounters()
    assert shared.of(counts(like=2, follow=1)) is shared.of(counts(follow=1, like=2))
    assert shared.of(counts(like=2)) is not shared.of(counts(like=3))
    in_a_room = Counts(position=1, categories={}, rooms={"r": 0}, since={"r": 1})
    assert shared.of(in_a_room) is not shared.of(in_a_room)
    first = shared.of(counts())
    for number in range(MAX_SHARED + 10):
        shared.of(counts(like=number))
    assert len(shared._known) <= MAX_SHARED
    assert shared.of(counts()).as_fields() == first.as_fields()
