"""Members: who is in a room: join, let in, leave, put out, ban, change a role.

Promise: what is so already is answered as if it had been done now.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from lumen_notify.accept.rooms.room_bodies import MemberBody, MembersBody
from lumen_notify.accept.rooms.rooms import room_id
from lumen_notify.auth import Verifier
from lumen_notify.commit.committer import Committer
from lumen_notify.commit.permissions import Role, no_room, not_a_member, not_banned, rules, too_low
from lumen_notify.commit.rooms.member_list import Ban, Member, Roster
from lumen_notify.commit.rooms.members import Action, Changed, ChangeMembers
from lumen_notify.commit.rooms.rooms import Room, Rooms
from lumen_notify.errors import Invalid
from lumen_notify.http.fields import UserId
from lumen_notify.http.requests import DEFAULT_PAGE, MAX_PAGE, Query, caller, parse, read_body
from lumen_notify.http.responses import answer
from lumen_notify.model import MAX_USER_ID_CHARACTERS, rfc3339, value

_MEMBERS: TypeAdapter[MembersBody] = TypeAdapter(MembersBody)
_MEMBER: TypeAdapter[MemberBody] = TypeAdapter(MemberBody)
_USER: TypeAdapter[str] = TypeAdapter(UserId)


@value
class MemberEndpoints:
    """What a user does with the members of a room. max_batch_rows: whom he lets in at once. max_rooms:
    of one user; 0: no limit."""

    verifier: Verifier
    committer: Committer
    rooms: Rooms
    roster: Roster
    max_body_bytes: int
    max_batch_rows: int
    max_rooms: int

    async def page(self, request: Request) -> Response:
        """Answer `GET /rooms/{id}/members`, to members: in the order of their ids."""
        principal = await caller(request, self.verifier)
        page = UsersPage(request)
        room = await self._inside(principal.user_id, room_id(request))
        rows = await self.roster.page(room.id, after=page.after, limit=page.limit + 1)
        return page.answer(rows, _member)

    async def post(self, request: Request) -> Response:
        """Answer `POST /rooms/{id}/members`: let many in at once."""
        principal = await caller(request, self.verifier)
        context = {"max_batch_rows": self.max_batch_rows}
        body = parse(_MEMBERS, await read_body(request, self.max_body_bytes), context)
        id_ = room_id(request)
        users = tuple(dict.fromkeys(body.members))
        command = ChangeMembers(
            room_id=id_,
            caller=principal.user_id,
            action="let_in",
            users=users,
            role=body.role,
            max_rooms=self.max_rooms,
        )
        changed: Changed = await self.committer.submit(command)
        items = [{"user_id": user_id, "role": role} for user_id, role in changed.roles.items()]
        return answer({"room_id": id_, "items": items, "position": changed.position})

    async def put(self, request: Request) -> Response:
        """Answer `PUT /rooms/{id}/members/{user}`: join, let in, change a role."""
        principal = await caller(request, self.verifier)
        body = await read_body(request, self.max_body_bytes)
        role = parse(_MEMBER, body).role if body else None
        return await self._change(request, principal.user_id, "put", role)

    async def delete(self, request: Request) -> Response:
        """Answer `DELETE /rooms/{id}/members/{user}`: leave, or put out."""
        principal = await caller(request, self.verifier)
        return await self._change(request, principal.user_id, "remove")

    async def ban(self, request: Request) -> Response:
        """Answer `PUT /rooms/{id}/bans/{user}`: put out, and keep out."""
        principal = await caller(request, self.verifier)
        return await self._change(request, principal.user_id, "ban")

    async def unban(self, request: Request) -> Response:
        """Answer `DELETE /rooms/{id}/bans/{user}`: he may come back."""
        principal = await caller(request, self.verifier)
        return await self._change(request, principal.user_id, "unban")

    async def bans(self, request: Request) -> Response:
        """Answer `GET /rooms/{id}/bans`, to owners and moderators: in the order of the users' ids."""
        principal = await caller(request, self.verifier)
        page = UsersPage(request)
        room = await self._ruled(principal.user_id, room_id(request))
        rows = await self.roster.bans(room.id, after=page.after, limit=page.limit + 1)
        return page.answer(rows, _ban)

    async def get_ban(self, request: Request) -> Response:
        """Answer `GET /rooms/{id}/bans/{user}`, to owners and moderators. Raises NotFound."""
        principal = await caller(request, self.verifier)
        user_id = user_in_path(request)
        room = await self._ruled(principal.user_id, room_id(request))
        ban = await self.roster.ban(room.id, user_id)
        if ban is None:
            raise not_banned()
        return answer(_ban(ban))

    async def _inside(self, user_id: str, id_: str) -> Room:
        """Return a room that the user is in. Raises NotFound, Forbidden."""
        room = await self.rooms.get(user_id, id_)
        if room is None:
            raise no_room()
        if room.role is None:
            raise not_a_member()
        return room

    async def _ruled(self, user_id: str, id_: str) -> Room:
        """Return a room that the user looks after. Raises NotFound, Forbidden."""
        room = await self._inside(user_id, id_)
        if not rules(room.role):
            raise too_low()
        return room

    async def _change(
        self, request: Request, caller_id: str, action: Action, role: Role | None = None
    ) -> Response:
        user_id, room = user_in_path(request), room_id(request)
        command = ChangeMembers(
            room_id=room,
            caller=caller_id,
            action=action,
            users=(user_id,),
            role=role,
            max_rooms=self.max_rooms,
        )
        changed: Changed = await self.committer.submit(command)
        member = {
            "room_id": room,
            "user_id": user_id,
            "role": changed.roles[user_id],
            "position": changed.position,
        }
        return answer(member)


class _OfUser(Protocol):
    @property
    def user_id(self) -> str: ...


Row = TypeVar("Row", bound=_OfUser)


class UsersPage:
    """A page of a list in the order of users' ids. after: the id that it goes on after. limit: the most that
    it shows; who reads one row more knows whether there is a next page. Raises Invalid."""

    def __init__(self, request: Request) -> None:
        query = Query(request)
        self.limit = query.number("limit", default=DEFAULT_PAGE, lowest=1, highest=MAX_PAGE)
        self.after = _after(query.text("cursor"))
        query.done()

    def answer(self, rows: Sequence[Row], item: Callable[[Row], Mapping[str, Any]]) -> Response:
        """Answer with the page. item: shapes a row."""
        next_cursor = rows[self.limit - 1].user_id if len(rows) > self.limit else None
        return answer({"items": [item(row) for row in rows[: self.limit]], "next_cursor": next_cursor})


def _member(member: Member) -> dict[str, Any]:
    return {"user_id": member.user_id, "role": member.role, "last_read_seq": member.last_read_seq}


def _ban(ban: Ban) -> dict[str, Any]:
    return {"user_id": ban.user_id, "banned_by": ban.banned_by, "banned_at": rfc3339(ban.banned_at)}


def user_in_path(request: Request) -> str:
    """Return the user's id, the path's last part. Raises Invalid."""
    try:
        return _USER.validate_python(request.path_params["user"])
    except ValidationError:
        raise Invalid(
            f"must be 1 to {MAX_USER_ID_CHARACTERS} characters, none of them a control character",
            field="user",
        ) from None


def _after(cursor: str | None) -> str:
    """Return the user id that a list of users goes on after. Raises Invalid."""
    try:
        return "" if cursor is None else _USER.validate_python(cursor)
    except ValidationError:
        raise Invalid("must be the next_cursor of the page before", field="cursor") from None
