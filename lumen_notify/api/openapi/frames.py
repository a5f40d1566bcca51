"""Frames: what a stream carries, as JSON schemas of each event's `data`.

OpenAPI 3.1 has no word for the events within a stream (3.2 says `itemSchema`). The schema of the stream is
that of each of its events, as an object of the event's fields (HTML Standard, section 9.2.6); what `data`
holds is its `contentSchema`.
"""

from __future__ import annotations

from lumen_notify.api.openapi.schema import (
    COUNT,
    FLAG,
    ID,
    POSITION,
    SEQ,
    TEXT,
    JsonSchema,
    one_of,
    ref,
)
from lumen_notify.api.openapi.schema import described as told
from lumen_notify.api.openapi.schema import nullable as or_null
from lumen_notify.api.openapi.schema import object_schema as fields
from lumen_notify.commit.notifications.marks import ACTIONS
from lumen_notify.commit.permissions import ROLES
from lumen_notify.commit.rooms.membership import MAX_TOLD
from lumen_notify.commit.rooms.read_marks import MAX_IDS
from lumen_notify.model import CloseReason

COUNTS: dict[str, JsonSchema] = {
    "unread_count": told(COUNT, "All unread items: an absolute number, never a delta."),
    "unread": ref("Unread"),
}

ROLE = one_of(ROLES)

REASONS = tuple(reason.word for reason in CloseReason if reason is not CloseReason.GONE)
"""Of `closing`. The one that is missing is for the log: the client has gone."""

FRAMES: dict[str, JsonSchema] = {
    "NotificationFrame": fields(
        "A notification.",
        ("update",),
        type={"type": "string", "description": "Its category."},
        unread_count=COUNTS["unread_count"],
        update={"const": True, "description": "It has merged: it replaces the one with its id, unread."},
        data=ref("Notification"),
    ),
    "BundleFrame": fields(
        "What is of low priority, together.",
        type={"const": "bundle"},
        unread_count=COUNTS["unread_count"],
        data=fields(
            "The notifications.",
            items={
                "type": "array",
                "items": ref("Notification"),
                "description": "The newest first. One that is known by its id has merged: replace it.",
            },
        ),
    ),
    "ChatFrame": fields(
        "A message of a room.",
        type={"const": "chat"},
        unread_count=COUNTS["unread_count"],
        room=ref("RoomUnread"),
        data=ref("Message"),
    ),
    "RoomUnread": fields("What the reader has unread in a room.", id=TEXT, unread=COUNT),
    "ReadyFrame": fields(
        "The stream is set; what was missed follows.",
        connection_id=ID,
        **COUNTS,
        recovered=told(FLAG, "A cursor was given, and could be served."),
        replayed=told(COUNT, "How many frames of what was missed follow."),
    ),
    "MarkFrame": fields(
        "The user has marked notifications, on any device.",
        **COUNTS,
        data=told(ref("MarkBody"), "Which ones, as the request said it."),
    ),
    "RoomReadFrame": fields(
        "A member has read a room up to a message. The numbers are the reader's of the stream.",
        unread_count=COUNTS["unread_count"],
        room=ref("RoomUnread"),
        data=fields(
            "Who, and which messages.",
            room_id=TEXT,
            user_id=TEXT,
            from_seq=SEQ,
            up_to=SEQ,
            ids=told({"type": "array", "items": ID}, f"At most {MAX_IDS}: the newest."),
        ),
    ),
    "PreferencesFrame": fields(
        "The user has changed his preferences, on any device.", **COUNTS, data=ref("Preferences")
    ),
    "MessageChangeFrame": fields("A message of a room is not what it was.", data=ref("Message")),
    "JoinedFrame": fields(
        "The user is in a room: let in, or joined on any device.",
        **COUNTS,
        data=fields(
            "Which one, and what he is there.",
            ("peer_id",),
            room_id=TEXT,
            role=ROLE,
            kind=told(TEXT, "`public`, `private` or `direct`."),
            title=or_null(TEXT, "One line of text."),
            by=told(TEXT, "Who let him in; he himself where he joined."),
            peer_id=told(TEXT, "The other one; of a direct room alone."),
        ),
    ),
    "LeftFrame": fields(
        "The user is no longer in a room.",
        **COUNTS,
        data=fields(
            "Which one, and why.",
            room_id=TEXT,
            since=told(POSITION, "Where he had joined."),
            reason=one_of(["left", "removed", "banned", "deleted"]),
            by=or_null(TEXT, "Who did it; null where the room has ended."),
        ),
    ),
    "MemberFrame": fields(
        "Others in a room come, go, or are something else. Not told to themselves: `joined`, `left`.",
        data=fields(
            "What has changed.",
            room_id=TEXT,
            change=one_of(["joined", "left", "removed", "banned", "role"]),
            members={
                "type": "array",
                "items": fields("One of them.", user_id=TEXT, role=or_null(ROLE, "Null: he is out.")),
                "description": f"The first {MAX_TOLD} of them.",
            },
            changed=told(COUNT, "How many they are."),
            members_count=told(COUNT, "How many are in now."),
            by=told(TEXT, "Who did it."),
        ),
    ),
    "RoomFrame": fields(
        "A room has another title.",
        data=fields("It.", room_id=TEXT, title=or_null(TEXT, "One line of text."), by=TEXT),
    ),
    "TypingFrame": fields(
        "Somebody else in a room is typing, or no longer is.",
        room_id=TEXT,
        user=ref("Sender"),
        is_typing=FLAG,
    ),
    "ExpireFrame": fields(
        "Notifications are gone: take them out of the list.",
        **COUNTS,
        data=fields("Which ones.", ids={"type": "array", "items": ID}),
    ),
    "ResetFrame": fields("What was missed cannot be served: fetch the list anew.", **COUNTS),
    "PingFrame": fields("Nothing."),
    "ExpiringFrame": fields("The token ends soon.", seconds=told(COUNT, "How soon.")),
    "ClosingFrame": fields(
        "The stream ends now.",
        reason=one_of(REASONS),
        reconnect=told(FLAG, "Whether to come back."),
    ),
}

