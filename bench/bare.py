"""Bare: a uvloop protocol that writes the same bytes and does nothing else. It shows the upper limit.

It checks no tokens, stores nothing and bounds nothing. Each stream has its own unread count, as with a real
server.

    python -m bench.bare PORT
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from typing import cast

import uvloop

from bench import frame_bytes

STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ncache-control: no-store\r\n"
    b"x-accel-buffering: no\r\ntransfer-encoding: chunked\r\n\r\n"
)
CREATED = b'{"id":"0192f0c1-7c3e-7cc0-8f3e-1d2b3c4d5e6f","recipients":null,"position":1}'
ANSWER = b"HTTP/1.1 201 Created\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (
    len(CREATED),
    CREATED,
)


def chunk(body: bytes) -> bytes:
    """Return one chunk of a chunked body (RFC 9112, section 7.1)."""
    return b"%x\r\n%b\r\n" % (len(body), body)


class Bare(asyncio.Protocol):
    """One connection: a stream, or a publisher."""

    __slots__ = ("_received", "_streams", "transport", "unread_count")

    def __init__(self, streams: set[Bare]) -> None:
        self._streams = streams
        self._received = b""
        self.unread_count = 0
        self.transport: asyncio.Transport = cast(asyncio.Transport, None)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Handle a complete request: a GET opens a stream, a POST is written to every stream."""
        data = self._received + data
        head_end = data.find(b"\r\n\r\n")
        body = data[head_end + 4 :]
        if head_end < 0:
            self._received = data
        elif data.startswith(b"GET"):
            self._received = b""
            self.transport.write(STREAM_HEAD + chunk(frame_bytes.ready(0)))
            self._streams.add(self)
        elif len(body) < int(data.lower().split(b"content-length:", 1)[1].split(b"\r\n", 1)[0]):
            self._received = data
        else:
            self._received = b""
            publish(self._streams, json.loads(body)["content"])
            self.transport.write(ANSWER)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - required by asyncio.Protocol
        """Remove the stream."""
        self._streams.discard(self)


def publish(streams: set[Bare], content: str) -> None:
    """Write a chunk-encoded frame to every stream, each with its own count."""
    head, tail = frame_bytes.notification(1, content)
    tail += b"\r\n"
    size = len(head) + len(tail) - 2
    heads = [b"%x\r\n%b" % (size + digits, head) for digits in range(20)]
    for stream in streams:
        stream.unread_count += 1
        count = b"%d" % stream.unread_count
        stream.transport.write(heads[len(count)] + count + tail)


async def serve(port: int) -> None:
    """Serve until the process is stopped."""
    streams: set[Bare] = set()
    server = await asyncio.get_running_loop().create_server(
        lambda: Bare(streams), "127.0.0.1", port, backlog=4096
    )
    await server.serve_forever()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        uvloop.run(serve(int(sys.argv[1])))
