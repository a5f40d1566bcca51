"""Stream: `GET /notifications/stream`, from a request to an open connection.

Credentials are read in this order: `?token=`, `?ticket=`, `Authorization: Bearer`, the stream cookie. Invalid
ones get 401, so that an EventSource stops. Temporary conditions (too many streams, a database that is down)
get 200 and the event `closing`, so that it reconnects.

The fast path is `handover`. Where the server does not offer it, or a middleware buffers or encodes the
response, the same frames go through `fallback`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from lumen_notify.auth import Principal, Revocations, Tickets, Verifier, bearer
from lumen_notify.auth.refusals import missing
from lumen_notify.deliver.connection import fallback
from lumen_notify.deliver.connection.connection import Connection
from lumen_notify.deliver.connection.transport import TransportConnection, UnchunkedConnection
from lumen_notify.deliver.streams.connections import DEVICES
from lumen_notify.deliver.streams.cookie import SET_COOKIE, StreamCookies
from lumen_notify.deliver.streams.opening import StreamOpener
from lumen_notify.deliver.streams.registry import StreamRegistry
from lumen_notify.deliver.streams.response import ClosedStream, StreamResponse, redact
from lumen_notify.errors import Invalid, RateLimited, Unavailable
from lumen_notify.http.operation import Operation, header, query, ref
from lumen_notify.http.rate_limiter import RateLimiter
from lumen_notify.http.rate_limits import STREAMS
from lumen_notify.http.route import ApiRoute, route
from lumen_notify.model import CloseReason, value

_TEXT = {"type": "string"}

_log = logging.getLogger("lumen_notify.streams")


@value
class StreamEndpoint:
    """Opens streams. max_backlog_bytes: the bound of one stream's backlog; 0: none. drain_seconds: how long
    streams may take to end at shutdown. clock: wall-clock milliseconds."""

    verifier: Verifier
    rate_limiter: RateLimiter
    tickets: Tickets
    cookies: StreamCookies
    revocations: Revocations
    streams: StreamRegistry
    opener: StreamOpener
    max_backlog_bytes: int
    drain_seconds: float
    clock: Callable[[], int]

    def routes(self) -> Iterator[ApiRoute]:
        """List the routes."""
        yield route(
            "/notifications/stream",
            GET=(
                self.get,
                Operation(
                    name="openStream",
                    tag="stream",
                    summary="Open the event stream",
                    description=(
                        "Sends what was missed since the cursor, then events as they happen. Too many "
                        "streams, and a database that is down, are answered by 200 and the event "
                        "`closing`: an `EventSource` does not reconnect after any other status."
                    ),
                    credentials=("token", "ticket", "bearer", "cookie"),
                    parameters=(
                        header(
                            "Last-Event-ID", _TEXT, "The last `id` received: the stream resumes after it."
                        ),
                        query(
                            "last_event_id",
                            _TEXT,
                            "The same, for clients that cannot send the header. Polyfills of "
                            "`EventSource` may send it as `lastEventId`.",
                        ),
                        query("device", ref("Device"), "The client's device."),
                    ),
                    answered="The stream, open until the client or the server closes it.",
                    response={
                        "type": "string",
                        "contentMediaType": "text/event-stream",
                        "contentSchema": {"type": "array", "items": ref("Event")},
                    },
                    media_type="text/event-stream",
                    headers=((SET_COOKIE[0], f"{SET_COOKIE[1]} Only if a ticket opened the stream."),),
                    problems=("invalid",),
                    query_aliases=("lastEventId",),
                ),
            ),
        )

    async def get(self, request: Request) -> Response:
        """Answer `GET /notifications/stream`."""
        parameters = request.query_params
        redact(request)
        try:
            principal, cookie = await self._authenticate(request)
        except Unavailable as error:  # the key server; an EventSource would give up after a 503
            _log.debug("A stream could not be opened: %s", error)  # the outage is logged once
            return ClosedStream(CloseReason.OVERLOADED)
        device = parameters.get("device")
        if device is not None and device not in DEVICES:
            raise Invalid(f"must be one of {', '.join(DEVICES)}", field="device")
        opening = Opening(
            endpoint=self,
            principal=principal,
            is_rate_limited=self._is_rate_limited(principal),
            device=device,
            address=request.client.host if request.client else "",
            last_event_id=request.headers.get("last-event-id")
            or parameters.get("last_event_id")
            or parameters.get("lastEventId")
            or None,
        )
        response = StreamResponse(opening)
        if cookie is not None:
            self.cookies.set(response, request, cookie)
        return response

    def _is_rate_limited(self, principal: Principal) -> bool:
        """Count a stream of the user; return whether it is one too many.

        Not raised: EventSource gives up at any status but 200.
        """
        try:
            self.rate_limiter.admit(principal, STREAMS)
        except RateLimited:
            return True
        return False

    async def _authenticate(self, request: Request) -> tuple[Principal, str | None]:
        """Return the user, and the value of the stream cookie to set; None for none."""
        parameters = request.query_params
        if token := parameters.get("token"):
            return await self.verifier.verify(token), None
        cookies = self.cookies.values(request)
        if ticket := parameters.get("ticket"):
            principal, is_fresh = self.tickets.redeem_with_cookie(ticket, cookies)
            return principal, self.tickets.cookie(principal) if is_fresh else None
        if token := bearer(request.headers.get("authorization")):
            return await self.verifier.verify(token), None
        if cookies:
            return self.tickets.from_cookies(cookies), None
        raise missing()


@value
class Opening:
    """A stream to open: for which user, from which address, after which event."""

    endpoint: StreamEndpoint
    principal: Principal
    is_rate_limited: bool
    device: str | None
    address: str
    last_event_id: str | None

    @property
    def drain_seconds(self) -> float:
        """How long the stream may take to end at shutdown."""
        return self.endpoint.drain_seconds

    @property
    def on_shutdown(self) -> Callable[[], None]:
        """What to call when the server is told to stop: the same object for all streams."""
        return self.endpoint.streams.on_shutdown

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
            "device": self.device,
            "address": self.address,
            "connected_at": self.endpoint.clock(),
            "expires_at": self.principal.expires_at,
            "on_close": self.endpoint.streams.on_close,
            "max_backlog_bytes": self.endpoint.max_backlog_bytes,
        }

    async def begin(self, connection: Connection) -> None:
        """Replay the missed events and make the stream live, or close it."""
        streams = self.endpoint.streams
        refusal = CloseReason.OVERLOADED if self.is_rate_limited else streams.refusal(self.address)
        if refusal is not None:
            streams.refuse(connection, refusal)
            return
        streams.add(connection)
        if self.endpoint.revocations.is_revoked(self.principal):  # since it was verified
            connection.close(CloseReason.REVOKED)
            return
        streams.close_excess(connection.user_id)  # also of streams with a long replay, however many open
        try:
            await self.endpoint.opener.open(connection, self.last_event_id)
            streams.opened(connection)
        except Unavailable as error:
            _log.debug("Stream %s could not be opened: %s", connection.id, error)  # the outage is logged once
            connection.close(CloseReason.OVERLOADED)
        except Exception:  # noqa: BLE001 - the stream ends with a reason
            _log.exception("Stream %s could not be opened.", connection.id)
            connection.close(CloseReason.OVERLOADED)
