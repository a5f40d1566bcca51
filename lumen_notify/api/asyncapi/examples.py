"""Examples: one of each frame, as a stream sends it. They are made by the code that makes all frames, from an
event of each kind."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lumen_notify.deliver.frames import control, frame_of
from lumen_notify.deliver.frames.chunks import unchunk
from lumen_notify.model import Audience, CloseReason, Counts, Event, ResetReason, events, to_json

READER = "alice"
ROOM_ID = "tea"
CURSOR = "z4fpd8go-7-5e1f0c"

COUNTS = Counts({"like": 2}, {ROOM_ID: 1}, frozenset(), {ROOM_ID: 0})
"""What alice has not read before the event."""

BOB = {"id": "bob", "username": "Bob", "avatar": None}
CAROL = {"id": "carol", "username": "Carol", "avatar": None}
ID = "01a20185-0647-7000-a5ee-000000000001"
TIME = "2026-01-31T08:00:00.000Z"
LATER = "2026-01-31T08:05:00.000Z"

NOTIFICATION = {
    "id": ID,
    "category": "like",
    "sender": BOB,
    "content": "liked your photo",
    "url": "/photos/7",
    "priority": "normal",
    "created_at": TIME,
}
MERGED = {**NOTIFICATION, "group_key": "photo-7", "actors": [BOB, CAROL], "actors_count": 2}
MESSAGE = {
    "id": ID,
    "room_id": ROOM_ID,
    "seq": 17,
    "sender": BOB,
    "kind": "text",
    "content": "Tea?",
    "client_id": "m-1",
    "created_at": TIME,
}
PREFERENCES = {
    "categories": {"follow": {"in_app": True, "push": False, "muted": True}},
    "rooms": {},
    "quiet_hours": None,
    "digest": {"minutes": 60},
    "presence": "shown",
}

OF_PAYLOADS: tuple[events.Payload, ...] = (
    events.NotificationPublished(notification=to_json(NOTIFICATION)),
    events.NotificationUpdated.of(COUNTS, MERGED),
    events.NotificationEdited(data={**NOTIFICATION, "edited_at": LATER}),
    events.DigestDelivered.of(COUNTS, {"items": [{**NOTIFICATION, "priority": "low"}]}),
    events.NotificationsRead.of(COUNTS, {"ids": [ID]}),
    events.NotificationsSeen.of(COUNTS, {"all": True}),
    events.NotificationsUnread.of(COUNTS, {"ids": [ID]}),
    events.NotificationsArchived.of(COUNTS, {"category": "like", "up_to": 7}),
    events.NotificationsUnarchived.of(COUNTS, {"ids": [ID]}),
    events.NotificationsDeleted.of(COUNTS, {"ids": [ID]}),
    events.NotificationsRemoved.of(COUNTS, {"ids": [ID]}),
    events.PreferencesChanged.of(COUNTS, PREFERENCES),
    events.RoomJoined.of(
        COUNTS, {"room_id": ROOM_ID, "role": "member", "kind": "public", "title": "Tea", "by": "bob"}
    ),
    events.RoomLeft.of(COUNTS, {"room_id": ROOM_ID, "since": 4, "reason": "removed", "by": "bob"}),
    events.RoomChanged(data={"room_id": ROOM_ID, "title": "Tea and cake", "by": "bob"}),
    events.MembersChanged(
        data={
            "room_id": ROOM_ID,
            "change": "joined",
            "members": [{"user_id": "carol", "role": "member"}],
            "changed": 1,
            "members_count": 3,
            "by": "bob",
        }
    ),
    events.MessageSent(sender_id="bob", message=to_json(MESSAGE)),
    events.MessageEdited(data={**MESSAGE, "content": "Tea and cake?", "edited_at": LATER}),
    events.MessageDeleted(data={**MESSAGE, "content": "", "deleted_at": LATER, "deleted_by": "bob"}),
    events.RoomRead(
        user_id=READER,
        unread=0,
        data={"room_id": ROOM_ID, "user_id": READER, "from_seq": 17, "up_to": 17, "ids": [ID]},
    ),
)
"""An event of each kind that streams show."""

OF_CONTROL: Mapping[str, bytes] = {
    "ready": control.ready(
        ID, COUNTS, id_="z4fpd8go-6", is_recovered=False, replayed=0, ping_seconds=30, retry_ms=2417
    ),
    "caught_up": control.caught_up(COUNTS, replayed=5000, id_=CURSOR),
    "reset": control.reset(ResetReason.TRIMMED, COUNTS, id_=CURSOR),
    "ping": control.ping(CURSOR),
    "expiring": control.expiring(60),
    "closing": control.closing(CloseReason.SHUTDOWN, 7000),
    "typing": control.ephemeral("typing", {"room_id": ROOM_ID, "user": BOB, "is_typing": True}),
    "presence": control.ephemeral(
        "presence", {"user": {"id": "bob"}, "status": "offline", "last_seen_at": TIME}
    ),
}
"""The chunk of each frame without an event, by its name."""

FIGURES = control.ephemeral(
    "figures",
    {
        "at": TIME,
        "instances": [{"id": "host:1:5e1f0c", "streams": 3}],
        "users_online": 2,
        "streams": {
            "total": 3,
            "by_device": {"mobile": 1, "desktop": 2, "tablet": 0, "unknown": 0},
            "by_instance": {"host:1:5e1f0c": 3},
        },
        "rates": {"publishes": 4.0, "messages": 1.0, "deliveries": 7.0},
        "commit_ms": {"p50": 3.2, "p99": 9.1},
        "queues": {
            "commands": 0,
            "push": 0,
            "scheduled": 1,
            "digests": 0,
            "dead_letters": 0,
            "backlog_bytes": 0,
        },
        "push": {"taken": 2.0},
        "close_reasons": {"gone": 5},
        "outages": [],
    },
)
"""The chunk of the frame of an administrator's stream."""


def of_payload(payload: type[events.Payload]) -> bytes | None:
    """Return the chunk of an example of an event's frame; None if another event has the same frame."""
    example = next((one for one in OF_PAYLOADS if type(one) is payload), None)
    if example is None:
        return None
    event = Event(
        position=7,
        audience=Audience.user(READER) if "user" in payload.scopes else Audience.room(ROOM_ID),
        kind=payload.kind,
        category="like",
        body=example.encode(),
        created_at=0,
    )
    _, chunks = frame_of(event, "z4fpd8go").apply(COUNTS, READER)
    return chunks


def example_of(chunk: bytes) -> dict[str, Any]:
    """Return one server-sent event as a "Message Example Object" of AsyncAPI."""
    lines = unchunk(chunk).decode().splitlines()
    fields = dict(line.split(": ", 1) for line in lines if line)
    headers: dict[str, Any] = {"event": fields.get("event", "message")}
    if "id" in fields:
        headers["id"] = fields["id"]
    if "retry" in fields:
        headers["retry"] = int(fields["retry"])
    return {"headers": headers, "payload": json.loads(fields["data"])}
