"""History: the messages of a room, and how far its members have read them."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.responses import Response

from lumen_notify.accept.rooms import message_responses as responses
from lumen_notify.accept.rooms.message_bodies import MAX_SEQ, ReadRoomBody, ReadRoomsBody
from lumen_notify.accept.rooms.messages import MESSAGE_ID
from lumen_notify.accept.rooms.messenger import Messenger
from lumen_notify.accept.rooms.paths import room_id
from lumen_notify.commit.counts import UnreadCounts
from lumen_notify.commit.rooms.history import History, MemberReadMark
from lumen_notify.errors import Invalid
from lumen_notify.http.context import Context
from lumen_notify.http.cursors import USER_KEY, Cursor
from lumen_notify.http.operation import MEMBERS_ONLY, READS, ROOM_ID, WRITES, Operation, query
from lumen_notify.http.pages import LIMIT, MAX_PAGE_BYTES, KeyPage, answer_page, fitting
from lumen_notify.http.requests import Query
from lumen_notify.http.responses import answer, answer_text
from lumen_notify.http.route import ApiRoute, route
from lumen_notify.model import value
from lumen_notify.model.events import MAX_READ_IDS

_READ: TypeAdapter[ReadRoomBody] = TypeAdapter(ReadRoomBody)
_READ_ALL: TypeAdapter[ReadRoomsBody] = TypeAdapter(ReadRoomsBody)

_SEQ = {"type": "integer", "minimum": 0, "maximum": MAX_SEQ}

READS_CURSOR = Cursor("reads", USER_KEY)
"""By user id."""

MESSAGES_CURSOR = Cursor("messages", "(before|after)-[0-9]{1,18}")
"""By seq, in the direction of the page that gave it."""


@value
class HistoryEndpoints:
    """Lists the messages of a room, and marks them as read."""

    context: Context
    messenger: Messenger
    history: History
    counts: UnreadCounts

    def routes(self) -> Iterator[ApiRoute]:
        """List the routes."""
        yield route(
            "/rooms/{id}/messages",
            GET=(
                self.page,
                Operation(
                    name="listMessages",
                    tag="messages",
                    summary="List the messages of a room, by seq",
                    description=(
                        "The newest messages, or those before, after or around a seq. `cursor` continues in "
                        "the direction of the page that gave it. Only one of the four may be given."
                    ),
                    parameters=(
                        ROOM_ID,
                        LIMIT,
                        MESSAGES_CURSOR.parameter,
                        query("before", _SEQ, "The nearest messages below this seq."),
                        query("after", _SEQ, "The nearest messages above this seq."),
                        query("around", _SEQ, "Half of the messages below this seq, the others from it on."),
                    ),
                    answered="A page.",
                    response=responses.Messages,
                    problems=(*READS, "invalid", *MEMBERS_ONLY),
                ),
            ),
        )
        yield route(
            "/rooms/{id}/messages/{message_id:uuid}",
            GET=(
                self.get,
                Operation(
                    name="getMessage",
                    tag="messages",
                    summary="Get one message",
                    parameters=(ROOM_ID, MESSAGE_ID),
                    answered="The message.",
                    response=responses.Message,
                    problems=(*READS, *MEMBERS_ONLY),
                ),
            ),
        )
        yield route(
            "/rooms/{id}/read",
            POST=(
                self.post_read,
                Operation(
                    name="markRoomRead",
                    tag="messages",
                    summary="Mark a room as read up to a message",
                    description=(
                        "The mark only moves forward. The streams of all members get an event with the ids "
                        f"of the newest {MAX_READ_IDS} messages that it covers."
                    ),
                    parameters=(ROOM_ID,),
                    body=ReadRoomBody,
                    body_examples={"read": {"value": {"up_to": 17}}},
                    answered="The mark is committed.",
                    response=responses.MarkedRoom,
                    problems=(*WRITES, *MEMBERS_ONLY),
                ),
            ),
        )
        yield route(
            "/rooms/read",
            POST=(
                self.post_read_all,
                Operation(
                    name="markRoomsRead",
                    tag="messages",
                    summary="Mark all rooms as read",
                    description=(
                        "All messages of all rooms that the caller is in. The members of each room with "
                        "unread messages get an event, as for one room."
                    ),
                    body=ReadRoomsBody,
                    body_examples={"all": {"value": {"all": True}}},
                    answered="The marks are committed.",
                    response=responses.MarkedRooms,
                    problems=WRITES,
                ),
            ),
        )
        yield route(
            "/rooms/{id}/reads",
            GET=(
                self.reads,
                Operation(
                    name="listReadMarks",
                    tag="messages",
                    summary="List how far each member has read",
                    parameters=(ROOM_ID, LIMIT, READS_CURSOR.parameter),
                    answered="A page, by user id.",
                    response=responses.ReadMarks,
                    problems=(*READS, "invalid", *MEMBERS_ONLY),
                ),
            ),
        )

    async def page(self, request: Request) -> Response:
        """Answer `GET /rooms/{id}/messages`: ascending; the newest ones unless the query gives a seq."""
        principal = await self.context.caller(request)
        room = room_id(request)
        query = Query(request)
        limit = query.limit()
        way, seq = _start(query)
        if way == "after":
            seq, older, newer = min(seq + 1, MAX_SEQ), 0, limit
        elif way == "around":
            older, newer = limit // 2, limit - limit // 2
        else:
            older, newer = limit, 0
        # One row more in the direction of the next page.
        rows = await self.history.page(
            room,
            principal.user_id,
            seq=seq,
            older=older + (way != "after"),
            newer=newer + (way == "after"),
        )
        below = [row for row in rows if row[0] < seq][::-1]
        above = rows[len(below) :]
        max_bytes = MAX_PAGE_BYTES // 2 if way == "around" else MAX_PAGE_BYTES
        shown_below = fitting((body for _, body in below[:older]), max_bytes)
        shown_above = fitting((body for _, body in above[:newer]), max_bytes)
        shown, found = (shown_above, above) if way == "after" else (shown_below, below)
        last = found[len(shown) - 1][0] if shown else seq
        onward = "after" if way == "after" else "before"
        cursor = MESSAGES_CURSOR.at(f"{onward}-{last}") if len(shown) < len(found) else None
        return answer_page([*shown_below[::-1], *shown_above], cursor)

    async def get(self, request: Request) -> Response:
        """Answer `GET /rooms/{id}/messages/{message_id}`."""
        principal = await self.context.caller(request)
        id_ = str(request.path_params["message_id"])
        return answer_text(await self.history.get(room_id(request), principal.user_id, id_))

    async def post_read(self, request: Request) -> Response:
        """Answer `POST /rooms/{id}/read`: move the read mark forward; a seq beyond the newest means the
        newest."""
        principal = await self.context.caller(request)
        room = room_id(request)
        body = await self.context.body(request, _READ)
        read = await self.messenger.read(room, principal.user_id, body.up_to)
        room_read: responses.MarkedRoom = {
            "changed": read.changed,
            "last_read_seq": read.last_read_seq,
            "unread": read.unread,
            "position": read.position,
        }
        return answer(room_read)

    async def post_read_all(self, request: Request) -> Response:
        """Answer `POST /rooms/read`: mark all of the caller's rooms as read, in steps."""
        principal = await self.context.caller(request)
        await self.context.body(request, _READ_ALL)
        changed = await self.messenger.read_all(principal.user_id)
        snapshot = (await self.counts.fetch([principal.user_id]))[principal.user_id]
        fields = snapshot.counts.as_fields()
        rooms_read: responses.MarkedRooms = {
            "changed": changed,
            "unread_count": fields["unread_count"],
            "unread": fields["unread"],
            "position": snapshot.position,
        }
        return answer(rooms_read)

    async def reads(self, request: Request) -> Response:
        """Answer `GET /rooms/{id}/reads`: how far each member has read, by user id."""
        principal = await self.context.caller(request)
        room = room_id(request)
        page = KeyPage(request, READS_CURSOR, _user_id)
        rows = await self.history.read_marks(room, principal.user_id, after=page.after, limit=page.limit + 1)
        return page.answer(rows, _item)


def _start(query: Query) -> tuple[str, int]:
    """Return where a page starts: (`before`, `after` or `around`, a seq). Raises Invalid."""
    seqs = {
        name: query.number(name, default=-1, lowest=0, highest=MAX_SEQ)
        for name in ("before", "after", "around")
    }
    place = MESSAGES_CURSOR.place(query)
    given = [*((name, seq) for name, seq in seqs.items() if seq >= 0)]
    if place is not None:
        way, _, seq = place.partition("-")
        given.insert(0, (way, int(seq)))
    if len(given) > 1:
        first = given[0][0] if place is None else "cursor"
        raise Invalid(f"may not be given together with {first}", field=given[1][0])
    return given[0] if given else ("before", MAX_SEQ)


def _item(row: MemberReadMark) -> responses.ReadMark:
    return {"user_id": row.user_id, "last_read_seq": row.last_read_seq}


def _user_id(row: MemberReadMark) -> str:
    return row.user_id