_DATA = {"type": "string", "contentMediaType": "application/json"}
_ID = {
    "type": "string",
    "pattern": "^[0-9a-z]+-[0-9]+$",
    "description": "`<epoch>-<position>`: the cursor, to hand back as Last-Event-ID.",
}
_RETRY = {"type": "integer", "minimum": 1, "description": "Milliseconds until a client may come back."}


def _event(
    event: str,
    schemas: str | tuple[str, ...],
    description: str,
    *,
    required: tuple[str, ...] = ("event", "id", "data"),
    **more: JsonSchema,
) -> JsonSchema:
    several = [ref(schema) for schema in schemas] if isinstance(schemas, tuple) else []
    content = {"oneOf": several} if several else ref(str(schemas))
    return {
        "type": "object",
        "title": event,
        "description": description,
        "properties": {
            "event": {"const": event},
            "data": {**_DATA, "contentSchema": content},
            **({"id": _ID} if event not in ("typing", "expiring", "closing") else {}),
            **more,
        },
        "required": list(required),
    }


EVENT: JsonSchema = {
    "description": "One server-sent event (HTML Standard, section 9.2); its data is JSON.",
    "oneOf": [
        _event(
            "message",
            ("NotificationFrame", "BundleFrame", "ChatFrame"),
            "Notifications, or a message of a room. No `event:` line: `EventSource.onmessage` gets it.",
            required=("id", "data"),
        ),
        _event(
            "ready",
            "ReadyFrame",
            "Always the first. Without an id if what was missed follows.",
            required=("event", "data"),
        ),
        _event(
            "read",
            ("MarkFrame", "RoomReadFrame"),
            "A mark, made on any device: `read`; or how far a member of a room has read.",
        ),
        *(
            _event(action, "MarkFrame", f"A mark, made on any device: `{action}`.")
            for action in ACTIONS
            if action != "read"
        ),
        _event("preferences", "PreferencesFrame", "The user has changed his preferences."),
        _event("message_edited", "MessageChangeFrame", "A message of a room says something else."),
        _event("message_deleted", "MessageChangeFrame", "A message of a room says nothing any more."),
        _event("joined", "JoinedFrame", "The user is in a room."),
        _event("left", "LeftFrame", "The user is no longer in a room."),
        _event("member", "MemberFrame", "Others come into a room, leave it, or have another role there."),
        _event("room", "RoomFrame", "A room has another title."),
        _event("typing", "TypingFrame", "Somebody types in a room.", required=("event", "data")),
        _event("expire", "ExpireFrame", "Notifications have been removed."),
        _event("reset", "ResetFrame", "The cursor cannot be served: another database, or too far back."),
        _event("ping", "PingFrame", "Nothing happened for a while (`LUMEN_PING_SECONDS`)."),
        _event(
            "expiring", "ExpiringFrame", "The token ends within a minute: renew.", required=("event", "data")
        ),
        _event(
            "closing",
            "ClosingFrame",
            "The last. `retry` says when to come back.",
            required=("event", "data", "retry"),
            retry=_RETRY,
        ),
    ],
}

SCHEMAS: dict[str, JsonSchema] = {"Event": EVENT, **FRAMES}
