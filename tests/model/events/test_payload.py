"""Payload: bodies are read as deep as they can be written; what a newer version adds to `data` is kept."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lumen_notify.model import Counts, to_json
from lumen_notify.model.events import (
    CountsPayload,
    MessageSent,
    NotificationsRead,
    RoomLeft,
    UnknownEvent,
    decode,
)

from .examples import COUNTS, event


def test_counts_payload_states_all_numbers_and_the_silenced_categories_in_order() -> None:
    counts = Counts({"like": 2}, {"tea": 1}, frozenset({"news", "ads"}))
    read = NotificationsRead.of(counts, {"ids": ["n1"]})
    assert (read.categories, read.rooms, read.silent) == ({"like": 2}, {"tea": 1}, ["ads", "news"])


def test_event_of_an_older_version_leaves_the_silenced_categories_as_they_are() -> None:
    older = decode(event("read", "user:ann", '{"data":{},"categories":{"like":1},"rooms":{}}'))
    assert older == NotificationsRead(data={}, categories={"like": 1}, rooms={}, silent=None)


def test_field_that_a_newer_version_adds_to_the_data_is_kept() -> None:
    left = RoomLeft.of(COUNTS, {"room_id": "tea", "since": 4, "reason": "left", "by": None})
    body = json.loads(left.encode())
    body["data"]["note"] = "bye"
    decoded = decode(event("left", "user:ann", to_json(body)))
    assert isinstance(decoded, CountsPayload)
    assert decoded.data["note"] == "bye"


def nested(depth: int) -> dict[str, Any]:
    return {"a": nested(depth - 1)} if depth > 1 else {}


def test_data_is_read_as_deep_as_it_can_be_written() -> None:
    message = to_json({"id": "m1", "data": nested(248)})
    sent = MessageSent(sender_id="ann", message=message)
    assert decode(event("message", "room:tea", sent.encode())) == sent
    left = RoomLeft.of(
        COUNTS, {"room_id": "tea", "since": 4, "reason": "left", "by": None, "note": nested(248)}
    )
    assert decode(event("left", "user:ann", left.encode())) == left


@pytest.mark.parametrize(
    "inner",
    ["[" * 300 + "]" * 300, "[" * 100_000, "[" * 210 + "]" * 210 + "}{", "[" * 210 + '"\\ud800"' + "]" * 210],
)
def test_body_that_is_too_deep_or_not_json_is_unknown(inner: str) -> None:
    for kind, audience in (("message", "room:tea"), ("left", "user:ann")):
        with pytest.raises(UnknownEvent):
            decode(event(kind, audience, f'{{"sender_id":"ann","data":{{"x":{inner}}}}}'))
