"""Operations of what is said in rooms."""

from __future__ import annotations

from lumen_notify.accept.rooms.message_bodies import MAX_SEQ
from lumen_notify.api.openapi.operation import Operation, path, query
from lumen_notify.api.openapi.operations.rooms import INSIDE, ROOM_ID, RULED
from lumen_notify.api.openapi.operations.shared import PAGE_LIMIT, READS, USER_CURSOR, WRITES
from lumen_notify.api.openapi.schema import ref
from lumen_notify.auth import PUBLISH as PUBLISH_SCOPE
from lumen_notify.commit.rooms.read_marks import MAX_IDS
from lumen_notify.deliver.ephemeral.typing import REPEAT_SECONDS, TIMEOUT_SECONDS

MESSAGE = path("message_id", {"type": "string", "format": "uuid"}, "The message's id.")

_SEQ = {"type": "integer", "minimum": 0, "maximum": MAX_SEQ}

SEND = Operation(
    name="sendMessage",
    tag="rooms",
    summary="Send a message",
    description=(
        "The answer comes once it is committed. With a `client_id` it may be sent again: the repeat is "
        "answered by 200, with the ids of the first. Sending reads the room up to the message. "
        f"Kind `system` needs the scope `{PUBLISH_SCOPE}`, and no membership."
    ),
    parameters=(ROOM_ID,),
    body=ref("MessageBody"),
    body_examples={
        "text": {"value": {"content": "hi", "client_id": "7f3a"}},
        "image": {"value": {"kind": "image", "data": {"url": "/photos/7.jpg"}}},
    },
    status=201,
    or_status=200,
    answered="It is committed.",
    answer=ref("Sent"),
    problems=(*WRITES, *INSIDE, "forbidden", "muted", "blocked"),
)

LIST = Operation(
    name="listMessages",
    tag="rooms",
    summary="List the messages of a room, in the order of their seq",
    description=(
        "The newest, or those before, after or around a seq: one of the three at most. Unknown parameters "
        "are refused."
    ),
    parameters=(
        ROOM_ID,
        PAGE_LIMIT,
        query("before", _SEQ, "The nearest below this seq."),
        query("after", _SEQ, "The nearest above this seq."),
        query("around", _SEQ, "Half of them below this seq, the others from it on."),
    ),
    answered="A page.",
    answer=ref("Messages"),
    problems=(*READS, "invalid", *INSIDE),
)

GET = Operation(
    name="getMessage",
    tag="rooms",
    summary="Get one message",
    parameters=(ROOM_ID, MESSAGE),
    answered="The message.",
    answer=ref("Message"),
    problems=(*READS, *INSIDE),
)

READ = Operation(
    name="readRoom",
    tag="rooms",
    summary="Read a room up to a message",
    description=(
        "Forward only: what is read stays so. Every member's streams are told, with the ids of the newest "
        f"{MAX_IDS} messages that were read."
    ),
    parameters=(ROOM_ID,),
    body=ref("ReadRoomBody"),
    body_examples={"read": {"value": {"up_to": 17}}},
    answered="The mark is committed.",
    answer=ref("RoomRead"),
    problems=(*WRITES, *INSIDE),
)

READS_OF_ROOM = Operation(
    name="listReads",
    tag="rooms",
    summary="List how far each member has read",
    parameters=(
        ROOM_ID,
        PAGE_LIMIT,
        USER_CURSOR,
    ),
    answered="A page, by user id.",
    answer=ref("Reads"),
    problems=(*READS, "invalid", *INSIDE),
)

EDIT = Operation(
    name="editMessage",
    tag="rooms",
    summary="Let one's own message say something else",
    description="What changes nothing is no event.",
    parameters=(ROOM_ID, MESSAGE),
    body=ref("EditBody"),
    body_examples={"plain": {"value": {"content": "hello"}}},
    answered="The message as it is now.",
    answer=ref("Message"),
    problems=(*WRITES, *RULED, "muted", "blocked"),
)

DELETE = Operation(
    name="deleteMessage",
    tag="rooms",
    summary="Delete a message: one's own, or anybody's as owner or moderator",
    description="Its place is left, without what it said; the notifications of those it mentions are gone.",
    parameters=(ROOM_ID, MESSAGE),
    answered="What is left of the message.",
    answer=ref("Message"),
    problems=(*WRITES, *RULED),
)

DIRECT = Operation(
    name="sendDirectMessage",
    tag="rooms",
    summary="Send a message to one user",
    description=(
        "In the direct room of the two, which is made if there is none. Else as a message to a room, but "
        "that nobody is mentioned."
    ),
    body=ref("DirectBody"),
    body_examples={"plain": {"value": {"to": "bob", "content": "hi"}}},
    status=201,
    or_status=200,
    answered="It is committed; 200: it had been sent before, by the same `client_id`.",
    answer=ref("Sent"),
    problems=(*WRITES, "blocked"),
)

TYPING = Operation(
    name="setTyping",
    tag="rooms",
    summary="Tell the others in a room whether one is typing",
    description=(
        f"Nothing is stored. Repeat it while the user types: after {TIMEOUT_SECONDS:g} seconds it "
        f"ends. The others are told at most every {REPEAT_SECONDS:g} seconds."
    ),
    parameters=(ROOM_ID,),
    body=ref("TypingBody"),
    body_examples={"on": {"value": {"is_typing": True}}},
    answered="The others are told.",
    answer=ref("Typing"),
    problems=(*READS, *INSIDE, "muted", "blocked"),
)
