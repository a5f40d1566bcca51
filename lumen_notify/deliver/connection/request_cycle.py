"""Request cycle: what uvicorn's request and response lack (RFC 9110, RFC 9112).

- HTTP/1.0 has no chunks: a response of unknown length ends with the connection.
- A client may close its side after its request. It still gets its response; only an application that asks
  whether the client has disconnected is told so.
- The head that was sent is known: a middleware may have changed it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import Any

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from lumen_notify.deliver.connection.request_head import HTTP_1_0


class RequestCycle(RequestResponseCycle):
    """One request and its response.

    is_half_closed: the client has closed its side. sent_headers: the headers of the response, once it has
    started. ends_with_connection: the response has no length and no chunks.
    """

    # uvicorn has made the object: `adopt` finds it without these.
    is_half_closed = False
    sent_headers: Sequence[tuple[bytes, bytes]] = ()
    ends_with_connection = False
    _has_received_body = False

    @classmethod
    def adopt(cls, cycle: Any) -> RequestCycle:
        """Make uvicorn's object one of this class: uvicorn has no parameter for it."""
        cycle.__class__ = cls
        adopted: RequestCycle = cycle
        return adopted

    @property
    def can_be_handed_over(self) -> bool:
        """Whether the body may be written to the transport as it is: the response has started, has no length,
        and is not encoded."""
        return (
            self.response_started
            and not self.disconnected
            and (self.chunked_encoding is True or self.ends_with_connection)
            and all(name.lower() != b"content-encoding" for name, _ in self.sent_headers)
        )

    def send(self, message: Any) -> Awaitable[None]:  # type: ignore[override]  # without a coroutine of its own
        """Send a part of the response (ASGI)."""
        if message["type"] == "http.response.start":
            self.sent_headers = message.get("headers", ())
            if self.scope["http_version"] == HTTP_1_0 and not self._has_length():
                self.ends_with_connection = True
                self.chunked_encoding = False  # so that uvicorn adds no header
        elif self.ends_with_connection:
            self.expected_content_length = len(message.get("body", b""))  # so that uvicorn takes any length
        return super().send(message)

    async def receive(self) -> Any:
        """Receive a part of the request, or that the client has disconnected (ASGI)."""
        if not self._has_received_body:
            message = await super().receive()
            self._has_received_body = not message.get("more_body", False)
            return message
        if not self.is_half_closed:
            await super().receive()
        if not self.response_complete:
            self.disconnected = True
            self.transport.close()
        return {"type": "http.disconnect"}

    def _has_length(self) -> bool:
        return any(name.lower() == b"content-length" for name, _ in self.sent_headers)
