"""Examples: one payload of each kind, and events that carry a body."""

from __future__ import annotations

import json
from typing import Any

from lumen_notify.model import EVERYONE, LIST, NOBODY, Audience, Counts, Event, to_json
from lumen_notify.model.events import (
    CategoriesChanged,
    DigestDelivered,
    EventsRewritten,
    MembersChanged,
    MessageDeleted,
    MessageEdited,
    MessageSent,
    NotificationEdited,
    NotificationPublished,
    NotificationsArchived,
    NotificationsDeleted,
    NotificationsRead,
    NotificationsRemoved,
    NotificationsSeen,
    NotificationsUnarchived,
    NotificationsUnread,
    NotificationUpdated,
    Payload,
    PreferencesChanged,
    RoomChanged,
    RoomJoined,
    RoomLeft,
    RoomRead,
    SessionsRevoked,
    SharedNotificationsRemoved,
    StreamsEnded,
    decode,
)

COUNTS = Counts({"like": 2}, {"tea": 1}, frozenset({"noise"}), {"tea": 4})
STORED_COUNTS = {"categories": {"like": 2}, "rooms": {"tea": 1}, "silent": ["noise"]}
"""What COUNTS are in a stored body."""

AUDIENCES = {
    "user": Audience.user("ann"),
    "room": Audience.room("tea"),
    "all": EVERYONE,
    "list": LIST,
    "nobody": NOBODY,
}

EXAMPLES: list[Payload] = [
    NotificationPublished(notification='{"id":"n1"}'),
    NotificationUpdated.of(COUNTS, {"id": "n1"}),
    NotificationEdited(data={"id": "n1"}),
    DigestDelivered.of(COUNTS, {"items": [{"id": "n1"}]}),
    NotificationsRead.of(COUNTS, {"ids": ["n1"]}),
    NotificationsSeen.of(COUNTS, {"all": True}),
    NotificationsUnread.of(COUNTS, {"category": "like"}),
    NotificationsArchived.of(COUNTS, {"up_to": 7}),
    NotificationsUnarchived.of(COUNTS, {"ids": []}),
    NotificationsDeleted.of(COUNTS, {"all": True}),
    NotificationsRemoved.of(COUNTS, {"ids": ["n1"]}),
    SharedNotificationsRemoved.of([("n1", "like", 3)]),
    PreferencesChanged.of(COUNTS, {"digest": {"minutes": 5}}),
    CategoriesChanged(data={"categories": ["like"]}),
    SessionsRevoked(data={}),
    StreamsEnded(data={"ids": ["s1"]}),
    RoomJoined.of(COUNTS, {"room_id": "tea", "role": "owner", "kind": "public", "title": None, "by": "ann"}),
    RoomLeft.of(COUNTS, {"room_id": "tea", "since": 4, "reason": "deleted", "by": None}),
    RoomChanged(data={"room_id": "tea", "title": "Tea", "by": "ann"}),
    MembersChanged(
        data={
            "room_id": "tea",
            "change": "joined",
            "members": [{"user_id": "bob", "role": None}],
            "changed": 1,
            "members_count": 2,
            "by": "ann",
        }
    ),
    MessageSent(sender_id="ann", message='{"id":"m1"}', exclude_user_id="bob"),
    MessageEdited(data={"id": "m1"}),
    MessageDeleted(data={"id": "m1"}),
    RoomRead(
        user_id="ann",
        unread=0,
        data={"room_id": "tea", "user_id": "ann", "from_seq": 1, "up_to": 2, "ids": ["m1"]},
    ),
    EventsRewritten(positions=[3, 4]),
]


def event(kind: str, audience: str, body: str, category: str | None = "like") -> Event:
    """Make an event as the log returns it."""
    return Event(
        position=7, audience=Audience(audience), kind=kind, category=category, body=body, created_at=0
    )


def assert_stored_as(kind: type[Payload], body: dict[str, Any]) -> None:
    """Assert that the example of a kind is stored as this JSON, and that this JSON is read as the example."""
    (example,) = (payload for payload in EXAMPLES if type(payload) is kind)
    assert json.loads(example.encode()) == body
    for scope in kind.scopes:
        assert decode(event(kind.kind, AUDIENCES[scope], to_json(body))) == example
