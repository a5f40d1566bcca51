"""Users: administrators find a user, and see what the server has of them.

They see a user as the user does, whether the user appears offline to others or not. No answer has the token
or the keys of a device.
"""

from __future__ import annotations

from collections.abc import Iterator

from starlette.requests import Request
from starlette.responses import Response

from lumen_notify.accept.admin import responses
from lumen_notify.accept.admin.rooms import NEEDS
from lumen_notify.accept.admin.streams import OpenStreams
from lumen_notify.accept.devices.devices import device_item
from lumen_notify.accept.notifications.inbox import NEWEST, notification_item
from lumen_notify.accept.rooms.paths import user_id
from lumen_notify.commit.accounts.accounts import Account, Accounts
from lumen_notify.commit.accounts.known_users import KnownUser, KnownUsers
from lumen_notify.commit.counts import UnreadCounts
from lumen_notify.commit.devices.devices import Devices
from lumen_notify.commit.notifications.inbox import Inbox
from lumen_notify.commit.presence.online import Online
from lumen_notify.errors import NotFound
from lumen_notify.http.context import Context
from lumen_notify.http.cursors import USER_KEY, Cursor
from lumen_notify.http.fields import line_schema
from lumen_notify.http.operation import READS, USER_ID, Operation, query
from lumen_notify.http.pages import LIMIT, answer_items, fitting
from lumen_notify.http.requests import Query
from lumen_notify.http.responses import answer_text
from lumen_notify.http.route import ApiRoute, route
from lumen_notify.model import rfc3339, to_json, value
from lumen_notify.model.audience import MAX_USER_ID_CHARACTERS

CURSOR = Cursor("users", USER_KEY)
"""By id."""

MAX_BY_USERNAME = 20
"""Users whom the first page has because of their username."""

MAX_SHOWN = 20
"""Devices and notifications of one user: the newest ones."""

MAX_STREAMS = 100
"""Streams of one user that are shown."""


@value
class UserEndpoints:
    """Finds users. online: knows who is; last_seen: knows when the others were, on SQLite."""

    context: Context
    users: KnownUsers
    accounts: Accounts
    streams: OpenStreams
    online: Online
    last_seen: Online
    counts: UnreadCounts
    devices: Devices
    inbox: Inbox

    def routes(self) -> Iterator[ApiRoute]:
        """List the routes."""
        yield route(
            "/admin/users",
            GET=(
                self.page,
                Operation(
                    name="adminListUsers",
                    tag="admin",
                    summary="Find users",
                    description=(
                        f"{NEEDS} Users are known once they have been online, are in a room, have a "
                        "notification of their own or a device, or have an account."
                    ),
                    parameters=(
                        LIMIT,
                        CURSOR.parameter,
                        query(
                            "query",
                            line_schema(MAX_USER_ID_CHARACTERS),
                            "Only users whose id begins with this text. The first page begins with up to "
                            f"{MAX_BY_USERNAME} others whose username begins with it.",
                        ),
                    ),
                    answered="A page, by id.",
                    response=responses.KnownUsers,
                    problems=(*READS, "invalid", "forbidden"),
                ),
            ),
        )
        yield route(
            "/admin/users/{user:path}",
            GET=(
                self.get,
                Operation(
                    name="adminGetUser",
                    tag="admin",
                    summary="Get what the server has of a user",
                    description=(
                        f"{NEEDS} Their profile, open streams on all instances, unread counts, and newest "
                        f"{MAX_SHOWN} devices and notifications. Any id is answered: the server does not "
                        "know all users of your application."
                    ),
                    parameters=(USER_ID,),
                    answered="The user.",
                    response=responses.UserDetails,
                    problems=(*READS, "invalid", "forbidden"),
                ),
            ),
        )

    async def page(self, request: Request) -> Response:
        """Answer `GET /admin/users`: by id, after those whose username begins with the query."""
        await self.context.admin(request)
        query = Query(request)
        prefix, place = query.line("query", MAX_USER_ID_CHARACTERS) or "", CURSOR.place(query)
        rows, after = await self.users.page(prefix=prefix, after=place or "", limit=query.limit())
        if prefix and place is None:
            named = await self.users.with_username(prefix.lower(), limit=MAX_BY_USERNAME)
            rows = [*(one for one in named if not one.id.startswith(prefix)), *rows]
        online = await self.online.devices([row.id for row in rows])

        def item(row: KnownUser) -> responses.KnownUser:
            return {
                "id": row.id,
                "username": row.username,
                "display_name": row.display_name,
                "avatar": row.avatar,
                "is_online": row.id in online,
            }

        return answer_items(rows, after, item=item, cursor=CURSOR, key=_id)

    async def get(self, request: Request) -> Response:
        """Answer `GET /admin/users/{user}`."""
        await self.context.admin(request)
        id_ = user_id(request)
        account = await self._account(id_)
        presence = await self.online.of_user(id_) or await self.last_seen.of_user(id_)
        snapshot = (await self.counts.fetch([id_]))[id_]
        fields = snapshot.counts.as_fields()
        last_seen_at = None if presence is None else presence.last_seen_at
        details = {
            "id": id_,
            "username": None if account is None else account.username,
            "display_name": None if account is None else account.display_name,
            "avatar": None if account is None else account.avatar,
            "created_at": None if account is None else rfc3339(account.created_at),
            "scope": None if account is None else account.scope,
            "is_online": presence is not None and presence.is_online,
            "last_seen_at": None if last_seen_at is None else rfc3339(last_seen_at),
            "streams": [
                {
                    "id": one.id,
                    "device": one.device,
                    "connected_at": rfc3339(one.connected_at),
                    "instance": one.instance,
                }
                for one in (await self.streams.of_user(id_, limit=MAX_STREAMS))[:MAX_STREAMS]
            ],
            "unread_count": fields["unread_count"],
            "unread": fields["unread"],
            "position": snapshot.position,
            "devices": [device_item(one) for one in await self.devices.page(id_, limit=MAX_SHOWN)],
        }
        listed, _ = await self.inbox.page(
            id_, before=NEWEST, limit=MAX_SHOWN, category=None, is_unread=None, is_archived=None
        )
        shown = fitting(map(notification_item, listed))
        return answer_text(f'{to_json(details)[:-1]},"notifications":[{",".join(shown)}]}}')

    async def _account(self, id_: str) -> Account | None:
        try:
            return (await self.accounts.by_id(id_))[0]
        except NotFound:
            return None


def _id(row: KnownUser) -> str:
    return row.id
