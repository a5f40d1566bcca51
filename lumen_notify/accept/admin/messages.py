"""Messages: those of any room, for administrators: read and delete them.

Promise: reading is noted in the audit log, before the messages are read.
"""

from __future__ import annotations

from collections.abc import Iterator

from starlette.requests import Request
from starlette.responses import Response

from lumen_notify.accept.admin.rooms import NEEDS
from lumen_notify.accept.rooms import message_responses as responses
from lumen_notify.accept.rooms.messages import MESSAGE_ID
from lumen_notify.accept.rooms.paths import room_id
from lumen_notify.commit.rooms.all_rooms import AllRooms, NoteReading
from lumen_notify.commit.rooms.edits import DeleteMessage
from lumen_notify.http.context import Context
from lumen_notify.http.cursors import Cursor
from lumen_notify.http.operation import ROOM_ID, WRITES, Operation
from lumen_notify.http.pages import LIMIT, answer_rows
from lumen_notify.http.requests import Query
from lumen_notify.http.responses import no_content
from lumen_notify.http.route import ApiRoute, route
from lumen_notify.model import value

CURSOR = Cursor("allmessages", "[0-9]{1,18}")
"""By seq."""

NEWEST = 10**18


@value
class AllMessagesEndpoints:
    """Reads and deletes the messages of any room."""

    context: Context
    rooms: AllRooms

    def routes(self) -> Iterator[ApiRoute]:
        """List the routes."""
        yield route(
            "/admin/rooms/{id}/messages",
            GET=(
                self.page,
                Operation(
                    name="adminListMessages",
                    tag="admin",
                    summary="Read the messages of any room",
                    description=f"{NEEDS} The audit log notes each page.",
                    parameters=(ROOM_ID, LIMIT, CURSOR.parameter),
                    answered="A page, newest first.",
                    response=responses.Messages,
                    problems=(*WRITES, "invalid", "forbidden", "not_found"),
                ),
            ),
        )
        yield route(
            "/admin/rooms/{id}/messages/{message_id:uuid}",
            DELETE=(
                self.delete,
                Operation(
                    name="adminDeleteMessage",
                    tag="admin",
                    summary="Delete a message of any room",
                    description=f"{NEEDS} It keeps its place, without its content.",
                    parameters=(ROOM_ID, MESSAGE_ID),
                    status=204,
                    answered="The message is deleted.",
                    problems=(*WRITES, "forbidden", "not_found"),
                ),
            ),
        )

    async def page(self, request: Request) -> Response:
        """Answer `GET /admin/rooms/{id}/messages`: newest first."""
        principal = await self.context.admin(request)
        query, room = Query(request), room_id(request)
        limit, place = query.limit(), CURSOR.place(query)
        await self.context.committer.submit(NoteReading(room_id=room, admin=principal.user_id))
        before = NEWEST if place is None else int(place)
        rows = await self.rooms.messages(room, before=before, limit=limit + 1)
        return answer_rows(rows, limit, item=lambda row: row[1], cursor=lambda row: CURSOR.at(str(row[0])))

    async def delete(self, request: Request) -> Response:
        """Answer `DELETE /admin/rooms/{id}/messages/{message_id}`. Raises NotFound."""
        principal = await self.context.admin(request)
        room, id_ = room_id(request), str(request.path_params["message_id"])
        await self.context.committer.submit(
            DeleteMessage(room_id=room, user_id=principal.user_id, id=id_, is_admin=True)
        )
        return no_content()
