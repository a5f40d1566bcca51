"""Channel: the messages between the parent and a worker, as lines of JSON over a pair of sockets.

| from | message | meaning |
|---|---|---|
| worker | `ready`, `url` | it accepts connections |
| parent | `collect`, `id` | asks for the worker's metrics, which also shows that it is alive |
| worker | `metrics`, `id`, `lumens` | the families of each Lumen in it; `id` is null if nobody has asked |
| worker | `total`, `id`, `lumen` | asks for the metrics of all workers, of one Lumen |
| parent | `total`, `id`, `families` | the sum |
| parent | `drain`, `is_replaced` | shut down as at SIGTERM; whether another process accepts connections |
| parent | `end` | exit at once |

The end of the channel is the end of the other process.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Self

MAX_MESSAGE_BYTES = 16 * 1024 * 1024
"""The longest line. Metrics take about 10 KiB."""


class Channel:
    """One end. Messages are dictionaries with `kind`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, connection: socket.socket) -> Self:
        """Use a connected socket from now on."""
        return cls(*await asyncio.open_unix_connection(sock=connection, limit=MAX_MESSAGE_BYTES))

    def send(self, kind: str, **fields: Any) -> None:
        """Send a message. Nothing happens if the other process has ended."""
        if not self._writer.is_closing():
            self._writer.write(json.dumps({"kind": kind, **fields}).encode() + b"\n")

    async def receive(self) -> Mapping[str, Any] | None:
        """Wait for the next message; None if the other process has ended."""
        line = b""
        with suppress(OSError):
            line = await self._reader.readline()
        if not line.endswith(b"\n"):
            return None
        message: Mapping[str, Any] = json.loads(line)
        return message

    async def close(self) -> None:
        """Send what waits, then close this end."""
        self._writer.close()
        with suppress(OSError):
            await self._writer.wait_closed()
