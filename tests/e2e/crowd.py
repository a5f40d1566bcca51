"""Crowd: `stream_crowd.py` as a child process, and the metrics and memory of a server."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import httpx
import psutil

from clients import SECRET
from servers import RunningServer

PROGRAM = Path(__file__).with_name("stream_crowd.py")


class Crowd:
    """Many streams in a child process; open within the context.

    packet_bytes: 1400 as on a network, 0 as on loopback.
    """

    def __init__(
        self, server: RunningServer, count: int, prefix: str = "crowd", *, packet_bytes: int
    ) -> None:
        self._arguments = [str(server.port), str(count), SECRET, prefix, str(packet_bytes)]
        self._process: subprocess.Popen[str] | None = None

    @property
    def process(self) -> subprocess.Popen[str]:
        assert self._process is not None
        return self._process

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, str(PROGRAM), *self._arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._expect("open")
        return self

    def stop_reading(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("stop\n")
        self.process.stdin.flush()
        self._expect("stopped")

    def kill(self) -> None:
        """End it by SIGKILL: the kernel resets what was not read, and closes the rest."""
        self.process.kill()
        self.process.wait()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()

    def _expect(self, word: str) -> None:
        pipe: IO[str] | None = self.process.stdout
        assert pipe is not None
        assert pipe.readline() == f"{word}\n"


def figures(server: RunningServer) -> Mapping[str, float]:
    """Read /metrics; names with labels as they stand there."""
    text = httpx.get(f"{server.url}/metrics", trust_env=False, timeout=30).text
    found = re.findall(r"^([\w]+(?:\{[^}]*\})?) ([\d.e+-]+)$", text, re.MULTILINE)
    return {name: float(value) for name, value in found}


def resident_bytes(server: RunningServer) -> int:
    return int(psutil.Process(server.process.pid).memory_info().rss)
