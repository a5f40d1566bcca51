"""Answers about rooms and their members."""

from __future__ import annotations

from lumen_notify.api.openapi.schema import (
    COUNT,
    POSITION,
    TEXT,
    TIME,
    JsonSchema,
    constant,
    fields,
    one_of,
    or_null,
    page_of,
    ref,
    told,
)
from lumen_notify.commit.permissions import ROLES
from lumen_notify.commit.rooms.rooms import KINDS

ROLE = one_of(ROLES)

_ROOM: dict[str, JsonSchema] = {
    "id": TEXT,
    "kind": one_of(KINDS),
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

_BAN: dict[str, JsonSchema] = {"user_id": TEXT, "banned_by": TEXT, "banned_at": TIME}

SCHEMAS: dict[str, JsonSchema] = {
    "Room": fields("A room as the caller sees it.", **_ROOM),
    "RoomNow": fields("The room once it is committed.", **_ROOM, position=POSITION),
    "ClosedRoom": fields("Nobody finds it any more.", id=TEXT, status=constant("deleted")),
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
}
