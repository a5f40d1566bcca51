"""Events: what is written is read back, and what a newer version writes harms nobody."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumen_notify.model import EVERYONE, Audience, Counts, Event, to_json
from lumen_notify.model.events import (
    PAYLOADS,
    CategoriesChanged,
    CountsPayload,
    DigestDelivered,
    MembersChanged,
    MessageDeleted,
    MessageEdited,
    MessageSent,
    NotificationPublished,
    NotificationsArchived,
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
    UnknownEvent,
    decode,
)

COUNTS = Counts({"like": 2}, {"tea": 1}, frozenset({"noise"}), {"tea": 4})
AUDIENCES = {"user": Audience.user("ann"), "room": Audience.room("tea"), "all": EVERYONE}

EXAMPLES: list[Payload] = [
    NotificationPublished(notification='{"id":"n1"}'),
    NotificationUpdated.of(COUNTS, {"id": "n1"}),
    DigestDelivered.of(COUNTS, {"items": [{"id": "n1"}]}),
    NotificationsRead.of(COUNTS, {"ids": ["n1"]}),
    NotificationsSeen.of(COUNTS, {"all": True}),
    NotificationsUnread.of(COUNTS, {"category": "like"}),
    NotificationsArchived.of(COUNTS, {"up_to": 7}),
    NotificationsUnarchived.of(COUNTS, {"ids": []}),
    NotificationsRemoved.of(COUNTS, {"ids": ["n1"]}),
    SharedNotificationsRemoved.of([("n1", "like", 3)]),
    PreferencesChanged.of(COUNTS, {"digest": {"minutes": 5}}),
    CategoriesChanged(data={"categories": ["like"]}),
    SessionsRevoked(data={}),
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
]


def event(kind: str, audience: str, body: str, category: str | None = "like") -> Event:
    return Event(
        position=7, audience=Audience(audience), kind=kind, category=category, body=body, created_at=0
    )


def test_there_is_an_example_of_each_kind() -> None:
    assert {type(example) for example in EXAMPLES} == set(PAYLOADS)


@pytest.mark.parametrize("payload", EXAMPLES, ids=lambda one: type(one).__name__)
def test_what_is_encoded_is_decoded(payload: Payload) -> None:
    for scope in payload.scopes:
        assert decode(event(payload.kind, AUDIENCES[scope], payload.encode())) == payload
    for other in AUDIENCES.keys() - set(payload.scopes):
        with pytest.raises(UnknownEvent):
            decode(event(payload.kind, AUDIENCES[other], payload.encode()))


@pytest.mark.parametrize("payload", EXAMPLES, ids=lambda one: type(one).__name__)
def test_field_that_a_newer_version_adds_is_no_obstacle(payload: Payload) -> None:
    body = json.loads(payload.encode()) | {"added": [1, {"x": None}]}
    assert isinstance(decode(event(payload.kind, AUDIENCES[payload.scopes[0]], to_json(body))), type(payload))


def test_what_a_newer_version_adds_to_the_data_reaches_the_client() -> None:
    left = RoomLeft.of(COUNTS, {"room_id": "tea", "since": 4, "reason": "left", "by": None})
    body = json.loads(left.encode())
    body["data"]["note"] = "bye"
    decoded = decode(event("left", "user:ann", to_json(body)))
    assert isinstance(decoded, CountsPayload)
    assert decoded.data["note"] == "bye"


def test_events_of_an_older_version_are_read() -> None:
    sent = MessageSent(sender_id="ann", message='{"id":"m1"}')
    assert decode(event("message", "room:tea", sent.encode())) == sent
    body = '{"sender_id":"ann","but_for":"bob","data":{"id":"m1"}}'
    expected = MessageSent(sender_id="ann", message='{"id":"m1"}', exclude_user_id="bob")
    assert decode(event("message", "room:tea", body)) == expected
    older = decode(event("read", "user:ann", '{"data":{},"categories":{"like":1},"rooms":{}}'))
    assert older == NotificationsRead(data={}, categories={"like": 1}, rooms={}, silent=None)


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
def test_what_is_too_deep_or_no_json_is_unknown(inner: str) -> None:
    for kind, audience in (("message", "room:tea"), ("left", "user:ann")):
        with pytest.raises(UnknownEvent):
            decode(event(kind, audience, f'{{"sender_id":"ann","data":{{"x":{inner}}}}}'))


kinds = st.sampled_from([payload.kind for payload in PAYLOADS]) | st.text(max_size=12)
audiences = st.sampled_from(["user:ann", "room:tea", "all", "topic:x"]) | st.text(max_size=8)
values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["data", "ids", "gone", "categories", "rooms", "silent", "sender_id", "x"]), inner
        )
    ),
    max_leaves=10,
)


@given(kind=kinds, audience=audiences, body=st.text(max_size=20) | values.map(to_json))
def test_reading_fails_in_no_other_way_than_one(kind: str, audience: str, body: str) -> None:
    try:
        payload = decode(event(kind, audience, body))
    except UnknownEvent:
        return
    assert payload.kind == kind
