"""Stream crowd: a program that opens many streams and reads them, or stops reading on request.

    python stream_crowd.py PORT COUNT SECRET PREFIX PACKET_BYTES      streams of the users PREFIX-0, PREFIX-1,
    ...

It prints `open` when all streams have their `ready`. After a line `stop` on stdin it stops reading and prints
`stopped`. At the end of stdin it exits; if killed, it leaves its connections to the kernel.

PACKET_BYTES: with 1400, as on a network, the kernel's buffers are small; with 0 they are as large as on
loopback, megabytes for each client that does not read. Used by `Crowd` in `crowd.py`.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from typing import cast

import uvloop

from lumen_notify.auth import mint
from lumen_notify.model import now_ms

RECEIVE_BUFFER_BYTES = 4096
AT_ONCE = 100
HOUR_MS = 3_600_000


class Reader(asyncio.Protocol):
    """One stream."""

    def __init__(self, request: bytes) -> None:
        self._request = request
        self._received = b""
        self.is_open: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast(asyncio.Transport, transport).write(self._request)

    def data_received(self, data: bytes) -> None:
        if not self.is_open.done():
            self._received += data
            if b"event: ready" in self._received:
                self._received = b""
                self.is_open.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.is_open.done():
            self.is_open.set_exception(exc or ConnectionError(self._received.decode("latin-1")))


async def open_one(port: int, token: str, packet_bytes: int) -> asyncio.Transport:
    """Open a stream; return once it is live."""
    loop = asyncio.get_running_loop()
    connection = socket.socket(proto=socket.IPPROTO_TCP)
    connection.setblocking(False)
    if packet_bytes:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, packet_bytes)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
    await loop.sock_connect(connection, ("127.0.0.1", port))
    request = f"GET /api/v1/notifications/stream?token={token} HTTP/1.1\r\nhost: x\r\n\r\n".encode()
    transport, reader = await loop.create_connection(lambda: Reader(request), sock=connection)
    await reader.is_open
    return transport


def beginning_of_the_hour() -> int:
    """Make a user's tokens the same each time: a server keeps some thousands that it has verified."""
    return now_ms() // HOUR_MS * HOUR_MS


def say(word: str) -> None:
    sys.stdout.write(word + "\n")
    sys.stdout.flush()


async def main(port: int, count: int, secret: str, prefix: str, packet_bytes: int) -> None:
    """Open all streams, then follow the commands on stdin."""
    loop = asyncio.get_running_loop()
    few = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> asyncio.Transport:
        async with few:
            user = f"{prefix}-{number}"
            token = mint(secret, user, ttl_seconds=2 * HOUR_MS / 1000, clock=beginning_of_the_hour)
            return await open_one(port, token, packet_bytes)

    transports = await asyncio.gather(*map(one, range(count)))
    say("open")
    commands = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    while line := await commands.readline():
        assert line == b"stop\n", line
        for transport in transports:
            transport.pause_reading()
        say("stopped")


if __name__ == "__main__":
    _, port, count, secret, prefix, packet_bytes = sys.argv
    uvloop.run(main(int(port), int(count), secret, prefix, int(packet_bytes)))
