"""Members: list a room's members; join, add, leave, remove, change a role.

Promise: requests are idempotent: one that changes nothing gets the same response as the first one.

Not here: bans (`bans`).
"""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.responses import Response

from lumen_notify.accept.rooms import room_responses as responses
from lumen_notify.accept.rooms.membership import Membership
from lumen_notify.accept.rooms.paths import room_id, user_id
from lumen_notify.accept.rooms.room_bodies import MemberBody, MembersBody
from lumen_notify.commit.permissions import RoomAccess
from lumen_notify.commit.rooms.member_list import Member, MemberList
from lumen_notify.http.context import Context
from lumen_notify.http.cursors import USER_KEY, Cursor
from lumen_notify.http.operation import (
    MEMBERS_ONLY,
    MODERATORS_ONLY,
    READS,
    ROOM_ID,
    USER_ID,
    WRITES,
    Operation,
)
from lumen_notify.http.pages import LIMIT, KeyPage
from lumen_notify.http.responses import answer, no_content
from lumen_notify.http.route import ApiRoute, route
from lumen_notify.model import value

CHANGES = (*WRITES, *MODERATORS_ONLY, "room_is_direct")
"""Problem codes of operations that change members."""

_ADDITIONS = (*CHANGES, "banned", "blocked", "too_many_rooms")

_MEMBERS: TypeAdapter[MembersBody] = TypeAdapter(MembersBody)
_MEMBER: TypeAdapter[MemberBody] = TypeAdapter(MemberBody)

CURSOR = Cursor("members", USER_KEY)
"""By user id."""


@value
class MemberEndpoints:
    """Lists and changes the members of a room."""

    context: Context
    access: RoomAccess
    membership: Membership
    member_list: MemberList

    def routes(self) -> Iterator[ApiRoute]:
        """List the routes."""
        yield route(
            "/rooms/{id}/members",
            GET=(
                self.page,
                Operation(
                    name="listMembers",
                    tag="rooms",
                    summary="List the members of a room",
                    description="For members of the room.",
                    parameters=(ROOM_ID, LIMIT, CURSOR.parameter),
                    answered="A page.",
                    response=responses.Members,
                    problems=(*READS, "invalid", *MEMBERS_ONLY),
                ),
            ),
            POST=(
                self.post,
                Operation(
                    name="addMembers",
                    tag="rooms",
                    summary="Add several members to a room",
                    description=(
                        "For owners and moderators. All users are added, or none; the room gets one event. "
                        "Members keep their role."
                    ),
                    parameters=(ROOM_ID,),
                    body=MembersBody,
                    body_examples={"two": {"value": {"members": ["bob", "carol"]}}},
                    answered="The users are members.",
                    response=responses.AddedMembers,
                    problems=_ADDITIONS,
                ),
            ),
        )
        yield route(
            "/rooms/{id}/members/{user:path}",
            PUT=(
                self.put,
                Operation(
                    name="setMember",
                    tag="rooms",
                    summary="Join a public room, add a member, or change a role",
                    description=(
                        "Every user can join a public room. Owners and moderators add members; owners assign "
                        "any role, moderators `member` and `muted`. Idempotent. The body may be omitted."
                    ),
                    parameters=(ROOM_ID, USER_ID),
                    body=MemberBody,
                    is_body_required=False,
                    body_examples={"plain": {"value": {}}, "muted": {"value": {"role": "muted"}}},
                    answered="The user is a member.",
                    response=responses.Member,
                    problems=(*_ADDITIONS, "last_owner"),
                ),
            ),
            DELETE=(
                self.delete,
                Operation(
                    name="removeMember",
                    tag="rooms",
                    summary="Leave a room, or remove a member",
                    description=(
                        "Owners remove any member, moderators those with the role `member` or `muted`. When "
                        "the last owner leaves, the longest-standing moderator becomes owner, or else the "
                        "longest-standing member: of those who are not muted, and who have joined or sent a "
                        "message themselves."
                    ),
                    parameters=(ROOM_ID, USER_ID),
                    status=204,
                    answered="The user is not a member.",
                    problems=(*CHANGES, "invalid"),
                ),
            ),
        )

    async def page(self, request: Request) -> Response:
        """Answer `GET /rooms/{id}/members`, to members: by user id."""
        principal = await self.context.caller(request)
        page = KeyPage(request, CURSOR, _user_id)
        room = room_id(request)
        await self.access.require_member(room, principal.user_id)
        rows = await self.member_list.page(room, after=page.after, limit=page.limit + 1)
        return page.answer(rows, member_item)

    async def post(self, request: Request) -> Response:
        """Answer `POST /rooms/{id}/members`: add several members."""
        principal = await self.context.caller(request)
        body = await self.context.body(request, _MEMBERS)
        self.context.charge(request, len(body.members) - 1)
        id_ = room_id(request)
        users = tuple(dict.fromkeys(body.members))
        changed = await self.membership.change(id_, principal.user_id, "add", users, body.role)
        items = [{"user_id": user_id, "role": role} for user_id, role in changed.roles.items()]
        return answer({"room_id": id_, "items": items, "position": changed.position})

    async def put(self, request: Request) -> Response:
        """Answer `PUT /rooms/{id}/members/{user}`: join, add, change a role."""
        principal = await self.context.caller(request)
        body = await self.context.read(request)
        role = self.context.parse(_MEMBER, body).role if body else None
        user, room = user_id(request), room_id(request)
        return answer(await self.membership.put(room, principal.user_id, user, role))

    async def delete(self, request: Request) -> Response:
        """Answer `DELETE /rooms/{id}/members/{user}`: leave, or remove."""
        principal = await self.context.caller(request)
        user, room = user_id(request), room_id(request)
        await self.membership.change(room, principal.user_id, "remove", (user,))
        return no_content()


def member_item(member: Member) -> responses.ListedMember:
    """Return a member as lists show them."""
    return {
        "user_id": member.user_id,
        "username": member.username,
        "avatar": member.avatar,
        "role": member.role,
        "last_read_seq": member.last_read_seq,
    }


def _user_id(row: Member) -> str:
    return row.user_id
