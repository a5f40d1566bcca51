"""Stated: an event of one user says all his numbers."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumen_notify.deliver.frames import NOT_SHOWN, Stated, frame_of
from lumen_notify.deliver.frames.counters import Counters

from .events import counters, event, json_values, numbers, read_one, texts


@given(data=st.dictionaries(texts, json_values, max_size=3), categories=numbers, rooms=numbers, now=numbers)
def test_no_mark_can_break_a_frame(
    data: dict[str, Any], categories: dict[str, int], rooms: dict[str, int], now: dict[str, int]
) -> None:
    frame = frame_of(event("read", data=data, categories=categories, rooms=rooms), "epoch")
    total = sum(categories.values()) + sum(rooms.values())
    after, chunks = frame.show(counters(like=3), "ann")
    assert after.total == total
    live = read_one(chunks)
    assert (live["id"], live["event"]) == ("epoch-7", "read")
    assert json.loads(live["data"]) == {
        "unread_count": total,
        "unread": {"categories": categories, "rooms": rooms},
        "data": data,
    }
    replayed = read_one(frame.again(counters(**now), "ann"))
    assert replayed["id"] == "epoch-7"
    assert json.loads(replayed["data"]) == {
        "unread_count": sum(now.values()),
        "unread": {"categories": now, "rooms": {}},
        "data": data,
    }


def test_room_that_is_new_is_joined_there_and_the_others_stay_as_they_were() -> None:
    before = Counters({}, {"a": 1, "b": 0}, frozenset({"noise"}), {"a": 2, "b": 3})
    same, _ = frame_of(event("read", rooms={"a": 0, "b": 0}), "e").show(before, "ann")
    assert same.since is before.since
    assert same.silent == {"noise"}
    joined, _ = frame_of(event("joined", rooms={"a": 0, "c": 0}), "e").show(before, "ann")
    assert joined.since == {"a": 2, "c": 7}


def test_preferences_say_what_is_silent() -> None:
    after, _ = frame_of(event("preferences", silent=["like"]), "e").show(counters(like=1), "ann")
    assert after.silent == {"like"}
    assert after.total == 0


@pytest.mark.parametrize(("kind", "update"), [("update", {"update": True}), ("bundle", {})])
def test_content_that_states_numbers_is_a_message(kind: str, update: dict[str, Any]) -> None:
    made = event(kind, categories={"like": 2}, type="like", data={"id": "n"}, category="like")
    frame = frame_of(made, "e")
    fields = read_one(frame.show(counters(), "ann")[1])
    assert set(fields) == {"id", "data"}, "without `event:`, so that onmessage gets it"
    assert json.loads(fields["data"]) == {"type": "like", "unread_count": 2, **update, "data": {"id": "n"}}
    deaf = Counters({}, {}, frozenset({"like"}))
    assert frame.show(deaf, "ann")[1] == frame.again(deaf, "ann") == NOT_SHOWN


def test_room_that_was_left_is_known_with_its_time() -> None:
    frame = frame_of(event("left", data={"room_id": "r", "since": 3}), "e")
    assert isinstance(frame, Stated)
    assert (frame.left, frame.is_recount) == (("r", 3), True)
