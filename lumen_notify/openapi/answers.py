"""Answers: what the bodies of answers look like, as JSON schemas.

Nothing validates with them at run time: the tests do, against a real server.
"""

from __future__ import annotations

from typing import Any

from lumen_notify.accept.bodies.messages import KINDS as MESSAGE_KINDS
from lumen_notify.commit.group import SHOWN_ACTORS
from lumen_notify.commit.publication import STATUSES
from lumen_notify.commit.roles import ROLES
from lumen_notify.commit.rooms import KINDS
from lumen_notify.deliver.stream import DEVICES
from lumen_notify.openapi.operation import JsonSchema, ref

COUNT: JsonSchema = {"type": "integer", "minimum": 0}
TEXT: JsonSchema = {"type": "string"}
FLAG: JsonSchema = {"type": "boolean"}
PRIORITY: JsonSchema = {"type": "string", "enum": ["low", "normal", "high", "urgent"]}
ID: JsonSchema = {"type": "string", "format": "uuid", "description": "A UUIDv7."}
TIME: JsonSchema = {
    "type": "string",
    "format": "date-time",
    "description": "RFC 3339, UTC, with milliseconds.",
    "examples": ["2026-01-31T08:00:00.000Z"],
}
SEQ: JsonSchema = {"type": "integer", "minimum": 1, "description": "A message's number in its room."}
POSITION: JsonSchema = {"type": "integer", "minimum": 0, "description": "A place in the log."}


def fields(description: str, optional: tuple[str, ...] = (), /, **properties: JsonSchema) -> JsonSchema:
    """Describe an object whose fields are always there, except the optional ones."""
    return {
        "type": "object",
        "description": description,
        "properties": properties,
        "required": [name for name in properties if name not in optional],
    }


def or_null(schema: JsonSchema, description: str) -> JsonSchema:
    """Describe a value that may be null."""
    return {"anyOf": [schema, {"type": "null"}], "description": description}


def told(schema: JsonSchema, description: str) -> JsonSchema:
    """Describe a value with words of its own."""
    return {**schema, "description": description}


def page_of(item: JsonSchema, description: str, *, is_paged: bool) -> JsonSchema:
    """Describe a list: `{items, next_cursor}`. is_paged: False if it always comes whole."""
    cursor = (
        or_null(TEXT, "The `cursor` of the next page; null on the last.") if is_paged else {"type": "null"}
    )
    return fields(description, items={"type": "array", "items": item}, next_cursor=cursor)


_NUMBERS: JsonSchema = {"type": "object", "additionalProperties": {"type": "integer", "minimum": 1}}

COUNTS: dict[str, JsonSchema] = {
    "unread_count": told(COUNT, "All that is unread: absolute, never a difference."),
    "unread": ref("Unread"),
}

_SOME: JsonSchema = {"type": "integer", "minimum": 1}

_NOTIFICATION: dict[str, JsonSchema] = {
    "id": ID,
    "category": TEXT,
    "sender": ref("Sender"),
    "title": TEXT,
    "content": told(TEXT, "Plain text: show it as it is, never as HTML."),
    "data": {"type": "object", "additionalProperties": True, "description": "What the publisher gave."},
    "priority": PRIORITY,
    "created_at": TIME,
    "expires_at": told(TIME, "When it is gone for everybody; absent for never."),
    "group_key": told(TEXT, "What it merges with; only if the publisher gave one, as the next two."),
    "actors": {
        "type": "array",
        "items": ref("Sender"),
        "minItems": 1,
        "maxItems": SHOWN_ACTORS,
        "description": "The latest senders of what has merged, the newest first.",
    },
    "actors_count": {"type": "integer", "minimum": 1, "description": "How many senders there are."},
}
_OPTIONAL = ("title", "data", "expires_at", "group_key", "actors", "actors_count")
_AFTERWARDS = ("created_at", "actors", "actors_count")

ROLE: JsonSchema = {"type": "string", "enum": list(ROLES)}

_ROOM: dict[str, JsonSchema] = {
    "id": TEXT,
    "kind": {"type": "string", "enum": list(KINDS)},
    "title": or_null(TEXT, "One line of text."),
    "peer_id": or_null(TEXT, "The other one of a direct room."),
    "created_at": TIME,
    "created_by": TEXT,
    "members_count": COUNT,
    "last_seq": told(COUNT, "Of the newest message; 0 before the first."),
    "role": or_null(ROLE, "The caller's; null: he is not in."),
    "last_read_seq": or_null(COUNT, "Up to which message the caller has read."),
    "unread": or_null(COUNT, "How many messages the caller has not read."),
    "last_message": or_null({"type": "object"}, "As history has it; null if there is none, or none to see."),
}

