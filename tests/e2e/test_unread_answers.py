"""Clients that ask for the largest pages and read nothing cost a bounded amount of memory."""

from __future__ import annotations

import asyncio
import contextlib
import socket

import httpx
import psutil
import pytest

from clients import NOTIFICATIONS, SECRET, Api, token
from conftest import StartServer
from lumen_notify.http.pages import MAX_PAGE_BYTES

pytestmark = pytest.mark.slow

CLIENTS = 100
REQUESTS = 4
"""Of each client. The first is answered; the response to the second waits until the first is read."""

OTHERS_BYTES = 16 * 1024 * 1024
"""For what else grows meanwhile: buffers of the allocator, caches."""


async def test_answers_that_nobody_reads_take_bounded_memory(
    start_server: StartServer, sqlite_url: str
) -> None:
    server = start_server(database_url=sqlite_url, LUMEN_JWT_SECRET=SECRET, LUMEN_RATE_LIMITS="off")
    process = psutil.Process(server.process.pid)
    path = f"{NOTIFICATIONS}?limit=100"
    async with httpx.AsyncClient(base_url=server.url, timeout=60) as http:
        alice = Api(http, "alice")
        for _ in range(100):
            data = {"text": "x" * 60_000}
            await alice.post("", {"to": {"user": "bob"}, "category": "like", "content": "x", "data": data})
        for _ in range(20):
            page = await http.get(path, headers={"Authorization": f"Bearer {token('bob')}"})
            assert MAX_PAGE_BYTES / 2 < len(page.content) <= MAX_PAGE_BYTES + 1000
        before = process.memory_info().rss

        request = f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token('bob')}\r\n\r\n".encode()
        with contextlib.ExitStack() as stack:
            for _ in range(CLIENTS):
                raw = stack.enter_context(socket.socket())
                raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1400)
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                raw.connect(("127.0.0.1", server.port))
                raw.sendall(request * REQUESTS)
            largest = before
            for _ in range(20):
                await http.get(path, headers={"Authorization": f"Bearer {token('bob')}"})
                largest = max(largest, process.memory_info().rss)
                await asyncio.sleep(0.1)
        bound = CLIENTS * 2 * MAX_PAGE_BYTES + OTHERS_BYTES
        assert largest - before < bound
        assert server.is_running
