"""Raw HTTP: requests as bytes, and what a server answers to them byte by byte.

Not here: clients that keep to HTTP (`clients`).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import struct
from dataclasses import dataclass, field
from typing import Any

WAIT_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A response. headers: names in lower case. body: without its framing."""

    version: str
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def problem(self) -> Any:
        """The problem document."""
        assert self.headers["content-type"] == "application/problem+json", self
        return json.loads(self.body)


@dataclass(slots=True)
class RawClient:
    """A connection that sends any bytes. received: what was read and not yet taken as an answer."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    received: bytes = field(default=b"")

    @classmethod
    async def open(cls, port: int) -> RawClient:
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    @classmethod
    @contextlib.asynccontextmanager
    async def connect(cls, port: int) -> Any:
        client = await cls.open(port)
        try:
            yield client
        finally:
            client.writer.transport.abort()

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    def end(self) -> None:
        """Close this side; the server may still answer."""
        self.writer.write_eof()

    def reset(self) -> None:
        """End the connection with a RST."""
        raw = self.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def close(self) -> None:
        self.writer.close()
        with contextlib.suppress(ConnectionError):
            await self.writer.wait_closed()

    async def read(self, text: bytes) -> bytes:
        """Read until `text` has arrived; return all that has arrived."""
        async with asyncio.timeout(WAIT_SECONDS):
            while text not in self.received:
                part = await self.reader.read(65536)
                assert part, f"the connection ended without {text!r}: {self.received!r}"
                self.received += part
        return self.received

    async def rest(self) -> bytes:
        """Read until the connection ends, in an orderly way or not."""
        async with asyncio.timeout(WAIT_SECONDS):
            with contextlib.suppress(ConnectionError):
                while part := await self.reader.read(65536):
                    self.received += part
        return self.received

    async def answer(self, *, has_body: bool = True) -> Answer:
        """Read one whole response. has_body: False for a response to HEAD."""
        await self.read(b"\r\n\r\n")
        head, _, self.received = self.received.partition(b"\r\n\r\n")
        status_line, *lines = head.decode().split("\r\n")
        version, status, _ = status_line.split(" ", 2)
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        length = int(headers.get("content-length", 0)) if has_body else 0
        async with asyncio.timeout(WAIT_SECONDS):
            while len(self.received) < length:
                part = await self.reader.read(65536)
                assert part, f"the connection ended within a body: {self.received!r}"
                self.received += part
        body, self.received = self.received[:length], self.received[length:]
        return Answer(version, int(status), headers, body)

    async def answers(self) -> list[Answer]:
        """Read all responses until the connection ends."""
        await self.rest()
        answers = []
        while self.received:
            answers.append(await self.answer())
        return answers
