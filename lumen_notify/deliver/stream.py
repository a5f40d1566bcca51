"""Stream: `GET /notifications/stream`, from a request to an open outlet.

The client is known by, in this order: `?token=`, `?ticket=`, `Authorization: Bearer`, the stream
cookie. A bad one is a plain 401, so that an EventSource stops; what may pass later (too many
streams, a database that is down) is a 200 that says `closing`, so that it comes back.

Here is the only use of sse_starlette. Deliberate oddities:

1. Its own ping is off: ours carries an id, and one wheel serves all streams.
2. It sets `shutdown_event` when the server is told to end. We pass our own object with a `set`, which
   closes the outlet with a farewell; the response then ends by itself, in the grace period.
"""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, cast

from sse_starlette import EventSourceResponse
from starlette.requests import Request
from starlette.responses import Response

from lumen_notify.auth import Principal, Tickets, Verifier, bearer
from lumen_notify.deliver import frames
from lumen_notify.deliver.outlet import QueueOutlet
from lumen_notify.deliver.streams import Streams, jittered_retry_ms
from lumen_notify.deliver.welcome import Welcome
from lumen_notify.errors import Invalid, Unauthenticated, Unavailable
from lumen_notify.model import CloseReason

COOKIE = "lumen_stream"

DEVICES = ("mobile", "desktop", "tablet")

GRACE_SECONDS = 5.0
"""What sse_starlette gives a response to end by itself; nothing waits that long unless it is stuck."""

_SECRETS = re.compile(rb"((?:^|&)(?:token|ticket)=)[^&]*")

_log = logging.getLogger("lumen_notify.streams")


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamEndpoint:
    """Opens streams. max_backlog_bytes: what one may hold back; 0 for no bound."""

    verifier: Verifier
    tickets: Tickets
    streams: Streams
    welcome: Welcome
    max_backlog_bytes: int

    async def get(self, request: Request) -> Response:
        """Answer one GET."""
        principal, cookie = await self._authenticate(request)
        query = request.query_params
        # From here on nothing can log the token: access logs read the same scope.
        request.scope["query_string"] = _SECRETS.sub(rb"\1redacted", request.scope["query_string"])
        device = query.get("device")
        if device is not None and device not in DEVICES:
            raise Invalid(f"must be one of {', '.join(DEVICES)}", field="device")
        last_event_id = (
            request.headers.get("last-event-id")
            or query.get("last_event_id")
            or query.get("lastEventId")
            or None
        )
        outlet = QueueOutlet(
            user_id=principal.user_id,
            device=device,
            address=request.client.host if request.client else "",
            expires_at=principal.expires_at,
            on_close=self.streams.closed,
            max_backlog_bytes=self.max_backlog_bytes,
        )
        response = EventSourceResponse(
            self._payloads(outlet, last_event_id),
            ping=0,
            shutdown_event=cast(Any, _Farewell(outlet)),
            shutdown_grace_period=GRACE_SECONDS,
        )
        if cookie is not None:
            self._set_cookie(request, response, cookie, principal)
        return response

    async def _authenticate(self, request: Request) -> tuple[Principal, str | None]:
        """Return who it is, and the value of a stream cookie to set, if any."""
        query = request.query_params
        if token := query.get("token"):
            return await self.verifier.verify(token), None
        if ticket := query.get("ticket"):
            try:
                principal = self.tickets.redeem(ticket)
            except Unauthenticated:
                # A native reconnect repeats the URL, with a ticket that is used up: the cookie serves.
                if COOKIE not in request.cookies:
                    raise
            else:
                return principal, self.tickets.cookie(principal)
        if token := bearer(request.headers.get("authorization")):
            return await self.verifier.verify(token), None
        if COOKIE in request.cookies:
            return self.tickets.from_cookie(request.cookies[COOKIE]), None
        raise Unauthenticated("a token is needed: ?token=, ?ticket= or Authorization", code="token_missing")

    def _set_cookie(self, request: Request, response: Response, cookie: str, principal: Principal) -> None:
        response.set_cookie(
            COOKIE,
            cookie,
            path=request.url.path,
            expires=None,
            secure=request.url.scheme == "https",
            httponly=True,
            samesite="strict",
        )

    async def _payloads(self, outlet: QueueOutlet, last_event_id: str | None) -> AsyncIterator[bytes]:
        try:
            yield frames.unchunk(frames.retry(jittered_retry_ms()))
            if self.streams.is_full_for(outlet.address):
                outlet.close(CloseReason.OVERLOADED, jittered_retry_ms())
            else:
                self.streams.add(outlet)
                await self._join(outlet, last_event_id)
            async for payload in outlet.payloads():
                yield payload
        finally:
            outlet.lost()

    async def _join(self, outlet: QueueOutlet, last_event_id: str | None) -> None:
        try:
            await self.welcome.join(outlet, last_event_id)
        except Unavailable as error:
            _log.warning("a stream could not be opened: %s", error.message)
            outlet.close(CloseReason.OVERLOADED, jittered_retry_ms())


class _Farewell:
    """Stands in for the event that sse_starlette sets at shutdown (oddity 2)."""

    def __init__(self, outlet: QueueOutlet) -> None:
        self._outlet = outlet

    def set(self) -> None:
        self._outlet.close(CloseReason.SHUTDOWN, jittered_retry_ms())
