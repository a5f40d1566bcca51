"""Rooms: all of them, for administrators: list, get and delete them, whoever is in them.

Not here: their members (`members`), their messages (`messages`).
"""

from __future__ import annotations

from collections.abc import Iterator

from starlette.requests import Request
from starlette.responses import Response

from lumen_notify.accept.admin import responses
from lumen_notify.accept.rooms.paths import room_id
from lumen_notify.accept.rooms.rooms import MAX_STEPS
from lumen_notify.auth import ADMIN
from lumen_notify.commit.rooms.all_rooms import AllRooms, AnyRoom
from lumen_notify.commit.rooms.deletion import DeleteRoom, PurgeRoom
from lumen_notify.http.context import Context
from lumen_notify.http.cursors import SLUG_KEY, Cursor
from lumen_notify.http.fields import line_schema
from lumen_notify.http.operation import READS, ROOM_ID, WRITES, Operation, query
from lumen_notify.http.pages import LIMIT, answer_items
from lumen_notify.http.requests import Query
from lumen_notify.http.responses import answer, no_content
from lumen_notify.http.route import ApiRoute, route
from lumen_notify.model import rfc3339, value

CURSOR = Cursor("allrooms", SLUG_KEY)
"""By id."""

NEEDS = f"Needs the scope `{ADMIN}`."


@value
class AllRoomsEndpoints:
    """Lists and deletes rooms."""

    context: Context
    rooms: AllRooms

    def routes(self) -> Iterator[ApiRoute]:
        """List the routes."""
        yield route(
            "/admin/rooms",
            GET=(
                self.page,
                Operation(
                    name="adminListRooms",
                    tag="admin",
                    summary="List all rooms",
                    description=f"{NEEDS} Public, private and direct ones, whoever is in them.",
                    parameters=(
                        LIMIT,
                        CURSOR.parameter,
                        query("query", line_schema(64), "Only rooms whose id begins with this text."),
                    ),
                    answered="A page, by id.",
                    response=responses.AnyRooms,
                    problems=(*READS, "invalid", "forbidden"),
                ),
            ),
        )
        yield route(
            "/admin/rooms/{id}",
            GET=(
                self.get,
                Operation(
                    name="adminGetRoom",
                    tag="admin",
                    summary="Get any room",
                    description=NEEDS,
                    parameters=(ROOM_ID,),
                    answered="The room.",
                    response=responses.AnyRoom,
                    problems=(*READS, "forbidden", "not_found"),
                ),
            ),
            DELETE=(
                self.delete,
                Operation(
                    name="adminDeleteRoom",
                    tag="admin",
                    summary="Delete any room",
                    description=f"{NEEDS} As its owner would; direct rooms, too.",
                    parameters=(ROOM_ID,),
                    status=204,
                    answered="The room is deleted.",
                    problems=(*WRITES, "forbidden", "not_found"),
                ),
            ),
        )

    async def page(self, request: Request) -> Response:
        """Answer `GET /admin/rooms`: by id."""
        await self.context.admin(request)
        query = Query(request)
        rows, after = await self.rooms.page(
            prefix=query.line("query", 64) or "", after=CURSOR.place(query) or "", limit=query.limit()
        )
        return answer_items(rows, after, item=_item, cursor=CURSOR, key=_id)

    async def get(self, request: Request) -> Response:
        """Answer `GET /admin/rooms/{id}`. Raises NotFound."""
        await self.context.admin(request)
        return answer(_item(await self.rooms.get(room_id(request))))

    async def delete(self, request: Request) -> Response:
        """Answer `DELETE /admin/rooms/{id}` once all members are removed. Retention deletes the rest."""
        principal = await self.context.admin(request)
        id_ = room_id(request)
        submit = self.context.committer.submit
        await submit(DeleteRoom(room_id=id_, caller=principal.user_id, is_admin=True))
        for _ in range(MAX_STEPS):
            if not await submit(PurgeRoom(room_id=id_)):
                break
        return no_content()


def _id(room: AnyRoom) -> str:
    return room.id


def _item(room: AnyRoom) -> responses.AnyRoom:
    return {
        "id": room.id,
        "kind": room.kind,
        "title": room.title,
        "users": None if room.users is None else list(room.users),
        "created_at": rfc3339(room.created_at),
        "created_by": room.created_by,
        "members_count": room.members_count,
        "last_seq": room.last_seq,
        "active_at": rfc3339(room.active_at),
    }
