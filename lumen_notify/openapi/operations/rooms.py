"""Operations of rooms and their members."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from lumen_notify.accept.bodies.fields import RoomId, UserId
from lumen_notify.openapi.operation import Operation, query
from lumen_notify.openapi.operations.shared import BEARER, FLAG, PAGE_LIMIT, READS, WRITES
from lumen_notify.openapi.schema import ref

ROOM_ID: dict[str, Any] = {
    "name": "id",
    "in": "path",
    "required": True,
    "description": "The room's id.",
    "schema": TypeAdapter(RoomId).json_schema(),
}
"""A room in a path."""

USER_ID: dict[str, Any] = {
    "name": "user",
    "in": "path",
    "required": True,
    "description": "A user's id.",
    "schema": TypeAdapter(UserId).json_schema(),
}
"""A user in a path."""

USER_CURSOR = query(
    "cursor", TypeAdapter(UserId).json_schema(), "The `next_cursor` of the page before: a user's id."
)

CREATE = Operation(
    name="createRoom",
    tag="rooms",
    summary="Make a room",
    description=(
        "The caller owns it. The direct room of two is made once, and found from then on: it is answered by "
        "200 if it was there, and nobody owns it."
    ),
    credentials=BEARER,
    body=ref("RoomBody"),
    body_examples={
        "public": {"value": {"id": "general", "kind": "public", "title": "General"}},
        "direct": {"value": {"kind": "direct", "members": ["bob"]}},
    },
    status=201,
    or_status=200,
    answered="The room.",
    answer=ref("RoomNow"),
    problems=(*WRITES, "not_found", "room_taken", "blocked", "too_many_rooms"),
)

LIST = Operation(
    name="listRooms",
    tag="rooms",
    summary="List the caller's rooms, the newest activity first",
    credentials=BEARER,
    parameters=(
        PAGE_LIMIT,
        query(
            "cursor",
            {"type": "string", "pattern": "^[0-9]{1,15}-[a-z0-9_.-]{1,64}$"},
            "The `next_cursor` of the page before.",
        ),
        query("public", FLAG, "`true`: all public rooms instead, the newest first."),
    ),
    answered="A page.",
    answer=ref("Rooms"),
    problems=(*READS, "invalid"),
)

GET = Operation(
    name="getRoom",
    tag="rooms",
    summary="Get a room that is public, or that the caller is in",
    credentials=BEARER,
    parameters=(ROOM_ID,),
    answered="The room.",
    answer=ref("Room"),
    problems=(*READS, "not_found"),
)

PATCH = Operation(
    name="patchRoom",
    tag="rooms",
    summary="Give a room another title, as owner or moderator",
    credentials=BEARER,
    parameters=(ROOM_ID,),
    body=ref("TitleBody"),
    body_examples={"title": {"value": {"title": "General talk"}}},
    answered="The room as it is now.",
    answer=ref("RoomNow"),
    problems=(*WRITES, "not_found", "not_a_member", "role_too_low"),
)

DELETE = Operation(
    name="deleteRoom",
    tag="rooms",
    summary="End a room, as owner",
    description="Its members leave, its messages go, and its id is free again a moment later.",
    credentials=BEARER,
    parameters=(ROOM_ID,),
    answered="Nobody finds it any more.",
    answer=ref("ClosedRoom"),
    problems=(*READS, "not_found", "not_a_member", "role_too_low", "commit_unknown", "overloaded"),
)

MEMBERS = Operation(
    name="listMembers",
    tag="rooms",
    summary="List a room's members, to members",
    credentials=BEARER,
    parameters=(ROOM_ID, PAGE_LIMIT, USER_CURSOR),
    answered="A page.",
    answer=ref("Members"),
    problems=(*READS, "invalid", "not_found", "not_a_member"),
)

_ABOUT_MEMBERS = ("not_found", "not_a_member", "role_too_low", "room_is_direct")
_CHANGES = (*WRITES, *_ABOUT_MEMBERS)

_BAN_CHANGES = (*READS, "invalid", "commit_unknown", "overloaded", *_ABOUT_MEMBERS)

LET_IN = Operation(
    name="letIn",
    tag="rooms",
    summary="Let many into a room at once, as owner or moderator",
    description="All, or nobody. One event tells the room. Who is in already stays what he is.",
    credentials=BEARER,
    parameters=(ROOM_ID,),
    body=ref("MembersBody"),
    body_examples={"two": {"value": {"members": ["bob", "carol"]}}},
    answered="They are in.",
    answer=ref("LetIn"),
    problems=(*_CHANGES, "banned", "blocked", "too_many_rooms"),
)

PUT_MEMBER = Operation(
    name="putMember",
    tag="rooms",
    summary="Join a public room, let somebody in, or change a role",
    description=(
        "Anybody joins a public room by himself. Owners and moderators let others in; owners give any role, "
        "moderators `member` and `muted`. What is so already stays so. The body may be left out."
    ),
    credentials=BEARER,
    parameters=(ROOM_ID, USER_ID),
    body=ref("MemberBody"),
    is_body_required=False,
    body_examples={"plain": {"value": {}}, "muted": {"value": {"role": "muted"}}},
    answered="The user is in.",
    answer=ref("Member"),
    problems=(*_CHANGES, "banned", "blocked", "too_many_rooms", "last_owner"),
)

DELETE_MEMBER = Operation(
    name="deleteMember",
    tag="rooms",
    summary="Leave a room, or put somebody out",
    description=(
        "Owners put out anybody, moderators members and muted. When the last owner leaves, the oldest "
        "moderator becomes owner, else the oldest member."
    ),
    credentials=BEARER,
    parameters=(ROOM_ID, USER_ID),
    answered="The user is out.",
    answer=ref("Member"),
    problems=_BAN_CHANGES,
)

BANS = Operation(
    name="listBans",
    tag="rooms",
    summary="List who is banned from a room, to owners and moderators",
    credentials=BEARER,
    parameters=(ROOM_ID, PAGE_LIMIT, USER_CURSOR),
    answered="A page.",
    answer=ref("Bans"),
    problems=(*READS, "invalid", "not_found", "not_a_member", "role_too_low"),
)

GET_BAN = Operation(
    name="getBan",
    tag="rooms",
    summary="Ask whether a user is banned, as owner or moderator",
    credentials=BEARER,
    parameters=(ROOM_ID, USER_ID),
    answered="He is.",
    answer=ref("Ban"),
    problems=(*READS, "invalid", "not_found", "not_a_member", "role_too_low"),
)

BAN = Operation(
    name="putBan",
    tag="rooms",
    summary="Ban a user: put him out, and keep him out",
    description="Owners ban anybody else, moderators members, muted, and who is not in. What is so stays so.",
    credentials=BEARER,
    parameters=(ROOM_ID, USER_ID),
    answered="He is out.",
    answer=ref("Member"),
    problems=_BAN_CHANGES,
)

UNBAN = Operation(
    name="deleteBan",
    tag="rooms",
    summary="End a ban: the user may come back",
    credentials=BEARER,
    parameters=(ROOM_ID, USER_ID),
    answered="The ban has ended; he is not in by that.",
    answer=ref("Member"),
    problems=_BAN_CHANGES,
)
