"""Rooms: create, list, get, rename and delete them.

Promise: a room that the caller may not see is answered as if it did not exist.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.responses import Response

from lumen_notify.accept.rooms import room_responses as responses
from lumen_notify.accept.rooms.paths import room_id
from lumen_notify.accept.rooms.room_bodies import RoomBody, TitleBody
from lumen_notify.commit.permissions import room_not_found
from lumen_notify.commit.rooms.deletion import DeleteRoom, PurgeRoom
from lumen_notify.commit.rooms.rooms import CreatedRoom, CreateRoom, EditRoom, Room, Rooms
from lumen_notify.errors import Invalid
from lumen_notify.http.context import Context
from lumen_notify.http.cursors import MAX_MS, SLUG_KEY, NumberCursor
from lumen_notify.http.operation import BOOLEAN, MODERATORS_ONLY, READS, ROOM_ID, WRITES, Operation, query
from lumen_notify.http.pages import LIMIT, answer_rows
from lumen_notify.http.requests import Query
from lumen_notify.http.responses import answer_text, no_content
from lumen_notify.http.route import ApiRoute, route
from lumen_notify.model import new_id, rfc3339, to_json, value

_ROOM: TypeAdapter[RoomBody] = TypeAdapter(RoomBody)
_TITLE: TypeAdapter[TitleBody] = TypeAdapter(TitleBody)

CURSOR = NumberCursor("rooms", (MAX_MS + 1, ""), highest=MAX_MS, key=SLUG_KEY)
"""By the time of the last activity in milliseconds, then by room id."""

MAX_STEPS = 100
"""The most purge steps in one request: enough for 25,000 members or 100,000 messages."""


@value
class RoomEndpoints:
    """Creates, lists, renames and deletes rooms."""

    context: Context
    rooms: Rooms

    def routes(self) -> Iterator[ApiRoute]:
        """List the routes."""
        yield route(
            "/rooms",
            GET=(
                self.page,
                Operation(
                    name="listRooms",
                    tag="rooms",
                    summary="List the caller's rooms, latest activity first",
                    parameters=(
                        LIMIT,
                        CURSOR.parameter,
                        query("public", BOOLEAN, "`true`: all public rooms instead, newest first."),
                    ),
                    answered="A page.",
                    response=responses.Rooms,
                    problems=(*READS, "invalid"),
                ),
            ),
            POST=(
                self.post,
                Operation(
                    name="createRoom",
                    tag="rooms",
                    summary="Create a room",
                    description=(
                        "The caller becomes its owner. A direct room is created once for two users and has "
                        "no owner: if it exists, the response is 200."
                    ),
                    body=RoomBody,
                    body_examples={
                        "public": {"value": {"id": "general", "kind": "public", "title": "General"}},
                        "direct": {"value": {"kind": "direct", "members": ["bob"]}},
                    },
                    status=201,
                    or_status=200,
                    answered="The room.",
                    response=responses.RoomNow,
                    problems=(*WRITES, "not_found", "room_taken", "blocked", "too_many_rooms"),
                ),
            ),
        )
        yield route(
            "/rooms/{id}",
            GET=(
                self.get,
                Operation(
                    name="getRoom",
                    tag="rooms",
                    summary="Get a room",
                    description="For members of the room; a public room, for every user.",
                    parameters=(ROOM_ID,),
                    answered="The room.",
                    response=responses.Room,
                    problems=(*READS, "not_found"),
                ),
            ),
            PATCH=(
                self.patch,
                Operation(
                    name="updateRoom",
                    tag="rooms",
                    summary="Change the title of a room",
                    description="For owners and moderators.",
                    parameters=(ROOM_ID,),
                    body=TitleBody,
                    body_examples={"title": {"value": {"title": "General talk"}}},
                    answered="The room after the change.",
                    response=responses.RoomNow,
                    problems=(*WRITES, *MODERATORS_ONLY),
                ),
            ),
            DELETE=(
                self.delete,
                Operation(
                    name="deleteRoom",
                    tag="rooms",
                    summary="Delete a room",
                    description=(
                        "For owners. Its members are removed, its messages are deleted, and its id becomes "
                        "available again."
                    ),
                    parameters=(ROOM_ID,),
                    status=204,
                    answered="The room is deleted.",
                    problems=(*WRITES, *MODERATORS_ONLY),
                ),
            ),
        )

    async def post(self, request: Request) -> Response:
        """Answer `POST /rooms`: 201, or 200 for a direct room that exists."""
        principal = await self.context.caller(request)
        body = await self.context.body(request, _ROOM)
        self.context.charge(request, len(body.members))
        if body.kind == "direct" and principal.user_id in body.members:
            raise Invalid("must be another user", field="members")
        made: CreatedRoom = await self.context.committer.submit(
            CreateRoom(
                id=body.id or new_id(),
                kind=body.kind,
                creator=principal.user_id,
                title=body.title,
                members=tuple(dict.fromkeys(body.members)),
                max_rooms=self.context.limits.max_rooms,
            )
        )
        room = await self._at(principal.user_id, made.id, made.position)
        return answer_text(room, 201 if made.is_new else 200)

    async def page(self, request: Request) -> Response:
        """Answer `GET /rooms`: the caller's rooms, latest activity first; or all public rooms."""
        principal = await self.context.caller(request)
        query = Query(request)
        limit, before = query.limit(), CURSOR.read(query)
        is_public = query.flag("public") or False
        rows = await self.rooms.page(principal.user_id, is_public=is_public, before=before, limit=limit + 1)
        return answer_rows(rows, limit, item=_item, cursor=lambda row: CURSOR.text(row.active_at, row.id))

    async def get(self, request: Request) -> Response:
        """Answer `GET /rooms/{id}`."""
        principal = await self.context.caller(request)
        return answer_text(_item(await self.find(principal.user_id, room_id(request))))

    async def patch(self, request: Request) -> Response:
        """Answer `PATCH /rooms/{id}`: change the title."""
        principal = await self.context.caller(request)
        body = await self.context.body(request, _TITLE)
        id_ = room_id(request)
        position: int = await self.context.committer.submit(
            EditRoom(room_id=id_, caller=principal.user_id, title=body.title)
        )
        return answer_text(await self._at(principal.user_id, id_, position))

    async def delete(self, request: Request) -> Response:
        """Answer `DELETE /rooms/{id}` once all members are removed. Retention deletes the remaining rows
        later."""
        principal = await self.context.caller(request)
        id_ = room_id(request)
        await self.context.committer.submit(DeleteRoom(room_id=id_, caller=principal.user_id))
        for _ in range(MAX_STEPS):
            if not await self.context.committer.submit(PurgeRoom(room_id=id_)):
                break
        return no_content()

    async def _at(self, user_id: str, id_: str, position: int) -> str:
        return f'{_item(await self.find(user_id, id_))[:-1]},"position":{position}}}'

    async def find(self, user_id: str, id_: str) -> Room:
        """Return a room that the user may see. Raises NotFound."""
        found = await self.rooms.get(user_id, id_)
        if found is None:
            raise room_not_found()
        return found


def _item(room: Room) -> str:
    fields: dict[str, Any] = {
        "id": room.id,
        "kind": room.kind,
        "title": room.title,
        "peer_id": room.peer_id,
        "created_at": rfc3339(room.created_at),
        "created_by": room.created_by,
        "members_count": room.members_count,
        "last_seq": room.last_seq,
        "role": room.role,
        "last_read_seq": room.last_read_seq,
        "unread": room.unread,
        "push": None if room.is_silent is None else not room.is_silent,
    }
    return f'{to_json(fields)[:-1]},"last_message":{room.last_message or "null"}}}'
