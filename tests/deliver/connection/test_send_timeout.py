"""Clients that do not read their responses are let go. On both loops."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest

from clients import eventually
from listening import Listening, listen
from lumen_notify.deliver.connection import send_timeout
from lumen_notify.deliver.connection.handover import HandoverProtocol

LARGE_BYTES = 20_000_000
"""More than the kernel's buffers hold."""


class Site:
    """An application that answers `/<bytes>` by so many bytes. sent: how many responses have left it."""

    listening: Listening
    sent = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        size = int(scope["path"].removeprefix("/"))
        await send(
            {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % size)]}
        )
        await send({"type": "http.response.body", "body": bytes(size)})
        self.sent += 1

    def client(self, *sizes: int, ends: bool = False) -> socket.socket:
        """Connect, and ask without reading. The kernel holds little for this client."""
        raw = socket.socket()
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        raw.connect(("127.0.0.1", self.listening.port))
        head = b"GET /%d HTTP/1.1\r\nhost: x\r\n" + (b"connection: close\r\n" if ends else b"") + b"\r\n"
        raw.sendall(b"".join(head % size for size in sizes))
        return raw

    @property
    def waiting_bytes(self) -> int:
        """How many bytes wait for all clients."""
        return sum(one.transport.get_write_buffer_size() for one in self.listening.state.connections)


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    made = Site()
    async with listen(made, HandoverProtocol) as made.listening:
        yield made


@pytest.mark.parametrize("ends", [False, True], ids=["kept alive", "closing"])
async def test_client_that_does_not_read_is_let_go(
    site: Site, monkeypatch: pytest.MonkeyPatch, ends: bool
) -> None:
    monkeypatch.setattr(send_timeout, "SEND_SECONDS", 0.2)
    with site.client(LARGE_BYTES, ends=ends):
        await eventually(lambda: site.sent, what="the response")
        assert site.waiting_bytes
        await eventually(lambda: not site.listening.state.connections, what="the connection to be dropped")


async def test_client_that_reads_too_slowly_is_let_go(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(send_timeout, "SEND_SECONDS", 0.2)
    monkeypatch.setattr(send_timeout, "MIN_SENT_BYTES", LARGE_BYTES // 2)
    with site.client(LARGE_BYTES) as raw:
        raw.setblocking(False)
        loop = asyncio.get_running_loop()
        while site.listening.state.connections:
            await loop.sock_recv(raw, 1000)
            await asyncio.sleep(0.001)


async def test_client_that_reads_slowly_but_steadily_is_kept(site: Site) -> None:
    with site.client(LARGE_BYTES) as raw:
        raw.setblocking(False)
        loop = asyncio.get_running_loop()
        await eventually(lambda: site.waiting_bytes, what="the response")
        protocol: Any = next(iter(site.listening.state.connections))
        for _ in range(3):
            before = site.waiting_bytes
            while site.waiting_bytes > before - send_timeout.MIN_SENT_BYTES:
                await loop.sock_recv(raw, 1_000_000)
            protocol._on_send_timeout()
            assert not protocol.transport.is_closing()
        protocol._on_send_timeout()
        assert protocol.transport.is_closing()


async def test_response_that_is_not_read_holds_the_next_ones_back(site: Site) -> None:
    with site.client(LARGE_BYTES, LARGE_BYTES, LARGE_BYTES):
        await eventually(lambda: site.sent, what="the first response")
        for _ in range(20):
            await asyncio.sleep(0)
        assert site.sent == 1
        assert site.waiting_bytes <= LARGE_BYTES + send_timeout.WRITE_BUFFER_BYTES


async def test_idle_connection_is_let_go_with_its_unread_response(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(send_timeout, "SEND_SECONDS", 0.2)
    monkeypatch.setattr(send_timeout, "WRITE_BUFFER_BYTES", 2 * LARGE_BYTES)  # it never pauses
    site.listening.config.timeout_keep_alive = 0
    with site.client(LARGE_BYTES):
        await eventually(lambda: site.sent, what="the response")
        await eventually(lambda: not site.listening.state.connections, what="the connection to be dropped")


async def test_server_that_stops_lets_an_unread_response_go(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(send_timeout, "SEND_SECONDS", 0.2)
    monkeypatch.setattr(send_timeout, "WRITE_BUFFER_BYTES", 2 * LARGE_BYTES)
    with site.client(LARGE_BYTES):
        await eventually(lambda: site.sent, what="the response")
        site.listening.shut_down()
        await eventually(lambda: not site.listening.state.connections, what="the connection to be dropped")
