"""Silent relay: passes bytes to a server, until it is told to swallow them without closing anything.

So a network breaks that loses packets, or a firewall that forgets a connection: neither side gets a FIN.
"""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from types import TracebackType
from typing import Self

from relay import until_one_ends


class _Link:
    """A connection through the relay. sent: the first bytes that its client has sent."""

    def __init__(self) -> None:
        self.sent = b""
        self.is_silent = False


class SilentRelay:
    """Listens at one address and relays to another: a port of the loopback address, or a socket file."""

    def __init__(self, listen: int | Path, target: int | Path) -> None:
        self._listen = listen
        self._target = target
        self._links: set[_Link] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        if isinstance(self._listen, Path):
            self._server = await asyncio.start_unix_server(self._serve, self._listen)
            self._listen.chmod(0o777)
        else:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._listen)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks.copy():
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def silence(self, mark: bytes = b"") -> int:
        """Swallow both ways of the connections on which the client has sent `mark`; return how many. New
        connections pass."""
        silent = [link for link in self._links if mark in link.sent and not link.is_silent]
        for link in silent:
            link.is_silent = True
        return len(silent)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        link = _Link()
        self._links.add(link)
        try:
            with contextlib.closing(writer), contextlib.suppress(OSError, asyncio.CancelledError):
                await self._relay(link, reader, writer)
        finally:
            self._links.discard(link)
            self._tasks.discard(task)

    async def _relay(self, link: _Link, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if isinstance(self._target, Path):
            behind_reader, behind_writer = await asyncio.open_unix_connection(self._target)
        else:
            behind_reader, behind_writer = await asyncio.open_connection("127.0.0.1", self._target)
        with contextlib.closing(behind_writer):
            await until_one_ends(
                _copy(link, reader, behind_writer, is_from_client=True),
                _copy(link, behind_reader, writer, is_from_client=False),
            )


KEPT_BYTES = 65_536
"""Of what a client sends, to find it by."""


async def _copy(
    link: _Link, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_from_client: bool
) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65_536):
            if is_from_client and len(link.sent) < KEPT_BYTES:
                link.sent += data
            if not link.is_silent:
                writer.write(data)
                await writer.drain()
    if link.is_silent and not is_from_client:
        await asyncio.Event().wait()  # the server's FIN is lost, too
