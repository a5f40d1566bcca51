"""Relay: a TCP proxy whose listening socket stays open while the server behind it restarts.

A client that reconnects during the restart waits instead of meeting "connection refused", for which some give
up for good. What the server closes or resets, the relay closes.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Coroutine
from typing import Any

CONNECT_SECONDS = 60.0
"""How long a client waits for the server to be back. For a machine that is busy."""

POLL_SECONDS = 0.05


@contextlib.asynccontextmanager
async def relay_to(port: int, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """Listen in front of a server on a port of the loopback address; give the address to use instead.

    tls: speak TLS to the clients.
    """
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            with contextlib.closing(writer):
                await _relay(reader, writer, port)
        finally:
            tasks.discard(task)

    listener = socket.create_server(("127.0.0.1", 0))
    server = await asyncio.start_server(serve, sock=listener, ssl=tls)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.close()
        for task in tasks.copy():
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> None:
    behind_reader, behind_writer = await _connect(port)
    with contextlib.closing(behind_writer):
        await until_one_ends(_copy(reader, behind_writer), _copy(behind_reader, writer))


async def until_one_ends(*works: Coroutine[Any, Any, None]) -> None:
    """Do several things at once; when the first one ends, end the others."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _connect(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    async with asyncio.timeout(CONNECT_SECONDS):
        while True:
            try:
                return await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(POLL_SECONDS)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