_CATEGORY: dict[str, JsonSchema] = {
    "name": TEXT,
    "in_app": told(FLAG, "In lists, counts and streams."),
    "push": told(FLAG, "Pushed to devices."),
    "may_mute": told(FLAG, "False: no user can silence it."),
    "priority": or_null(PRIORITY, "Of notifications that name none; null for `normal`."),
    "limits": or_null(ref("LimitsBody"), "Null for none."),
}
_BAN: dict[str, JsonSchema] = {"user_id": TEXT, "banned_by": TEXT, "banned_at": TIME}

SCHEMAS: dict[str, JsonSchema] = {
    "Sender": fields(
        "Who is shown as the sender.",
        id=TEXT,
        username=TEXT,
        avatar=or_null(TEXT, "Where a picture is."),
    ),
    "Unread": fields(
        "Unread numbers by name, without zeros; their sum is `unread_count`.",
        categories=_NUMBERS,
        rooms=_NUMBERS,
    ),
    "Notification": fields("A notification as frames carry it.", _OPTIONAL, **_NOTIFICATION),
    "ListedNotification": fields(
        "A notification as its reader has it.",
        _OPTIONAL,
        **_NOTIFICATION,
        position=POSITION,
        is_read={"type": "boolean"},
        seen_at=or_null(TIME, "When it was first seen; null for never."),
        read_at=or_null(TIME, "Null: unread."),
        archived_at=or_null(TIME, "Null: not archived. What is archived is not unread."),
    ),
    "Notifications": page_of(ref("ListedNotification"), "One page, newest first.", is_paged=True),
    "Published": fields(
        "It is committed.",
        ("deliver_at", "delayed", "refused"),
        id=ID,
        recipients=or_null(COUNT, "How many users get it; null for all."),
        position=or_null(POSITION, "Its place in the log; null if it has none yet."),
        status={
            "type": "string",
            "enum": list(STATUSES),
            "description": "`merged`: into a row that was there, whose id this is. If nobody was told of it "
            "yet, the position is the newest of the log. `bundled`: it "
            "comes with others, later. `delayed`: a limit makes it wait for `deliver_at`.",
        },
        deliver_at=told(TIME, "When those that a limit has delayed get it."),
        delayed=told(_SOME, "How many users a limit has delayed, if not all."),
        refused=told(_SOME, "How many more users do not get it, because of a limit."),
    ),
    "ScheduledNotifications": page_of(
        fields(
            "What will be published.",
            _OPTIONAL,
            **{name: schema for name, schema in _NOTIFICATION.items() if name not in _AFTERWARDS},
            to=ref("To"),
            deliver_at=TIME,
        ),
        "One page, the next to leave first.",
        is_paged=True,
    ),
    "Cancelled": fields("It will not be published.", id=ID, status={"type": "string", "const": "cancelled"}),
    "PublishedBatch": fields(
        "All of it is committed.", items={"type": "array", "items": ref("Published"), "minItems": 1}
    ),
    "Counts": fields("The caller's unread numbers.", **COUNTS, position=POSITION),
    "Marked": fields(
        "The mark is committed; the numbers are those after it.",
        changed=told(COUNT, "How many were not so before."),
        **COUNTS,
        position=POSITION,
    ),
    "Room": fields("A room as the caller sees it.", **_ROOM),
    "RoomNow": fields("The room once it is committed.", **_ROOM, position=POSITION),
    "ClosedRoom": fields("Nobody finds it any more.", id=TEXT, status={"type": "string", "const": "deleted"}),
    "Rooms": page_of(ref("Room"), "One page.", is_paged=True),
    "Member": fields(
        "What a user is in a room, once it is committed.",
        room_id=TEXT,
        user_id=TEXT,
        role=or_null(ROLE, "Null: he is not in."),
        position=POSITION,
    ),
    "LetIn": fields(
        "All of them are in.",
        room_id=TEXT,
        items={"type": "array", "items": fields("One of them.", user_id=TEXT, role=ROLE)},
        position=POSITION,
    ),
    "Ban": fields("A ban.", **_BAN),
    "Bans": page_of(fields("A ban.", **_BAN), "One page, in the order of the users' ids.", is_paged=True),
    "Members": page_of(
        fields("One member.", user_id=TEXT, role=ROLE, last_read_seq=told(COUNT, "What he has read, up to.")),
        "One page, in the order of the ids.",
        is_paged=True,
    ),
    "Message": fields(
        "A message as history and frames show it. Of one that was deleted its place is left.",
        ("data", "reply_to", "mentions", "client_id", "edited_at", "deleted_at", "deleted_by"),
        id=ID,
        room_id=TEXT,
        seq=SEQ,
        sender=ref("Sender"),
        kind={"type": "string", "enum": list(MESSAGE_KINDS)},
        content=told(TEXT, "Plain text: show it as it is, never as HTML."),
        data={"type": "object", "additionalProperties": True, "description": "What the sender gave."},
        reply_to=fields("The message that it answers.", id=ID, seq=SEQ),
        mentions={"type": "array", "items": TEXT, "description": "The ids of members."},
        client_id=told(TEXT, "What the sender calls it."),
        created_at=TIME,
        edited_at=told(TIME, "When it was last edited."),
        deleted_at=told(TIME, "It was deleted; `content` is empty."),
        deleted_by=told(TEXT, "Who has deleted it."),
    ),
    "Messages": page_of(
        ref("Message"),
        "One page, ascending. `next_cursor` is for the parameter that was used: `after`, or else `before`.",
        is_paged=True,
    ),
    "Sent": fields(
        "It is committed.",
        id=ID,
        room_id=TEXT,
        seq=SEQ,
        position=POSITION,
        status={"type": "string", "const": "sent"},
    ),
    "RoomRead": fields(
        "The mark is committed.",
        changed=told(COUNT, "By how many messages it moved; 0 if it had been there, or further."),
        last_read_seq=told(COUNT, "Up to where the caller has read; 0 for nothing."),
        unread=told(COUNT, "What the caller has left to read in the room."),
        position=POSITION,
    ),
    "Typing": fields("The others are told.", is_typing={"type": "boolean"}),
    "Block": fields("A user whom the caller has blocked.", user_id=TEXT, blocked_at=TIME),
    "Blocks": page_of(ref("Block"), "One page, by user id.", is_paged=True),
    "Unblocked": fields(
        "The user is not blocked.", user_id=TEXT, status={"type": "string", "const": "unblocked"}
    ),
    "Reads": page_of(
        fields("How far one member has read.", user_id=TEXT, last_read_seq=COUNT),
        "One page, by user id.",
        is_paged=True,
    ),
    "DefinedCategory": fields("What a category is like, until a user says otherwise.", **_CATEGORY),
    "Categories": page_of(ref("DefinedCategory"), "All that are defined, by name.", is_paged=False),
    "Undefined": fields(
        "It is like one that was never defined.", name=TEXT, status={"type": "string", "const": "removed"}
    ),
    "Preferences": fields(
        "What holds for the caller.",
        categories={
            "type": "object",
            "description": "By name: those that are defined, and those that he has chosen something about.",
            "additionalProperties": fields("One category.", in_app=FLAG, push=FLAG, muted=FLAG),
        },
        quiet_hours=or_null(
            fields("When push waits.", **{"from": TEXT, "to": TEXT, "time_zone": TEXT}), "Null for none."
        ),
        digest=fields(
            "How often those of low priority come, together.", minutes=told(COUNT, "0: each at once.")
        ),
    ),
    "Ticket": fields(
        "What to put in the stream's URL.",
        ticket=TEXT,
        expires_in={"type": "integer", "minimum": 1, "description": "Seconds."},
    ),
    "Renewed": fields(
        "The caller's open streams here now last as long as the token.",
        renewed=told(COUNT, "How many streams last longer than before."),
        expires_at=TIME,
    ),
    "Session": fields(
        "A session.",
        user_id=told(ID, "The account's, for ever: the `sub` of its tokens."),
        access_token=told(TEXT, "What `Authorization: Bearer` takes."),
        token_type={"type": "string", "const": "Bearer"},
        expires_in={"type": "integer", "minimum": 1, "description": "Of the access token, in seconds."},
        refresh_token=told(TEXT, "Good once, for the next access token; to be kept as a password is."),
    ),
    "User": fields(
        "A user of this server.",
        user_id=ID,
        username=told(TEXT, "What is shown."),
        avatar=or_null(TEXT, "Where a picture is."),
    ),
    "Ended": fields("What has ended.", ended=told(COUNT, "How many sessions.")),
    "Account": fields(
        "The caller's account.",
        user_id=ID,
        name=told(TEXT, "What one logs in with."),
        username=told(TEXT, "What is shown."),
        avatar=or_null(TEXT, "Where a picture is."),
        created_at=TIME,
    ),
    "Connections": page_of(
        fields(
            "One open stream.",
            id=ID,
            device=or_null({"type": "string", "enum": list(DEVICES)}, "What it said that it runs on."),
            connected_at=TIME,
            instance=told(TEXT, "The process that holds it."),
        ),
        "The caller's open streams, oldest first.",
        is_paged=False,
    ),
}


def status(word: str) -> JsonSchema:
    """Describe the answer of a probe."""
    constant: dict[str, Any] = {"type": "string", "const": word}
    return fields("All is well.", status=constant)
