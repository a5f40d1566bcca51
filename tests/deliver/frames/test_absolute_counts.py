"""AbsoluteCountsFrame: an event of one user states all their counts."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumen_notify.deliver.frames import NOT_SHOWN, AbsoluteCountsFrame, frame_of
from lumen_notify.model import Counts
from lumen_notify.model.shared_text import SharedText

from .events import ID, counters, event, json_values, numbers, read_one, texts


@given(data=st.dictionaries(texts, json_values, max_size=3), categories=numbers, rooms=numbers, now=numbers)
def test_no_mark_can_break_a_frame(
    data: dict[str, Any], categories: dict[str, int], rooms: dict[str, int], now: dict[str, int]
) -> None:
    frame = frame_of(event("read", data=data, categories=categories, rooms=rooms), "epoch")
    total = sum(categories.values()) + sum(rooms.values())
    after, chunks = frame.apply(counters(like=3), "ann")
    assert after.total == total
    live = read_one(chunks)
    assert (live["id"], live["event"]) == (ID, "read")
    assert json.loads(live["data"]) == {
        "unread_count": total,
        "unread": {"categories": categories, "rooms": rooms},
        "data": data,
    }
    replayed = read_one(frame.render_replay(counters(**now), "ann"))
    assert replayed["id"] == ID
    assert json.loads(replayed["data"]) == {
        "unread_count": sum(now.values()),
        "unread": {"categories": now, "rooms": {}},
        "data": data,
    }


JOINED = {"room_id": "c", "role": "member", "kind": "public", "title": None, "by": "ann"}


def test_new_room_is_joined_at_the_position_of_the_event() -> None:
    before = Counts({}, {"a": 1, "b": 0}, frozenset({"noise"}), {"a": 2, "b": 3})
    same, _ = frame_of(event("read", rooms={"a": 0, "b": 0}), "e").apply(before, "ann")
    assert same.since is before.since
    assert same.silent == {"noise"}
    joined, _ = frame_of(event("joined", data=JOINED, rooms={"a": 0, "c": 0}), "e").apply(before, "ann")
    assert joined.since == {"a": 2, "c": 7}


def test_preferences_state_the_silenced_categories() -> None:
    after, _ = frame_of(event("preferences", silent=["like"]), "e").apply(counters(like=1), "ann")
    assert after.silent == {"like"}
    assert after.total == 0


@pytest.mark.parametrize(
    ("kind", "shown", "data"),
    [
        ("update", {"type": "like", "update": True}, {"id": "n"}),
        ("bundle", {"type": "bundle"}, {"items": [{"id": "n"}]}),
    ],
)
def test_update_and_digest_are_messages_without_an_event_name(
    kind: str, shown: dict[str, Any], data: dict[str, Any]
) -> None:
    made = event(kind, categories={"like": 2}, data=data, category="like")
    frame = frame_of(made, "e")
    fields = read_one(frame.apply(counters(), "ann")[1])
    assert set(fields) == {"id", "data"}, "without `event:`, so that onmessage gets it"
    assert json.loads(fields["data"]) == {**shown, "unread_count": 2, "data": data}
    deaf = Counts({}, {}, frozenset({"like"}))
    assert frame.apply(deaf, "ann")[1] == frame.render_replay(deaf, "ann") == NOT_SHOWN


def test_left_room_is_known_with_its_join_position() -> None:
    frame = frame_of(event("left", data={"room_id": "r", "since": 3, "reason": "left", "by": "ann"}), "e")
    assert isinstance(frame, AbsoluteCountsFrame)
    assert (frame.left, frame.requires_recount) == (("r", 3), True)


TEXT = SharedText(id="t", text='"sender":{"id":"bob"},"content":"\u2028 hi"')
OWN = {"id": "n", "category": "like", "text_id": "t", "created_at": "now"}
WHOLE = {"id": "n", "category": "like", "sender": {"id": "bob"}, "content": "\u2028 hi", "created_at": "now"}
OTHER = {"id": "o", "category": "like", "content": "other", "data": {"text_id": "t"}}


@pytest.mark.parametrize(
    ("kind", "own", "whole"),
    [
        ("update", OWN, WHOLE),
        ("bundle", {"items": [OWN, OTHER, OWN]}, {"items": [WHOLE, OTHER, WHOLE]}),
        ("bundle", {"items": [OTHER]}, {"items": [OTHER]}),
    ],
)
def test_shared_text_is_shown_in_its_place(kind: str, own: Any, whole: Any) -> None:
    frames = [
        frame_of(replace(event(kind, data=data, category="like"), shared=shared), "epoch")
        for data, shared in ((own, (TEXT,)), (whole, ()))
    ]
    assert frames[0].size_bytes == frames[1].size_bytes
    shown = [frame.apply(counters(like=3), "ann") for frame in frames]
    assert shown[0] == shown[1]
    assert json.loads(read_one(shown[0][1])["data"])["data"] == whole
