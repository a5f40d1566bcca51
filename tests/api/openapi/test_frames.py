"""Frames: every event that a stream can carry has a schema, and every frame that is sent is valid by it."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Any

import httpx

from clients import MARKS, Api, EventStream, Frame, read_frames, token
from documents import check_frames, described_events, faults
from lumen_notify import Lumen
from lumen_notify.api.openapi.frames import DATA, EVENT_FRAMES
from lumen_notify.api.openapi.models import Models
from lumen_notify.deliver.frames import NOT_SHOWN, RemovedFrame, frame_of
from lumen_notify.deliver.frames.stream_end import REASONS
from lumen_notify.model import (
    EVERYONE,
    LIST,
    NOBODY,
    Audience,
    Counts,
    Event,
    events,
    new_id,
    now_ms,
    rfc3339,
    to_json,
)

COUNTS = Counts({"like": 2}, {"tea": 1}, frozenset({"noise"}), {"tea": 4})
AUDIENCES = {
    "user": Audience.user("ann"),
    "room": Audience.room("tea"),
    "all": EVERYONE,
    "list": LIST,
    "nobody": NOBODY,
}
SENDER = {"id": "bob", "username": "Bob", "avatar": None}
NOTIFICATION = {
    "id": new_id(),
    "category": "like",
    "sender": SENDER,
    "content": "hi",
    "priority": "normal",
    "created_at": rfc3339(0),
}
MESSAGE = {
    "id": new_id(),
    "room_id": "tea",
    "seq": 1,
    "sender": SENDER,
    "kind": "text",
    "content": "hi",
    "created_at": rfc3339(0),
}
CHOSEN = {"categories": {}, "rooms": {}, "quiet_hours": None, "digest": {"minutes": 5}, "presence": "shown"}
JOINED: events.rooms.JoinedData = {
    "room_id": "tea",
    "role": "owner",
    "kind": "direct",
    "title": None,
    "by": "ann",
    "peer_id": "bob",
}

EXAMPLES: list[events.Payload] = [
    events.NotificationPublished(notification=to_json(NOTIFICATION)),
    events.NotificationUpdated.of(COUNTS, NOTIFICATION),
    events.NotificationEdited(data=NOTIFICATION),
    events.DigestDelivered.of(COUNTS, {"items": [NOTIFICATION]}),
    events.NotificationsRead.of(COUNTS, {"ids": [new_id()]}),
    events.NotificationsSeen.of(COUNTS, {"all": True}),
    events.NotificationsUnread.of(COUNTS, {"category": "like"}),
    events.NotificationsArchived.of(COUNTS, {"up_to": 7}),
    events.NotificationsUnarchived.of(COUNTS, {"category": "like", "up_to": 7}),
    events.NotificationsDeleted.of(COUNTS, {"all": True}),
    events.NotificationsRemoved.of(COUNTS, {"ids": [new_id()]}),
    events.SharedNotificationsRemoved.of([(new_id(), "like", 3), (new_id(), "like", 5)]),
    events.PreferencesChanged.of(COUNTS, CHOSEN),
    events.CategoriesChanged(data={"categories": ["like"]}),
    events.SessionsRevoked(data={}),
    events.StreamsEnded(data={"ids": None}),
    events.RoomJoined.of(COUNTS, JOINED),
    events.RoomLeft.of(COUNTS, {"room_id": "tea", "since": 4, "reason": "deleted", "by": None}),
    events.RoomChanged(data={"room_id": "tea", "title": None, "by": "ann"}),
    events.MembersChanged(
        data={
            "room_id": "tea",
            "change": "removed",
            "members": [{"user_id": "bob", "role": None}, {"user_id": "eve", "role": "member"}],
            "changed": 2,
            "members_count": 1,
            "by": "ann",
        }
    ),
    events.MessageSent(sender_id="bob", message=to_json(MESSAGE)),
    events.MessageEdited(data=MESSAGE | {"edited_at": rfc3339(1)}),
    events.MessageDeleted(data=MESSAGE | {"content": "", "deleted_at": rfc3339(1), "deleted_by": "bob"}),
    events.RoomRead(
        user_id="ann",
        unread=0,
        data={"room_id": "tea", "user_id": "ann", "from_seq": 1, "up_to": 2, "ids": [new_id()]},
    ),
    events.EventsRewritten(positions=[3, 4]),
]


async def talk(http: httpx.AsyncClient) -> None:
    """Let alice and bob do all that one does in a room."""
    alice, bob = ({"Authorization": f"Bearer {token(user)}"} for user in ("alice", "bob"))
    room = "/api/v1/rooms/here"
    answers = [
        await http.post("/api/v1/rooms", headers=bob, json={"id": "there", "kind": "public"}),
        await http.post(f"{room}/messages", headers=alice, json={"content": "hi"}),
        await http.post(f"{room}/messages", headers=bob, json={"content": "hi", "mentions": ["alice"]}),
        await http.post(f"{room}/read", headers=alice, json={"up_to": 2}),
        await http.post(f"{room}/typing", headers=bob, json={"is_typing": True}),
    ]
    message = f"{room}/messages/{answers[1].json()['id']}"
    answers += [
        await http.patch(message, headers=alice, json={"content": "hello"}),
        await http.delete(message, headers=alice),
        await http.post("/api/v1/rooms", headers=alice, json={"kind": "direct", "members": ["bob"]}),
        await http.patch(room, headers=alice, json={"title": "Here"}),
        await http.patch(room, headers=alice, json={"title": None}),
        await http.post(f"{room}/members", headers=alice, json={"members": ["cyd", "dan"]}),
        await http.put(f"{room}/members/cyd", headers=alice, json={"role": "moderator"}),
        await http.put(f"{room}/bans/dan", headers=alice),
        await http.delete(f"{room}/members/bob", headers=alice),
        await http.delete(f"{room}/members/alice", headers=alice),
        await http.put("/api/v1/rooms/there/members/alice", headers=alice),
        await http.delete("/api/v1/rooms/there", headers=bob),
    ]
    assert all(answer.is_success for answer in answers), answers


async def test_every_frame_is_as_described(
    lumen: Lumen, http: httpx.AsyncClient, document: Any, closing: AsyncExitStack
) -> None:
    url = str(http.base_url)
    alice = Api(http, "alice")
    full = {"title": "t", "data": {"n": 1}, "priority": "low", "sender": {"id": "bob"}}
    await http.post("/api/v1/rooms", headers=alice._headers, json={"id": "here", "members": ["bob"]})
    stream = await EventStream.open(url, token("alice", ttl_seconds=40), cursor="nonsense")
    closing.push_async_callback(stream.close)
    await stream.wait_for_event("reset")
    for fields in ({}, full):
        body = {"to": {"user": "alice"}, "category": "like", "content": "hi", **fields}
        await alice.post("", body)
    for _ in range(2):
        merged = await alice.post(
            "", {"to": {"user": "alice"}, "category": "like", "content": "hi", "group_key": "g"}
        )
        await alice.post("/read", {"ids": [merged["id"]]})
    for selection in ({"all": True}, {"category": "like", "up_to": 2}):
        for action in ("seen", "read", "unread", "archive", "unarchive"):
            await alice.post(f"/{action}", selection)
    await talk(http)
    await alice.post(
        "",
        {"to": {"user": "alice"}, "category": "like", "content": "hi", "expires_at": rfc3339(now_ms() + 500)},
    )
    preferences = {"categories": {"like": {"muted": True}}}
    answer = await http.patch("/api/v1/preferences", json=preferences, headers=alice._headers)
    assert answer.status_code == 200
    for event in ("ping", "expiring", "archive", "preferences", "expire"):
        await stream.wait_for_event(event)
    assert lumen._services is not None
    await lumen._services.streams.drain()
    await stream.wait_for_end()

    seen = check_frames(document, stream.frames)
    in_rooms = {"message_edited", "message_deleted", "typing", "joined", "left", "member", "room"}
    assert seen == {
        "message",
        *MARKS,
        *in_rooms,
        "preferences",
        "expire",
        "ready",
        "reset",
        "ping",
        "expiring",
        "closing",
    }
    assert seen <= described_events(document).keys()
    assert any(frame.event == "message" and "update" in frame.data for frame in stream.frames)


def rendered(payload: events.Payload, scope: str) -> list[Frame]:
    """Return the frames that ann gets of an event, live and in a replay."""
    event = Event(
        position=7,
        audience=AUDIENCES[scope],
        kind=payload.kind,
        category="like" if payload.kind in ("notification", "update") else None,
        body=payload.encode(),
        created_at=0,
    )
    frame = frame_of(event, "epoch")
    if isinstance(frame, RemovedFrame):
        frame.readers = {"ann": frozenset()}
    after, chunks = frame.apply(COUNTS, "ann")
    both = (chunks, frame.render_replay(after, "ann"))
    if frame.ends is not None:
        assert both == (NOT_SHOWN, NOT_SHOWN)
        return []
    return [one for each in both for one in read_frames(each.partition(b"\r\n")[2].decode())]


def test_every_kind_of_event_has_its_frame_in_the_document(document: Any) -> None:
    in_frames = [payload for frame in EVENT_FRAMES for payload in frame.payloads]
    assert len(set(in_frames)) == len(in_frames)
    assert (
        {*in_frames, *REASONS, events.EventsRewritten}
        == set(events.PAYLOADS)
        == {type(example) for example in EXAMPLES}
    )
    assert {frame.name for frame in EVENT_FRAMES} <= document["components"]["schemas"].keys()
    assert {reason.word for reason in REASONS.values()} <= set(
        document["components"]["schemas"]["ClosingFrame"]["properties"]["reason"]["enum"]
    )


def test_data_of_all_events_of_a_frame_has_one_schema() -> None:
    models = Models(DATA.values(), {})
    for frame in EVENT_FRAMES:
        assert len({to_json(models.schema(DATA[payload])) for payload in frame.payloads}) == 1, frame.name


def test_the_frame_of_every_event_is_as_described(document: Any) -> None:
    schemas = {payload: frame.name for frame in EVENT_FRAMES for payload in frame.payloads}
    for payload in EXAMPLES:
        for scope in payload.scopes:
            frames = rendered(payload, scope)
            assert len(frames) == (0 if type(payload) in (*REASONS, events.EventsRewritten) else 2)
            for frame in frames:
                schema = {"$ref": f"#/components/schemas/{schemas[type(payload)]}"}
                assert faults(document, schema, frame.data) == [], frame
                assert faults(document, schema, {**frame.data, "added": 1}) != []
                assert check_frames(document, [frame]) == {frame.event}


def test_words_and_limits_of_data_are_described(document: Any) -> None:
    schemas = document["components"]["schemas"]
    assert schemas["JoinedData"]["properties"]["role"] == {"$ref": "#/components/schemas/Role"}
    assert schemas["JoinedData"]["properties"]["by"]["type"] == "string"
    assert "peer_id" not in schemas["JoinedData"]["required"]
    assert schemas["LeftData"]["properties"]["reason"]["enum"] == ["left", "removed", "banned", "deleted"]
    assert schemas["ReadData"]["properties"]["from_seq"]["minimum"] == 1
    for wrong in ({"change": "joins"}, {"changed": -1}, {"members": [{"user_id": "bob"}]}):
        right = {
            "room_id": "tea",
            "change": "role",
            "members": [],
            "changed": 0,
            "members_count": 1,
            "by": "a",
        }
        assert faults(document, {"$ref": "#/components/schemas/MembersData"}, right) == []
        assert faults(document, {"$ref": "#/components/schemas/MembersData"}, right | wrong) != []


def test_data_with_words_of_a_newer_version_is_decoded() -> None:
    newer = {**JOINED, "role": "guest", "kind": "broadcast", "by": None}
    assert [frame.data["data"] for frame in rendered(events.RoomJoined.of(COUNTS, newer), "user")] == [
        newer
    ] * 2
