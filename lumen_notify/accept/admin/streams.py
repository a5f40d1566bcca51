"""Streams: administrators end those of a user, or one of them, on whichever instance they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response

from lumen_notify.accept.admin.rooms import NEEDS
from lumen_notify.accept.rooms.paths import user_id
from lumen_notify.commit.accounts.stream_ends import EndStreams
from lumen_notify.commit.presence.connections import OpenConnection
from lumen_notify.errors import NotFound
from lumen_notify.http.context import Context
from lumen_notify.http.operation import BOOLEAN, READS, USER_ID, WRITES, Operation, path, query
from lumen_notify.http.requests import Query
from lumen_notify.http.responses import no_content
from lumen_notify.http.route import ApiRoute, route
from lumen_notify.model import value


class OpenStreams(Protocol):
    """Knows the open streams of all instances."""

    async def of_user(
        self, user_id: str, *, after: str = "", limit: int | None = None
    ) -> Sequence[OpenConnection]:
        """Return a user's open streams after an id: oldest first, at most limit of each instance. Raises
        DatabaseUnavailable."""

    async def user_of(self, id_: str) -> str | None:
        """Return the user of an open stream; None if no stream has this id. Raises DatabaseUnavailable."""


@value
class AllStreamsEndpoints:
    """Ends streams."""

    context: Context
    streams: OpenStreams

    def routes(self) -> Iterator[ApiRoute]:
        """List the routes."""
        yield route(
            "/admin/users/{user:path}/streams",
            DELETE=(
                self.delete_all,
                Operation(
                    name="adminEndStreams",
                    tag="admin",
                    summary="End all open streams of a user",
                    description=(
                        f"{NEEDS} Their clients get `closing` with `revoked` and do not reconnect by "
                        "themselves, but may open new streams. With `revoke_tokens` they may not: the user "
                        "is logged out everywhere, and tokens from before are refused."
                    ),
                    parameters=(
                        USER_ID,
                        query("revoke_tokens", BOOLEAN, "`true`: also log the user out everywhere."),
                    ),
                    status=204,
                    answered="Committed. Every instance ends its streams of the user within a second.",
                    problems=(*WRITES, "invalid", "forbidden"),
                ),
            ),
        )
        yield route(
            "/admin/streams/{id:uuid}",
            DELETE=(
                self.delete,
                Operation(
                    name="adminEndStream",
                    tag="admin",
                    summary="End one open stream",
                    description=(
                        f"{NEEDS} Its client gets `closing` with `revoked` and does not reconnect by itself, "
                        "but may open a new stream."
                    ),
                    parameters=(path("id", {"type": "string", "format": "uuid"}, "The stream's id."),),
                    status=204,
                    answered="Committed. The instance of the stream ends it within a second.",
                    problems=(*READS, *WRITES, "forbidden", "not_found"),
                ),
            ),
        )

    async def delete_all(self, request: Request) -> Response:
        """Answer `DELETE /admin/users/{user}/streams`."""
        principal = await self.context.admin(request)
        revokes_tokens = Query(request).flag("revoke_tokens") or False
        await self.context.committer.submit(
            EndStreams(user_id=user_id(request), admin=principal.user_id, revokes_tokens=revokes_tokens)
        )
        return no_content()

    async def delete(self, request: Request) -> Response:
        """Answer `DELETE /admin/streams/{id}`. Raises NotFound."""
        principal = await self.context.admin(request)
        id_ = str(request.path_params["id"])
        user = await self.streams.user_of(id_)
        if user is None:
            raise NotFound("No open stream has this id.")
        await self.context.committer.submit(EndStreams(user_id=user, admin=principal.user_id, ids=(id_,)))
        return no_content()
