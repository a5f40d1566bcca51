"""Publisher: one keep-alive connection of the load that posts, one request at a time.

It reads an answer only as far as it must to know the status and where the
answer ends (RFC 9112, section 6: a length, or the last chunk).
"""

from __future__ import annotations

import asyncio
import re
from typing import cast

_LENGTH = re.compile(rb"(?im)^content-length:[ \t]*([0-9]+)[ \t]*\r$")
LAST_CHUNK = b"0\r\n\r\n"


class PublishFailed(Exception):
    """A publish was answered by something else than 2xx, or the connection ended."""


class Publisher(asyncio.Protocol):
    """One connection that publishes. Made by `connect`."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._received = b""
        self._answer: asyncio.Future[bytes] | None = None

    @classmethod
    async def connect(cls, host: str, port: int) -> Publisher:
        """Open the connection."""
        _, publisher = await asyncio.get_running_loop().create_connection(cls, host, port)
        return publisher

    async def publish(self, request: bytes) -> bytes:
        """Send one request and return the whole answer, head included.

        Raises: PublishFailed on any status but 2xx, with the status and the start of the body.
        """
        if self._transport is None or self._transport.is_closing():
            raise PublishFailed("the connection is closed")
        self._received = b""
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        answer = await self._answer
        if not answer.startswith(b"HTTP/1.1 2"):
            raise PublishFailed(answer[:400].decode("utf-8", "replace"))
        return answer

    def close(self) -> None:
        """Close the connection."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Give the answer to who waits for it, once it is whole."""
        self._received += data
        if self._answer is not None and not self._answer.done() and is_whole(self._received):
            self._answer.set_result(self._received)

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail the publish that is on the way."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(PublishFailed(f"the connection ended: {exc or 'closed'}"))


def is_whole(answer: bytes) -> bool:
    """Whether an answer has been received to its end. Without a length it is chunked, or has no body."""
    head_end = answer.find(b"\r\n\r\n")
    if head_end < 0:
        return False
    head = answer[: head_end + 2]
    length = _LENGTH.search(head)
    if length is not None:
        return len(answer) >= head_end + 4 + int(length[1])
    return b"chunked" not in head.lower() or answer.endswith(LAST_CHUNK)
