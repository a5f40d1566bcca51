"""Request ids: gives each request its id while it is answered, and the response its `X-Request-ID`.

Only the head of a response is touched: a stream that is handed over pays nothing for it.
"""

from __future__ import annotations

from collections.abc import Awaitable

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lumen_notify.http import problems
from lumen_notify.request_id import HEADER, REQUEST_ID, request_id_of

_NAME = HEADER.lower().encode()


class RequestIds:
    """The application with request ids (ASGI 3). It also answers what the application raises before its
    response has begun: so even that response has one."""

    def __init__(self, application: ASGIApp) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        request_id = request_id_of(scope["headers"])
        has_started = False

        def send_with_id(message: Message) -> Awaitable[None]:
            nonlocal has_started
            if message["type"] == "http.response.start":
                has_started = True
                message["headers"] = [*message.get("headers", ()), (_NAME, request_id.encode())]
            return send(message)

        token = REQUEST_ID.set(request_id)
        try:
            await self._application(scope, receive, send_with_id)
        except Exception as error:
            if not has_started and scope["type"] == "http":
                await problems.failed(Request(scope), error)(scope, receive, send_with_id)
            raise
        finally:
            REQUEST_ID.reset(token)
