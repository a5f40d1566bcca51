"""Members: who is in any room and who is banned from it, and changes of both by administrators.

An administrator does what an owner may, whether they are a member or not; each change is in the audit log.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.responses import Response

from lumen_notify.accept.admin.rooms import NEEDS
from lumen_notify.accept.rooms import room_responses as responses
from lumen_notify.accept.rooms.bans import CURSOR as BANS_CURSOR
from lumen_notify.accept.rooms.bans import ban_item
from lumen_notify.accept.rooms.members import CURSOR, member_item
from lumen_notify.accept.rooms.membership import Membership
from lumen_notify.accept.rooms.paths import room_id, user_id
from lumen_notify.accept.rooms.room_bodies import MemberBody
from lumen_notify.commit.permissions import not_banned
from lumen_notify.commit.rooms.all_rooms import AllRooms
from lumen_notify.commit.rooms.member_list import Ban, Member, MemberList
from lumen_notify.http.context import Context
from lumen_notify.http.operation import OF_BODIES, READS, ROOM_ID, USER_ID, WRITES, Operation
from lumen_notify.http.pages import LIMIT, KeyPage
from lumen_notify.http.responses import answer, no_content
from lumen_notify.http.route import ApiRoute, route
from lumen_notify.model import value

_CHANGES = (*WRITES, "invalid", "forbidden", "not_found", "room_is_direct")

_MEMBER: TypeAdapter[MemberBody] = TypeAdapter(MemberBody)


@value
class AllMembersEndpoints:
    """Lists and changes the members of any room."""

    context: Context
    rooms: AllRooms
    membership: Membership
    member_list: MemberList

    def routes(self) -> Iterator[ApiRoute]:
        """List the routes."""
        yield route(
            "/admin/rooms/{id}/members",
            GET=(
                self.page,
                Operation(
                    name="adminListMembers",
                    tag="admin",
                    summary="List the members of any room",
                    description=NEEDS,
                    parameters=(ROOM_ID, LIMIT, CURSOR.parameter),
                    answered="A page.",
                    response=responses.Members,
                    problems=(*READS, "invalid", "forbidden", "not_found"),
                ),
            ),
        )
        yield route(
            "/admin/rooms/{id}/members/{user:path}",
            PUT=(
                self.put,
                Operation(
                    name="adminSetMember",
                    tag="admin",
                    summary="Mute a member of any room, give them a role, or add a user",
                    description=f"{NEEDS} As an owner of the room would. Idempotent.",
                    parameters=(ROOM_ID, USER_ID),
                    body=MemberBody,
                    is_body_required=False,
                    body_examples={"muted": {"value": {"role": "muted"}}},
                    answered="The user is a member.",
                    response=responses.Member,
                    problems=(*_CHANGES, "banned", "blocked", "too_many_rooms", "last_owner"),
                ),
            ),
            DELETE=(
                self.delete,
                Operation(
                    name="adminRemoveMember",
                    tag="admin",
                    summary="Remove a member from any room",
                    description=f"{NEEDS} If it is the last owner, another member becomes owner.",
                    parameters=(ROOM_ID, USER_ID),
                    status=204,
                    answered="The user is not a member.",
                    problems=_CHANGES,
                ),
            ),
        )
        yield route(
            "/admin/rooms/{id}/bans",
            GET=(
                self.bans,
                Operation(
                    name="adminListBans",
                    tag="admin",
                    summary="List the users banned from any room",
                    description=NEEDS,
                    parameters=(ROOM_ID, LIMIT, BANS_CURSOR.parameter),
                    answered="A page.",
                    response=responses.Bans,
                    problems=(*READS, "invalid", "forbidden", "not_found"),
                ),
            ),
        )
        yield route(
            "/admin/rooms/{id}/bans/{user:path}",
            PUT=(
                self.ban,
                Operation(
                    name="adminBanUser",
                    tag="admin",
                    summary="Ban a user from any room",
                    description=f"{NEEDS} Removes the user and keeps them out. Idempotent.",
                    parameters=(ROOM_ID, USER_ID),
                    answered="The user is banned.",
                    response=responses.Ban,
                    problems=(*_CHANGES, *OF_BODIES),
                ),
            ),
            DELETE=(
                self.unban,
                Operation(
                    name="adminUnbanUser",
                    tag="admin",
                    summary="End a ban from any room",
                    description=f"{NEEDS} The user may join again, but does not become a member by this.",
                    parameters=(ROOM_ID, USER_ID),
                    status=204,
                    answered="The ban has ended.",
                    problems=_CHANGES,
                ),
            ),
        )

    async def page(self, request: Request) -> Response:
        """Answer `GET /admin/rooms/{id}/members`: by user id."""
        await self.context.admin(request)
        page = KeyPage(request, CURSOR, _member_id)
        room = (await self.rooms.get(room_id(request))).id
        rows = await self.member_list.page(room, after=page.after, limit=page.limit + 1)
        return page.answer(rows, member_item)

    async def put(self, request: Request) -> Response:
        """Answer `PUT /admin/rooms/{id}/members/{user}`."""
        principal = await self.context.admin(request)
        user, room = user_id(request), room_id(request)
        text = await self.context.read(request)
        body = self.context.parse(_MEMBER, text) if text else MemberBody()
        put = self.membership.put
        return answer(await put(room, principal.user_id, user, body.role, is_admin=True))

    async def delete(self, request: Request) -> Response:
        """Answer `DELETE /admin/rooms/{id}/members/{user}`. Raises NotFound."""
        principal = await self.context.admin(request)
        user, room = user_id(request), room_id(request)
        await self.membership.change(room, principal.user_id, "remove", (user,), is_admin=True)
        return no_content()

    async def bans(self, request: Request) -> Response:
        """Answer `GET /admin/rooms/{id}/bans`: by user id."""
        await self.context.admin(request)
        page = KeyPage(request, BANS_CURSOR, _banned_id)
        room = (await self.rooms.get(room_id(request))).id
        rows = await self.member_list.bans(room, after=page.after, limit=page.limit + 1)
        return page.answer(rows, ban_item)

    async def ban(self, request: Request) -> Response:
        """Answer `PUT /admin/rooms/{id}/bans/{user}`: remove the user, and keep them out."""
        principal = await self.context.admin(request)
        await self.context.no_body(request)
        user, room = user_id(request), room_id(request)
        await self.membership.change(room, principal.user_id, "ban", (user,), is_admin=True)
        ban = await self.member_list.ban(room, user)
        if ban is None:  # somebody has ended it meanwhile
            raise not_banned()
        return answer(ban_item(ban))

    async def unban(self, request: Request) -> Response:
        """Answer `DELETE /admin/rooms/{id}/bans/{user}`. Raises NotFound."""
        principal = await self.context.admin(request)
        user, room = user_id(request), room_id(request)
        await self.membership.change(room, principal.user_id, "unban", (user,), is_admin=True)
        return no_content()


def _member_id(row: Member) -> str:
    return row.user_id


def _banned_id(row: Ban) -> str:
    return row.user_id
