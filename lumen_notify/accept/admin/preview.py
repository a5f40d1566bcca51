"""Preview: how many users a notification would reach, before an administrator sends it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.responses import Response

from lumen_notify.accept.admin import responses
from lumen_notify.accept.admin.rooms import NEEDS
from lumen_notify.accept.notifications.bodies import To
from lumen_notify.commit.accounts.known_users import MAX_COUNTED, KnownUsers
from lumen_notify.commit.presence.online import Online
from lumen_notify.commit.rooms.all_rooms import AllRooms
from lumen_notify.http.context import Context
from lumen_notify.http.fields import Body
from lumen_notify.http.operation import READS, Operation
from lumen_notify.http.responses import answer
from lumen_notify.http.route import ApiRoute, route
from lumen_notify.model import value


class PreviewBody(Body):
    """The recipients of a notification."""

    to: To
    """As in `POST /notifications`."""


_PREVIEW: TypeAdapter[PreviewBody] = TypeAdapter(PreviewBody)


@value
class PreviewEndpoint:
    """Counts recipients. count_online: of all users, on all instances."""

    context: Context
    users: KnownUsers
    rooms: AllRooms
    online: Online
    count_online: Callable[[], int]

    def routes(self) -> Iterator[ApiRoute]:
        """List the routes."""
        yield route(
            "/admin/notifications/preview",
            POST=(
                self.post,
                Operation(
                    name="adminPreviewNotification",
                    tag="admin",
                    summary="Count the users whom a notification would reach",
                    description=(
                        f"{NEEDS} Nothing is published. For all, the users are counted who are known; a "
                        "notification to all also reaches those who come later, while it is kept."
                    ),
                    body=PreviewBody,
                    body_examples={"all": {"value": {"to": {"all": True}}}},
                    answered="The number of users.",
                    response=responses.Preview,
                    problems=(*READS, "forbidden", "not_found"),
                ),
            ),
        )

    async def post(self, request: Request) -> Response:
        """Answer `POST /admin/notifications/preview`. Raises NotFound for a room that does not exist."""
        await self.context.admin(request)
        to = (await self.context.body(request, _PREVIEW)).to
        online: int | None = None
        if to.all:
            online = self.count_online()
            reaches = max(await self.users.count(), online)
        elif to.room is not None:
            reaches = (await self.rooms.get(to.room)).members_count
        else:
            users = list(dict.fromkeys(to.users or [to.user or ""]))
            reaches = len(users)
            online = len(await self.online.devices(users))
        preview: responses.Preview = {
            "reaches": min(reaches, MAX_COUNTED) if to.all else reaches,
            "is_more": bool(to.all) and reaches > MAX_COUNTED,
            "online": online,
        }
        return answer(preview)
