"""Answers about what is said in rooms."""

from __future__ import annotations

from lumen_notify.accept.rooms.message_bodies import KINDS as MESSAGE_KINDS
from lumen_notify.api.openapi.schema import (
    COUNT,
    FLAG,
    ID,
    POSITION,
    SEQ,
    TEXT,
    TIME,
    JsonSchema,
    constant,
    fields,
    one_of,
    page_of,
    ref,
    told,
)

SCHEMAS: dict[str, JsonSchema] = {
    "Message": fields(
        "A message as history and frames show it. Of one that was deleted its place is left.",
        ("data", "reply_to", "mentions", "client_id", "edited_at", "deleted_at", "deleted_by"),
        id=ID,
        room_id=TEXT,
        seq=SEQ,
        sender=ref("Sender"),
        kind=one_of(MESSAGE_KINDS),
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
        status=constant("sent"),
    ),
    "RoomRead": fields(
        "The mark is committed.",
        changed=told(COUNT, "By how many messages it moved; 0 if it had been there, or further."),
        last_read_seq=told(COUNT, "Up to where the caller has read; 0 for nothing."),
        unread=told(COUNT, "What the caller has left to read in the room."),
        position=POSITION,
    ),
    "Typing": fields("The others are told.", is_typing=FLAG),
    "Reads": page_of(
        fields("How far one member has read.", user_id=TEXT, last_read_seq=COUNT),
        "One page, by user id.",
        is_paged=True,
    ),
}
