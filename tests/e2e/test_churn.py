"""Churn: thousands of streams, closed in every way; afterwards nothing of them remains.

LUMEN_TEST_CHURN: the number of streams; default 50,000.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import cast

import httpx
import pytest

from clients import NOTIFICATIONS, SECRET, Api, eventually, token
from conftest import StartServer
from servers import RunningServer

from .crowd import Crowd, figures, resident_bytes
from .stream_crowd import Reader

STREAMS = int(os.environ.get("LUMEN_TEST_CHURN", "50000"))
WAVE = 1000
EACH = WAVE // 5
WARM_UP_WAVES = 3

WITHIN_SECONDS = 60.0

_log = logging.getLogger(__name__)

pytestmark = [pytest.mark.slow, pytest.mark.server, pytest.mark.timeout(60 + STREAMS // 20)]


class Visitor(Reader):
    """One stream. is_reading: False for one that never takes a byte. has_ended: the server's end is known."""

    def __init__(self, request: bytes, *, is_reading: bool) -> None:
        super().__init__(request)
        self._is_reading = is_reading
        self.transport: asyncio.Transport
        self.has_ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.transport = cast(asyncio.Transport, transport)
        if not self._is_reading:
            self.transport.pause_reading()
            self.is_open.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.has_ended.set_result(None)

    @property
    def connection(self) -> socket.socket:
        return cast(socket.socket, self.transport.get_extra_info("socket"))


async def close(visitor: Visitor) -> None:
    visitor.transport.close()
    await visitor.has_ended


async def reset(visitor: Visitor) -> None:
    visitor.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    visitor.transport.abort()
    await visitor.has_ended


async def close_half(visitor: Visitor) -> None:
    visitor.transport.write_eof()
    await visitor.has_ended


ENDS: Mapping[str, Callable[[Visitor], Awaitable[None]]] = {
    "closes": close,
    "resets": reset,
    "closes its half": close_half,
    "never reads": close,
}


def _request(user: str) -> bytes:
    return f"GET {NOTIFICATIONS}/stream?token={token(user)} HTTP/1.1\r\nhost: x\r\n\r\n".encode()


class Churn:
    """Waves of streams of the same users, on one server."""

    def __init__(self, server: RunningServer) -> None:
        self.server = server
        self.opened = 0
        self._requests = {how: [_request(f"{how} {number}") for number in range(EACH)] for how in ENDS}

    async def wave(self, api: Api) -> None:
        """Open WAVE streams, publish to all, end them in each way; wait until the server has noticed."""
        with Crowd(self.server, EACH, "is killed", packet_bytes=0) as crowd:
            visitors = {how: await self._open(how) for how in ENDS}
            # Those that never read do not tell when they are in.
            await self._eventually(lambda: self.left()[0] == WAVE, "all to be in")
            for _ in range(3):
                await api.post("", {"to": {"all": True}, "category": "churn", "content": "x" * 2000})
            endings = [ENDS[how](visitor) for how, mine in visitors.items() for visitor in mine]
            crowd.kill()
            await asyncio.wait_for(asyncio.gather(*endings), WITHIN_SECONDS)
        self.opened += WAVE
        await self._eventually(lambda: self.left() == (0, 0, 0), "all to be gone")

    async def _eventually(self, is_so: Callable[[], object], what: str) -> None:
        await eventually(is_so, within_seconds=WITHIN_SECONDS, what=what)

    async def _open(self, how: str) -> list[Visitor]:
        loop = asyncio.get_running_loop()
        visitors = []
        for begin in range(0, EACH, 50):
            made = [
                await loop.create_connection(
                    lambda request=request: Visitor(request, is_reading=how != "never reads"),  # type: ignore[misc]
                    "127.0.0.1",
                    self.server.port,
                )
                for request in self._requests[how][begin : begin + 50]
            ]
            visitors += [visitor for _, visitor in made]
            await asyncio.wait_for(asyncio.gather(*(visitor.is_open for _, visitor in made)), WITHIN_SECONDS)
        return visitors

    def left(self) -> tuple[float, float, float]:
        now = figures(self.server)
        return now["lumen_streams"], now["lumen_channels"], now["lumen_backlog_bytes"]

    def files(self) -> int:
        """Count what the server has open."""
        return len(list(Path(f"/proc/{self.server.process.pid}/fd").iterdir()))


async def test_nothing_is_left_of_streams_that_ended_in_every_way(start_server: StartServer) -> None:
    # A short heartbeat, because an ended stream may wait for as long to let its last bytes leave.
    server = start_server(LUMEN_JWT_SECRET=SECRET, LUMEN_PING_SECONDS="1")
    async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=60) as http:
        churn, api = Churn(server), Api(http, "publisher")
        for _ in range(WARM_UP_WAVES):
            await churn.wave(api)
        before_bytes, before_files = resident_bytes(server), churn.files()
        for _ in range(STREAMS // WAVE):
            await churn.wave(api)
        await eventually(lambda: churn.files() <= before_files, what="the connections to be closed")
        after_bytes = resident_bytes(server)
    ended = {name: value for name, value in figures(server).items() if name.startswith("lumen_streams_ended")}
    _log.info("%d streams: %d bytes before, %d after; %s", STREAMS, before_bytes, after_bytes, ended)
    assert sum(ended.values()) == churn.opened == STREAMS + WARM_UP_WAVES * WAVE
    assert after_bytes <= 1.1 * before_bytes, f"{before_bytes:,} bytes before, {after_bytes:,} after"
    assert "Traceback" not in server.log()
