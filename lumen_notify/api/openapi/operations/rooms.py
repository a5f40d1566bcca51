"""Operations of rooms."""

from __future__ import annotations

from pydantic import TypeAdapter

from lumen_notify.api.openapi.operation import Operation, path, query
from lumen_notify.api.openapi.operations.shared import FLAG, PAGE_LIMIT, READS, WRITES, page_cursor
from lumen_notify.api.openapi.schema import ref
from lumen_notify.http.fields import RoomId

ROOM_ID = path("id", TypeAdapter(RoomId).json_schema(), "The room's id.")
"""A room in a path."""

INSIDE = ("not_found", "not_a_member")
"""What those get who are not in the room: the first if it is not public."""

RULED = (*INSIDE, "role_too_low")
"""What those get who do not look after it."""

CREATE = Operation(
    name="createRoom",
    tag="rooms",
    summary="Make a room",
    description=(
        "The caller owns it. The direct room of two is made once, and found from then on: it is answered by "
        "200 if it was there, and nobody owns it."
    ),
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
    parameters=(
        PAGE_LIMIT,
        page_cursor({"type": "string", "pattern": "^[0-9]{1,15}-[a-z0-9_.-]{1,64}$"}),
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
    parameters=(ROOM_ID,),
    answered="The room.",
    answer=ref("Room"),
    problems=(*READS, "not_found"),
)

PATCH = Operation(
    name="patchRoom",
    tag="rooms",
    summary="Give a room another title, as owner or moderator",
    parameters=(ROOM_ID,),
    body=ref("TitleBody"),
    body_examples={"title": {"value": {"title": "General talk"}}},
    answered="The room as it is now.",
    answer=ref("RoomNow"),
    problems=(*WRITES, *RULED),
)

DELETE = Operation(
    name="deleteRoom",
    tag="rooms",
    summary="End a room, as owner",
    description="Its members leave, its messages go, and its id is free again a moment later.",
    parameters=(ROOM_ID,),
    answered="Nobody finds it any more.",
    answer=ref("ClosedRoom"),
    problems=(*WRITES, *RULED),
)
