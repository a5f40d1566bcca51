"""Publisher: a keep-alive connection of the load that sends one POST at a time.

It parses only the status and the end of a response (RFC 9112, section 6: a length, or the last chunk).
"""

from __future__ import annotations

import asyncio
import re
from typing import cast

_LENGTH = re.compile(rb"(?im)^content-length:[ \t]*([0-9]+)[ \t]*\r$")
LAST_CHUNK = b"0\r\n\r\n"


class PublishFailed(Exception):
    """A publish got a status other than 2xx, or the connection was closed."""


class Publisher(asyncio.Protocol):
    """One publishing connection. Use `connect` to open it."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._received = b""
        self._response: asyncio.Future[bytes] | None = None

    @classmethod
    async def connect(cls, host: str, port: int) -> Publisher:
        """Open the connection."""
        _, publisher = await asyncio.get_running_loop().create_connection(cls, host, port)
        return publisher

    async def publish(self, request: bytes) -> bytes:
        """Send one request and return the whole response, head included.

        Raises PublishFailed on any status but 2xx, with the status and the start of the body.
        """
        if self._transport is None or self._transport.is_closing():
            raise PublishFailed("The connection is closed.")
        self._received = b""
        self._response = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        response = await self._response
        if not response.startswith(b"HTTP/1.1 2"):
            raise PublishFailed(response[:400].decode("utf-8", "replace"))
        return response

    def close(self) -> None:
        """Close the connection."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Complete the pending request once its response is complete."""
        self._received += data
        if self._response is not None and not self._response.done() and is_complete(self._received):
            self._response.set_result(self._received)

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail the pending request."""
        if self._response is not None and not self._response.done():
            self._response.set_exception(
                PublishFailed(
                    f"The server closed the connection: {exc}."
                    if exc
                    else "The server closed the connection."
                )
            )


def is_complete(response: bytes) -> bool:
    """Return whether a response is complete. Without a length it is chunked or has no body."""
    head_end = response.find(b"\r\n\r\n")
    if head_end < 0:
        return False
    head = response[: head_end + 2]
    length = _LENGTH.search(head)
    if length is not None:
        return len(response) >= head_end + 4 + int(length[1])
    return b"chunked" not in head.lower() or response.endswith(LAST_CHUNK)
