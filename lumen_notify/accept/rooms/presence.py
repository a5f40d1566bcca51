"""Presence: `GET /rooms/{id}/presence`, which members of a room are online.

Not here: the `presence` events of open streams (`deliver/presence`).
"""

from __future__ import annotations

from collections.abc import Iterator

from starlette.requests import Request
from starlette.responses import Response

from lumen_notify.accept.rooms import room_responses as responses
from lumen_notify.accept.rooms.paths import room_id
from lumen_notify.commit.permissions import RoomAccess
from lumen_notify.commit.presence.presence import MemberPresence, Presence
from lumen_notify.http.context import Context
from lumen_notify.http.cursors import USER_KEY, Cursor
from lumen_notify.http.operation import MEMBERS_ONLY, READS, ROOM_ID, Operation
from lumen_notify.http.pages import LIMIT, KeyPage
from lumen_notify.http.route import ApiRoute, route
from lumen_notify.model import rfc3339, value

CURSOR = Cursor("presence", USER_KEY)
"""By user id."""


@value
class PresenceEndpoint:
    """Lists who is online in a room."""

    context: Context
    access: RoomAccess
    presence: Presence

    def routes(self) -> Iterator[ApiRoute]:
        """List the routes."""
        yield route(
            "/rooms/{id}/presence",
            GET=(
                self.page,
                Operation(
                    name="listPresence",
                    tag="rooms",
                    summary="List which members of a room are online",
                    description=(
                        "For members of the room. A user who appears offline, or who has blocked the caller, "
                        "is `offline` and has no `last_seen_at`."
                    ),
                    parameters=(ROOM_ID, LIMIT, CURSOR.parameter),
                    answered="A page, by user id.",
                    response=responses.RoomPresence,
                    problems=(*READS, "invalid", *MEMBERS_ONLY),
                ),
            ),
        )

    async def page(self, request: Request) -> Response:
        """Answer `GET /rooms/{id}/presence`, to members: by user id."""
        principal = await self.context.caller(request)
        page = KeyPage(request, CURSOR, _user_id)
        room = room_id(request)
        await self.access.require_member(room, principal.user_id)
        rows = await self.presence.of_room(room, principal.user_id, after=page.after, limit=page.limit + 1)
        return page.answer(rows, _item)


def _item(member: MemberPresence) -> responses.MemberPresence:
    seen_at = member.last_seen_at
    return {
        "user": {"id": member.user_id},
        "status": "online" if member.is_online else "offline",
        "devices": list(member.devices),
        "last_seen_at": None if seen_at is None else rfc3339(seen_at),
    }


def _user_id(row: MemberPresence) -> str:
    return row.user_id
