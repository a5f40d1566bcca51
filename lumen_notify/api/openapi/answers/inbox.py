"""Answers about a user's own notifications."""

from __future__ import annotations

from lumen_notify.api.openapi.schema import (
    COUNT,
    FLAG,
    ID,
    POSITION,
    SOME,
    TEXT,
    TIME,
    JsonSchema,
    fields,
    one_of,
    or_null,
    page_of,
    ref,
    told,
)
from lumen_notify.commit.notifications.batch import SHOWN_ACTORS

PRIORITY = one_of(["low", "normal", "high", "urgent"])

_NUMBERS: JsonSchema = {"type": "object", "additionalProperties": SOME}

COUNTS: dict[str, JsonSchema] = {
    "unread_count": told(COUNT, "All that is unread: absolute, never a difference."),
    "unread": ref("Unread"),
}

NOTIFICATION: dict[str, JsonSchema] = {
    "id": ID,
    "category": TEXT,
    "room_id": told(TEXT, "The room whose members it is for; absent for others."),
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
    "actors_count": told(SOME, "How many senders there are."),
}
OPTIONAL = ("room_id", "title", "data", "expires_at", "group_key", "actors", "actors_count")
"""Of the fields of a notification."""

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
    "Notification": fields("A notification as frames carry it.", OPTIONAL, **NOTIFICATION),
    "ListedNotification": fields(
        "A notification as its reader has it.",
        OPTIONAL,
        **NOTIFICATION,
        position=POSITION,
        is_read=FLAG,
        seen_at=or_null(TIME, "When it was first seen; null for never."),
        read_at=or_null(TIME, "Null: unread."),
        archived_at=or_null(TIME, "Null: not archived. What is archived is not unread."),
    ),
    "Notifications": page_of(ref("ListedNotification"), "One page, newest first.", is_paged=True),
    "Counts": fields("The caller's unread numbers.", **COUNTS, position=POSITION),
    "Marked": fields(
        "The mark is committed; the numbers are those after it.",
        changed=told(COUNT, "How many were not so before."),
        **COUNTS,
        position=POSITION,
    ),
}
