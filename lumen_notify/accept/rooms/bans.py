"""Bans: users who are kept out of a room.

Promise: requests are idempotent: one that changes nothing gets the same response as the first one.
"""

from __future__ import annotations

from collections.abc import Iterator

from starlette.requests import Request
from starlette.responses import Response

from lumen_notify.accept.rooms import room_responses as responses
from lumen_notify.accept.rooms.members import CHANGES
from lumen_notify.accept.rooms.membership import Membership
from lumen_notify.accept.rooms.paths import room_id, user_id
from lumen_notify.commit.permissions import RoomAccess, not_banned
from lumen_notify.commit.rooms.member_list import Ban, MemberList
from lumen_notify.http.context import Context
from lumen_notify.http.cursors import USER_KEY, Cursor
from lumen_notify.http.operation import MODERATORS_ONLY, OF_BODIES, READS, ROOM_ID, USER_ID, Operation
from lumen_notify.http.pages import LIMIT, KeyPage
from lumen_notify.http.responses import answer, no_content
from lumen_notify.http.route import ApiRoute, route
from lumen_notify.model import rfc3339, value

CURSOR = Cursor("bans", USER_KEY)
"""By user id."""


@value
class BanEndpoints:
    """Bans and unbans users, for owners and moderators of a room."""

    context: Context
    access: RoomAccess
    membership: Membership
    member_list: MemberList

    def routes(self) -> Iterator[ApiRoute]:
        """List the routes."""
        yield route(
            "/rooms/{id}/bans",
            GET=(
                self.page,
                Operation(
                    name="listBans",
                    tag="rooms",
                    summary="List the users banned from a room",
                    description="For owners and moderators.",
                    parameters=(ROOM_ID, LIMIT, CURSOR.parameter),
                    answered="A page.",
                    response=responses.Bans,
                    problems=(*READS, "invalid", *MODERATORS_ONLY),
                ),
            ),
        )
        yield route(
            "/rooms/{id}/bans/{user:path}",
            GET=(
                self.get,
                Operation(
                    name="getBan",
                    tag="rooms",
                    summary="Check whether a user is banned from a room",
                    description="For owners and moderators.",
                    parameters=(ROOM_ID, USER_ID),
                    answered="The user is banned.",
                    response=responses.Ban,
                    problems=(*READS, "invalid", *MODERATORS_ONLY),
                ),
            ),
            PUT=(
                self.put,
                Operation(
                    name="banUser",
                    tag="rooms",
                    summary="Ban a user from a room",
                    description=(
                        "Removes the user and keeps them out. Owners ban any other user; moderators ban "
                        "users who are not owner or moderator. Idempotent."
                    ),
                    parameters=(ROOM_ID, USER_ID),
                    answered="The user is banned.",
                    response=responses.Ban,
                    problems=(*CHANGES, *OF_BODIES),
                ),
            ),
            DELETE=(
                self.delete,
                Operation(
                    name="unbanUser",
                    tag="rooms",
                    summary="End a ban",
                    description="The user may join again, but does not become a member by this.",
                    parameters=(ROOM_ID, USER_ID),
                    status=204,
                    answered="The ban has ended.",
                    problems=(*CHANGES, "invalid"),
                ),
            ),
        )

    async def page(self, request: Request) -> Response:
        """Answer `GET /rooms/{id}/bans`, to owners and moderators: by user id."""
        principal = await self.context.caller(request)
        page = KeyPage(request, CURSOR, _user_id)
        room = room_id(request)
        await self.access.require_moderator(room, principal.user_id)
        rows = await self.member_list.bans(room, after=page.after, limit=page.limit + 1)
        return page.answer(rows, ban_item)

    async def get(self, request: Request) -> Response:
        """Answer `GET /rooms/{id}/bans/{user}`, to owners and moderators. Raises NotFound."""
        principal = await self.context.caller(request)
        user, room = user_id(request), room_id(request)
        await self.access.require_moderator(room, principal.user_id)
        return await self._ban(room, user)

    async def put(self, request: Request) -> Response:
        """Answer `PUT /rooms/{id}/bans/{user}`: remove the user, and keep them out."""
        principal = await self.context.caller(request)
        await self.context.no_body(request)
        user, room = user_id(request), room_id(request)
        await self.membership.change(room, principal.user_id, "ban", (user,))
        return await self._ban(room, user)

    async def delete(self, request: Request) -> Response:
        """Answer `DELETE /rooms/{id}/bans/{user}`: the user may join again."""
        principal = await self.context.caller(request)
        user, room = user_id(request), room_id(request)
        await self.membership.change(room, principal.user_id, "unban", (user,))
        return no_content()

    async def _ban(self, room: str, user: str) -> Response:
        ban = await self.member_list.ban(room, user)
        if ban is None:
            raise not_banned()
        return answer(ban_item(ban))


def ban_item(ban: Ban) -> responses.Ban:
    """Return a ban as lists show it."""
    return {"user_id": ban.user_id, "banned_by": ban.banned_by, "banned_at": rfc3339(ban.banned_at)}


def _user_id(row: Ban) -> str:
    return row.user_id
