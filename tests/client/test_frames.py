"""Frames: each kind of frame has its class, and no frame stops a stream."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumen_notify.client import (
    CaughtUpFrame,
    ClosingFrame,
    DigestFrame,
    ExpiringFrame,
    Frame,
    MarkFrame,
    MessageFrame,
    NotificationFrame,
    ReadyFrame,
    RemovalFrame,
    ResetFrame,
    RoomReadFrame,
)
from lumen_notify.client.frames import _MAKERS, frame_of, parse_document

NOTIFICATION = {
    "id": "n",
    "category": "like",
    "sender": {"id": "bob", "username": "Bob", "avatar": None},
    "content": "hi",
    "priority": "normal",
    "created_at": "2026-01-31T08:00:00.000Z",
}
COUNTED: dict[str, Any] = {"unread_count": 3, "unread": {"categories": {}, "rooms": {}}}
ROOM = {"id": "tea", "unread": 2}
READ = {"room_id": "tea", "user_id": "bob", "from_seq": 2, "up_to": 4, "ids": []}


@pytest.mark.parametrize(
    ("event", "document", "kind", "fields"),
    [
        ("message", {"unread_count": 3, "data": NOTIFICATION}, NotificationFrame, {"is_update": False}),
        ("message", {"update": True, "data": NOTIFICATION}, NotificationFrame, {"is_update": True}),
        ("message", {"unread_count": 3, "data": {"items": [NOTIFICATION]}}, DigestFrame, {}),
        ("message", {"room": ROOM, "data": {}}, MessageFrame, {"room_id": "tea", "room_unread": 2}),
        (
            "ready",
            {**COUNTED, "connection_id": "c", "recovered": True, "replayed": 2},
            ReadyFrame,
            {"recovered": True, "replayed": 2},
        ),
        (
            "ready",
            {**COUNTED, "connection_id": "c", "recovered": True, "replayed": None},
            ReadyFrame,
            {"recovered": True, "replayed": None},
        ),
        ("caught_up", {**COUNTED, "replayed": 12_345}, CaughtUpFrame, {"replayed": 12_345}),
        ("read", {**COUNTED, "data": {"all": True}}, MarkFrame, {"unread_count": 3}),
        ("archive", {**COUNTED, "data": {"ids": ["n"]}}, MarkFrame, {"data": {"ids": ["n"]}}),
        ("read", {"room": ROOM, "data": READ}, RoomReadFrame, {"user_id": "bob", "up_to": 4}),
        ("expire", {**COUNTED, "data": {"ids": ["n"]}}, RemovalFrame, {"ids": ("n",)}),
        ("reset", {**COUNTED, "reason": "trimmed"}, ResetFrame, {"reason": "trimmed"}),
        ("expiring", {"seconds": 60}, ExpiringFrame, {"seconds": 60, "unread_count": None}),
        ("closing", {"reason": "slow", "reconnect": True}, ClosingFrame, {"reconnect": True}),
        (
            "typing",
            {"room_id": "tea", "is_typing": True},
            Frame,
            {"data": {"room_id": "tea", "is_typing": True}},
        ),
    ],
)
def test_each_event_has_its_class(
    event: str, document: dict[str, Any], kind: type[Frame], fields: dict[str, Any]
) -> None:
    frame = frame_of(event, "e-1", document)
    assert type(frame) is kind
    assert (frame.event, frame.cursor, frame.document) == (event, "e-1", document)
    assert {name: getattr(frame, name) for name in fields} == fields


def test_an_update_and_a_digest_have_their_notifications() -> None:
    frame = frame_of("message", None, {"data": {"items": [NOTIFICATION, NOTIFICATION]}})
    assert isinstance(frame, DigestFrame)
    assert [one.id for one in frame.notifications] == ["n", "n"]


ANYTHING = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["data", "room", "items", "id", "unread_count", "reason"]), inner)
    ),
    max_leaves=8,
)


@given(event=st.sampled_from([*_MAKERS, "new"]), document=ANYTHING)
def test_a_frame_of_another_shape_is_a_plain_frame(event: str, document: Any) -> None:
    parsed = parse_document(json.dumps(document))
    frame = frame_of(event, None, parsed)
    assert frame.document == parsed
    assert isinstance(frame.data, dict)


def test_data_that_is_no_object_is_text() -> None:
    assert parse_document("[1]") == {"text": "[1]"}
    assert parse_document("not JSON") == {"text": "not JSON"}
