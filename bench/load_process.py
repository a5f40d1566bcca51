"""Load process: streams that are held by a process of their own, since one may not open enough files.

`LoadProcess` starts this module as a program. It prints `open` once all streams are live. For each line with
a number on stdin it waits for that many frames in total, and prints `received`. It ends with stdin.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import uvloop

from lumen_notify.load_test.load import Load, raise_file_limit
from lumen_notify.load_test.local_server import HOST
from lumen_notify.load_test.protocol import LumenProtocol

OPEN_SECONDS = 1800.0
"""For a machine that is busy."""

CONCURRENCY = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Streams:
    """The streams of one process: `count` from number `first`, each of a user of its own."""

    port: int
    secret: str
    first: int
    count: int


class LoadProcess:
    """A process with streams, which opens them at once."""

    def __init__(self, process: asyncio.subprocess.Process, streams: Streams) -> None:
        self.streams = streams
        self._process = process

    @classmethod
    async def start(cls, streams: Streams) -> Self:
        """Start the process."""
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", __name__, stdin=pipe, stdout=pipe, cwd=Path(__file__).parent.parent
        )
        it = cls(process, streams)
        it._send(asdict(streams))
        return it

    async def wait_until_open(self) -> None:
        """Wait until all streams are live."""
        await self._expect("open")

    async def wait_for(self, frames: int) -> None:
        """Wait until each stream has received so many frames."""
        self._send(frames * self.streams.count)
        await self._expect("received")

    async def stop(self) -> None:
        """Close the streams and end the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()

    def _send(self, value: Mapping[str, Any] | int) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(value).encode() + b"\n")

    async def _expect(self, word: str) -> None:
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if line.decode() != f"{word}\n":
            raise RuntimeError(f"The load process has ended, and not said {word}.")


def _say(word: str) -> None:
    sys.stdout.write(word + "\n")
    sys.stdout.flush()


async def _hold(streams: Streams) -> None:
    raise_file_limit(streams.count)
    load = Load(LumenProtocol(HOST, streams.port, secret=streams.secret), first=streams.first)
    await load.open(streams.count, concurrency=CONCURRENCY, within_seconds=OPEN_SECONDS)
    _say("open")
    while line := await asyncio.to_thread(sys.stdin.readline):
        await load.counter.wait_for(int(line))
        _say("received")
    load.close()


if __name__ == "__main__":
    uvloop.run(_hold(Streams(**json.loads(sys.stdin.readline()))))
