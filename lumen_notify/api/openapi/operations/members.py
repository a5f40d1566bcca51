"""Operations of who is in a room, and who may not be."""

from __future__ import annotations

from lumen_notify.api.openapi.operation import Operation
from lumen_notify.api.openapi.operations.rooms import INSIDE, ROOM_ID, RULED
from lumen_notify.api.openapi.operations.shared import PAGE_LIMIT, READS, USER_CURSOR, USER_ID, WRITES
from lumen_notify.api.openapi.schema import ref

LIST = Operation(
    name="listMembers",
    tag="rooms",
    summary="List a room's members, to members",
    parameters=(ROOM_ID, PAGE_LIMIT, USER_CURSOR),
    answered="A page.",
    answer=ref("Members"),
    problems=(*READS, "invalid", *INSIDE),
)

_CHANGES = (*WRITES, *RULED, "room_is_direct")
_ENTRIES = (*_CHANGES, "banned", "blocked", "too_many_rooms")

LET_IN = Operation(
    name="letIn",
    tag="rooms",
    summary="Let many into a room at once, as owner or moderator",
    description="All, or nobody. One event tells the room. Who is in already stays what he is.",
    parameters=(ROOM_ID,),
    body=ref("MembersBody"),
    body_examples={"two": {"value": {"members": ["bob", "carol"]}}},
    answered="They are in.",
    answer=ref("LetIn"),
    problems=_ENTRIES,
)

PUT = Operation(
    name="putMember",
    tag="rooms",
    summary="Join a public room, let somebody in, or change a role",
    description=(
        "Anybody joins a public room by himself. Owners and moderators let others in; owners give any role, "
        "moderators `member` and `muted`. What is so already stays so. The body may be left out."
    ),
    parameters=(ROOM_ID, USER_ID),
    body=ref("MemberBody"),
    is_body_required=False,
    body_examples={"plain": {"value": {}}, "muted": {"value": {"role": "muted"}}},
    answered="The user is in.",
    answer=ref("Member"),
    problems=(*_ENTRIES, "last_owner"),
)

DELETE = Operation(
    name="deleteMember",
    tag="rooms",
    summary="Leave a room, or put somebody out",
    description=(
        "Owners put out anybody, moderators members and muted. When the last owner leaves, the oldest "
        "moderator becomes owner, else the oldest member."
    ),
    parameters=(ROOM_ID, USER_ID),
    answered="The user is out.",
    answer=ref("Member"),
    problems=(*_CHANGES, "invalid"),
)

BANS = Operation(
    name="listBans",
    tag="rooms",
    summary="List who is banned from a room, to owners and moderators",
    parameters=(ROOM_ID, PAGE_LIMIT, USER_CURSOR),
    answered="A page.",
    answer=ref("Bans"),
    problems=(*READS, "invalid", *RULED),
)

GET_BAN = Operation(
    name="getBan",
    tag="rooms",
    summary="Ask whether a user is banned, as owner or moderator",
    parameters=(ROOM_ID, USER_ID),
    answered="He is.",
    answer=ref("Ban"),
    problems=(*READS, "invalid", *RULED),
)

BAN = Operation(
    name="putBan",
    tag="rooms",
    summary="Ban a user: put him out, and keep him out",
    description="Owners ban anybody else, moderators members, muted, and who is not in. What is so stays so.",
    parameters=(ROOM_ID, USER_ID),
    answered="He is out.",
    answer=ref("Member"),
    problems=(*_CHANGES, "invalid"),
)

UNBAN = Operation(
    name="deleteBan",
    tag="rooms",
    summary="End a ban: the user may come back",
    parameters=(ROOM_ID, USER_ID),
    answered="The ban has ended; he is not in by that.",
    answer=ref("Member"),
    problems=(*_CHANGES, "invalid"),
)
