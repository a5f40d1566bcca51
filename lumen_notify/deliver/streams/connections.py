"""Connections: the caller's open streams, on all instances: list and renew them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, cast, get_args

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from lumen_notify.auth import Tickets
from lumen_notify.commit.presence.connections import Connections as StoredConnections
from lumen_notify.commit.presence.connections import DeviceName, OpenConnection
from lumen_notify.deliver.streams.cookie import SET_COOKIE, StreamCookies
from lumen_notify.deliver.streams.registry import StreamRegistry
from lumen_notify.deliver.streams.renewals import Renewals
from lumen_notify.http.context import Context
from lumen_notify.http.cursors import Cursor
from lumen_notify.http.operation import OF_BODIES, READS, Operation
from lumen_notify.http.pages import LIMIT, KeyPage
from lumen_notify.http.responses import NextCursor, Time, answer
from lumen_notify.http.route import ApiRoute, route
from lumen_notify.model import rfc3339, value
from lumen_notify.model.events.fields import Uuid

CURSOR = Cursor("connections", "[0-9a-f-]{36}")
"""By id, which contains the time."""

DEVICES = get_args(DeviceName)
Device = Annotated[DeviceName, Field(json_schema_extra={"x-model": "Device"})]


class Connection(TypedDict):
    """An open stream."""

    id: Uuid
    device: Annotated[Device | None, Field(description="The device that the client named.")]
    connected_at: Time
    instance: Annotated[
        str, Field(description="The instance that serves the stream: its host, process and a random part.")
    ]


class Connections(TypedDict):
    """One page of the caller's open streams, oldest first."""

    items: list[Connection]
    next_cursor: NextCursor


class RenewedStreams(TypedDict):
    """The caller's open streams, on all instances, now last as long as the token."""

    expires_at: Time


@value
class ConnectionEndpoints:
    """Lists and renews the caller's streams. stored: those of the other instances."""

    context: Context
    tickets: Tickets
    cookies: StreamCookies
    streams: StreamRegistry
    renewals: Renewals
    stored: StoredConnections

    def routes(self) -> Iterator[ApiRoute]:
        """List the routes."""
        yield route(
            "/notifications/stream/renew",
            POST=(
                self.renew,
                Operation(
                    name="renewStreams",
                    tag="stream",
                    summary="Renew the caller's open streams",
                    description=(
                        "They last until the token of this request expires, on all instances. So does a new "
                        "cookie."
                    ),
                    answered="When the streams end.",
                    response=RenewedStreams,
                    headers=(SET_COOKIE,),
                    problems=OF_BODIES,
                ),
            ),
        )
        yield route(
            "/connections",
            GET=(
                self.page,
                Operation(
                    name="listConnections",
                    tag="stream",
                    summary="List the caller's open streams",
                    parameters=(LIMIT, CURSOR.parameter),
                    description=(
                        "Those of other instances appear, and end, within a second. Those of an instance "
                        "that has died end within `LUMEN_LEASE_SECONDS`."
                    ),
                    answered="A page.",
                    response=Connections,
                    problems=(*READS, "invalid"),
                ),
            ),
        )

    async def page(self, request: Request) -> Response:
        """Answer `GET /connections`: the caller's open streams on all instances, oldest first."""
        principal = await self.context.caller(request)
        page = KeyPage(request, CURSOR, _id)
        found = await self.of_user(principal.user_id, after=page.after, limit=page.limit + 1)
        return page.answer(found, _item)

    async def of_user(
        self, user_id: str, *, after: str = "", limit: int | None = None
    ) -> Sequence[OpenConnection]:
        """Return a user's open streams after an id: oldest first, at most limit of each instance. Those of
        this instance are exact. Raises DatabaseUnavailable."""
        here = [
            OpenConnection(
                id=stream.id,
                device=cast("DeviceName | None", stream.device),
                connected_at=stream.connected_at,
                instance=self.stored.instance,
            )
            for stream in self.streams.of_user(user_id)
        ]
        elsewhere = await self.stored.of_user(user_id, after=after, limit=limit)
        return sorted([*(one for one in here if one.id > after), *elsewhere], key=_id)

    async def user_of(self, id_: str) -> str | None:
        """Return the user of an open stream, on any instance; None if no stream has this id. Raises
        DatabaseUnavailable."""
        here = self.streams.find(id_)
        return await self.stored.user_of(id_) if here is None else here.user_id

    async def renew(self, request: Request) -> Response:
        """Answer `POST /notifications/stream/renew`: the caller's open streams last as long as the token of
        this request, if that is longer, and the browser gets a cookie for its next reconnect."""
        principal = await self.context.caller(request)
        await self.context.no_body(request)
        self.renewals.renew(principal)
        renewed: RenewedStreams = {"expires_at": rfc3339(principal.expires_at)}
        response = answer(renewed)
        self.cookies.set(response, request, self.tickets.cookie(principal))
        return response


def _id(stream: OpenConnection) -> str:
    return stream.id


def _item(stream: OpenConnection) -> Mapping[str, Any]:
    return {
        "id": stream.id,
        "device": stream.device,
        "connected_at": rfc3339(stream.connected_at),
        "instance": stream.instance,
    }
