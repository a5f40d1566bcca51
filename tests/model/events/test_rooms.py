"""Room events: what is stored of members, titles and read marks."""

from __future__ import annotations

from typing import Any

import pytest

from lumen_notify.model import to_json
from lumen_notify.model.events import (
    PAYLOADS,
    MembersChanged,
    Payload,
    RoomChanged,
    RoomJoined,
    RoomLeft,
    RoomRead,
    decode,
)
from lumen_notify.model.events import rooms as module

from .examples import COUNTS, STORED_COUNTS, assert_stored_as, event

BODIES: dict[type[Payload], dict[str, Any]] = {
    RoomJoined: {
        "data": {"room_id": "tea", "role": "owner", "kind": "public", "title": None, "by": "ann"},
        **STORED_COUNTS,
    },
    RoomLeft: {"data": {"room_id": "tea", "since": 4, "reason": "deleted", "by": None}, **STORED_COUNTS},
    RoomChanged: {"data": {"room_id": "tea", "title": "Tea", "by": "ann"}},
    MembersChanged: {
        "data": {
            "room_id": "tea",
            "change": "joined",
            "members": [{"user_id": "bob", "role": None}],
            "changed": 1,
            "members_count": 2,
            "by": "ann",
        }
    },
    RoomRead: {
        "user_id": "ann",
        "unread": 0,
        "data": {"room_id": "tea", "user_id": "ann", "from_seq": 1, "up_to": 2, "ids": ["m1"]},
    },
}


@pytest.mark.parametrize("kind", BODIES, ids=lambda kind: kind.__name__)
def test_stored_body_stays_as_it_is(kind: type[Payload]) -> None:
    assert_stored_as(kind, BODIES[kind])


def test_each_kind_of_the_module_is_here() -> None:
    assert set(BODIES) == {kind for kind in PAYLOADS if kind.__module__ == module.__name__}


def test_direct_room_names_the_other_user() -> None:
    data = {"room_id": "d", "role": "member", "kind": "direct", "title": None, "by": "bob", "peer_id": "bob"}
    joined = RoomJoined.of(COUNTS, data)
    decoded = decode(event("joined", "user:ann", to_json(joined)))
    assert isinstance(decoded, RoomJoined)
    assert decoded.data["peer_id"] == "bob"
