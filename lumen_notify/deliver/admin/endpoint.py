"""Stream of administrators: `GET /admin/stream`, from a request to an open connection.

The token is in the header or in `?token=`. A page should use `fetch`, which sends the header: an address may
be logged on its way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from lumen_notify.auth import ADMIN, Principal, Verifier, bearer
from lumen_notify.auth.refusals import missing
from lumen_notify.deliver.admin.streams import MAX_BACKLOG_BYTES, AdminStreams, close_for_restart
from lumen_notify.deliver.connection import fallback
from lumen_notify.deliver.connection.connection import Connection
from lumen_notify.deliver.connection.transport import TransportConnection, UnchunkedConnection
from lumen_notify.deliver.streams.response import StreamResponse, redact
from lumen_notify.http.operation import Operation, ref
from lumen_notify.http.route import ApiRoute, route
from lumen_notify.model import CloseReason, value


@value
class AdminStreamEndpoint:
    """Opens streams of administrators. drain_seconds: how long they may take to end at shutdown. clock:
    wall-clock milliseconds."""

    verifier: Verifier
    streams: AdminStreams
    drain_seconds: float
    clock: Callable[[], int]

    def routes(self) -> Iterator[ApiRoute]:
        """List the routes."""
        yield route(
            "/admin/stream",
            GET=(
                self.get,
                Operation(
                    name="openAdminStream",
                    tag="admin",
                    summary="Follow the figures of all instances",
                    description=(
                        f"Needs the scope `{ADMIN}`. Sends the event `figures` at once and each second, "
                        "until the token ends. Too many streams are answered by 200 and the event `closing`."
                    ),
                    credentials=("token", "bearer"),
                    answered="The stream, open until the client or the server closes it.",
                    response={
                        "type": "string",
                        "contentMediaType": "text/event-stream",
                        "contentSchema": {"type": "array", "items": ref("AdminEvent")},
                    },
                    media_type="text/event-stream",
                    problems=("forbidden",),
                ),
            ),
        )

    async def get(self, request: Request) -> Response:
        """Answer `GET /admin/stream`."""
        token = request.query_params.get("token") or bearer(request.headers.get("authorization"))
        redact(request)
        if not token:
            raise missing()
        principal = await self.verifier.verify(token)
        principal.require(ADMIN)
        address = request.client.host if request.client else ""
        return StreamResponse(AdminOpening(endpoint=self, principal=principal, address=address))


@value
class AdminOpening:
    """A stream to open: for which administrator, from which address."""

    endpoint: AdminStreamEndpoint
    principal: Principal
    address: str

    @property
    def drain_seconds(self) -> float:
        """How long the stream may take to end at shutdown."""
        return self.endpoint.drain_seconds

    @property
    def on_shutdown(self) -> Callable[[], None]:
        """What to call when the server is told to stop."""
        return self.endpoint.streams.start_drain

    def transport_connection(self, *, is_chunked: bool) -> TransportConnection:
        """Make the connection of a transport that is handed over."""
        kind = TransportConnection if is_chunked else UnchunkedConnection
        return kind(on_shutdown=self.on_shutdown, **self._common())

    def queue_connection(self) -> fallback.QueueConnection:
        """Make the connection of an ordinary response."""
        return fallback.QueueConnection(**self._common())

    def _common(self) -> dict[str, Any]:
        return {
            "user_id": self.principal.user_id,
            "device": None,
            "address": self.address,
            "connected_at": self.endpoint.clock(),
            "expires_at": self.principal.expires_at,
            "on_close": self.endpoint.streams.on_close,
            "max_backlog_bytes": MAX_BACKLOG_BYTES,
        }

    async def begin(self, connection: Connection) -> None:
        """Make the stream live, or close it."""
        refusal = self.endpoint.streams.refusal()
        if refusal is None:
            self.endpoint.streams.add(connection, self.principal)
        elif refusal is CloseReason.SHUTDOWN:
            close_for_restart(connection)
        else:
            connection.close(refusal)
