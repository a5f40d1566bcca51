"""Rooms: make them, list them, look at one, rename it, end it.

Promise: a room that the caller may not see is answered as if there were no such thing.
"""

from __future__ import annotations

import re
from typing import Any

from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.responses import Response

from lumen_notify.accept.rooms.room_bodies import RoomBody, TitleBody
from lumen_notify.auth import Verifier
from lumen_notify.commit.committer import Committer
from lumen_notify.commit.permissions import room_not_found
from lumen_notify.commit.rooms.deletion import DeleteRoom, PurgeRoom
from lumen_notify.commit.rooms.rooms import CreatedRoom, CreateRoom, EditRoom, Room, Rooms
from lumen_notify.errors import Invalid
from lumen_notify.http.fields import slug
from lumen_notify.http.requests import DEFAULT_PAGE, MAX_PAGE, Query, caller, parse, read_body
from lumen_notify.http.responses import answer, answer_text
from lumen_notify.model import new_id, rfc3339, to_json, value

_ROOM: TypeAdapter[RoomBody] = TypeAdapter(RoomBody)
_TITLE: TypeAdapter[TitleBody] = TypeAdapter(TitleBody)

_CURSOR = re.compile(r"([0-9]{1,15})-([a-z0-9_.-]{1,64})\Z")

NEWEST = (10**15, "")
"""Above every room's time."""

MAX_STEPS = 100
"""Of purging, within one request: as many as 25,000 members take, or 100,000 messages."""


@value
class RoomEndpoints:
    """What a user does with rooms. max_batch_rows: members that a room is made with. max_rooms: of one
    user, beside direct ones; 0: no limit."""

    verifier: Verifier
    committer: Committer
    rooms: Rooms
    max_body_bytes: int
    max_batch_rows: int
    max_rooms: int

    async def post(self, request: Request) -> Response:
        """Answer `POST /rooms`: 201, or 200 for the direct room that was there."""
        principal = await caller(request, self.verifier)
        context = {"max_batch_rows": self.max_batch_rows}
        body = parse(_ROOM, await read_body(request, self.max_body_bytes), context)
        if body.kind == "direct" and principal.user_id in body.members:
            raise Invalid("a direct room needs somebody else", field="members")
        made: CreatedRoom = await self.committer.submit(
            CreateRoom(
                id=body.id or new_id(),
                kind=body.kind,
                creator=principal.user_id,
                title=body.title,
                members=tuple(dict.fromkeys(body.members)),
                max_rooms=self.max_rooms,
            )
        )
        room = await self._at(principal.user_id, made.id, made.position)
        return answer_text(room, 201 if made.is_new else 200)

    async def page(self, request: Request) -> Response:
        """Answer `GET /rooms`: the caller's, the newest activity first; or all public ones."""
        principal = await caller(request, self.verifier)
        query = Query(request)
        limit = query.number("limit", default=DEFAULT_PAGE, lowest=1, highest=MAX_PAGE)
        before = _before(query.text("cursor"))
        is_public = query.flag("public") or False
        query.done()
        rows = await self.rooms.page(principal.user_id, is_public=is_public, before=before, limit=limit + 1)
        last = rows[limit - 1] if len(rows) > limit else None
        next_cursor = "null" if last is None else f'"{last.active_at}-{last.id}"'
        items = ",".join(map(_item, rows[:limit]))
        return answer_text(f'{{"items":[{items}],"next_cursor":{next_cursor}}}')

    async def get(self, request: Request) -> Response:
        """Answer `GET /rooms/{id}`."""
        principal = await caller(request, self.verifier)
        return answer_text(_item(await self.find(principal.user_id, room_id(request))))

    async def patch(self, request: Request) -> Response:
        """Answer `PATCH /rooms/{id}`: another title."""
        principal = await caller(request, self.verifier)
        body = parse(_TITLE, await read_body(request, self.max_body_bytes))
        id_ = room_id(request)
        position: int = await self.committer.submit(
            EditRoom(room_id=id_, caller=principal.user_id, title=body.title)
        )
        return answer_text(await self._at(principal.user_id, id_, position))

    async def delete(self, request: Request) -> Response:
        """Answer `DELETE /rooms/{id}`, once all its members have left. What is left then is for retention."""
        principal = await caller(request, self.verifier)
        id_ = room_id(request)
        await self.committer.submit(DeleteRoom(room_id=id_, caller=principal.user_id))
        for _ in range(MAX_STEPS):
            if not await self.committer.submit(PurgeRoom(room_id=id_)):
                break
        return answer({"id": id_, "status": "deleted"})

    async def _at(self, user_id: str, id_: str, position: int) -> str:
        return f'{_item(await self.find(user_id, id_))[:-1]},"position":{position}}}'

    async def find(self, user_id: str, id_: str) -> Room:
        """Return a room that the user may see. Raises NotFound."""
        found = await self.rooms.get(user_id, id_)
        if found is None:
            raise room_not_found()
        return found


def room_id(request: Request) -> str:
    """Return the room's id in the path. Raises NotFound: no room could have it."""
    id_: str = request.path_params["id"]
    try:
        return slug(id_)
    except ValueError:
        raise room_not_found() from None


def _before(cursor: str | None) -> tuple[int, str]:
    if cursor is None:
        return NEWEST
    found = _CURSOR.match(cursor)
    if found is None:
        raise Invalid("must be the next_cursor of the page before", field="cursor")
    return (int(found[1]), found[2])


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
    }
    return f'{to_json(fields)[:-1]},"last_message":{room.last_message or "null"}}}'
