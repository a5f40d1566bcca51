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

    # Class attributes: each request would pay for attributes that few need.
    is_half_closed = False
    sent_headers: Sequence[tuple[bytes, bytes]] = ()
    ends_with_connection = False
    _is_woken = False  # the event has been set for the half-close alone

    @property
    def can_be_handed_over(self) -> bool:
        """Whether the body may be written to the transport as it is: the response has started, has no length,
        and is not encoded."""
        return (
            self.response_started
            and not self.disconnected
            and (self.chunked_encoding is True or self.ends_with_connection)
            and b"content-encoding" not in [name.lower() for name, _ in self.sent_headers]
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
        return RequestResponseCycle.send(self, message)  # not `super()`, which takes time: for each request

    def receive(self) -> Awaitable[Any]:  # type: ignore[override]  # as `send`
        """Receive a part of the request, or that the client has disconnected (ASGI)."""
        if (
            self.body
            and not self.more_body
            and not (self.waiting_for_100_continue or self.disconnected or self.response_complete)
        ):
            return self._receive_rest()
        if self.more_body or (self.message_event.is_set() and not self._is_woken):
            return RequestResponseCycle.receive(self)
        return self._receive_disconnect()  # the application has all of the request

    async def _receive_rest(self) -> dict[str, Any]:
        """Return the rest of a body that has arrived: like uvicorn's method, which waits for it."""
        self.flow.resume_reading()
        self.message_event.clear()
        body, self.body = bytes(self.body), bytearray()
        return {"type": "http.request", "body": body, "more_body": False}

    async def _receive_disconnect(self) -> dict[str, str]:
        if not self.is_half_closed:
            await self.message_event.wait()
        if not self.response_complete:
            self.disconnected = True
            self.transport.close()
        return {"type": "http.disconnect"}

    def half_close(self) -> None:
        """Record that the client has closed its side, after the whole request."""
        self.is_half_closed = True
        if not self.message_event.is_set():
            self._is_woken = True
            self.message_event.set()

    def _has_length(self) -> bool:
        return any(name.lower() == b"content-length" for name, _ in self.sent_headers)
