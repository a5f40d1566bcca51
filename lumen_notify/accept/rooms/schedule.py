"""Schedule of a room: its moderators list and cancel what is scheduled to it, whoever did so."""

from __future__ import annotations

from collections.abc import Iterator

from starlette.requests import Request
from starlette.responses import Response

from lumen_notify.accept.notifications import responses
from lumen_notify.accept.notifications.schedule import CURSOR, answer_scheduled
from lumen_notify.accept.rooms.paths import room_id
from lumen_notify.commit.notifications.schedule import Schedule
from lumen_notify.commit.permissions import RoomAccess
from lumen_notify.commit.rooms.schedule import CancelInRoom
from lumen_notify.http.context import Context
from lumen_notify.http.operation import MODERATORS_ONLY, READS, ROOM_ID, WRITES, Operation, path
from lumen_notify.http.pages import LIMIT
from lumen_notify.http.requests import Query
from lumen_notify.http.responses import no_content
from lumen_notify.http.route import ApiRoute, route
from lumen_notify.model import value

_NOTIFICATION_ID = path("notification_id", {"type": "string", "format": "uuid"}, "The notification's id.")


@value
class RoomScheduleEndpoints:
    """Lists and cancels what is scheduled to a room."""

    context: Context
    access: RoomAccess
    schedule: Schedule

    def routes(self) -> Iterator[ApiRoute]:
        """List the routes."""
        yield route(
            "/rooms/{id}/scheduled",
            GET=(
                self.page,
                Operation(
                    name="listScheduledInRoom",
                    tag="rooms",
                    summary="List notifications that are scheduled to a room, soonest first",
                    description="For owners and moderators. The list has those of all authors.",
                    parameters=(ROOM_ID, LIMIT, CURSOR.parameter),
                    answered="A page.",
                    response=responses.ScheduledNotifications,
                    problems=(*READS, "invalid", *MODERATORS_ONLY),
                ),
            ),
        )
        yield route(
            "/rooms/{id}/scheduled/{notification_id:uuid}",
            DELETE=(
                self.delete,
                Operation(
                    name="cancelScheduledInRoom",
                    tag="rooms",
                    summary="Cancel a notification that is scheduled to a room",
                    description="For owners and moderators.",
                    parameters=(ROOM_ID, _NOTIFICATION_ID),
                    status=204,
                    answered="It will not be published.",
                    problems=(*WRITES, *MODERATORS_ONLY),
                ),
            ),
        )

    async def page(self, request: Request) -> Response:
        """Answer `GET /rooms/{id}/scheduled`, to owners and moderators: soonest first."""
        principal = await self.context.caller(request)
        query = Query(request)
        limit, after = query.limit(), CURSOR.read(query)
        room = room_id(request)
        await self.access.require_moderator(room, principal.user_id)
        rows = await self.schedule.page_of_room(room, after=after, limit=limit + 1)
        return answer_scheduled(rows, limit)

    async def delete(self, request: Request) -> Response:
        """Answer `DELETE /rooms/{id}/scheduled/{notification_id}`. Raises NotFound, Forbidden."""
        principal = await self.context.caller(request)
        id_ = str(request.path_params["notification_id"])
        await self.context.committer.submit(
            CancelInRoom(id=id_, room_id=room_id(request), caller=principal.user_id)
        )
        return no_content()
