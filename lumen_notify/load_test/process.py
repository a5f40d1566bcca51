"""Process: a server process under measurement, its memory and its CPU time.

Memory is the resident set of the process and all its descendants, including shared memory that they touched,
from `/proc/PID/smaps_rollup` (or statm if the kernel has no smaps_rollup). Without /proc, memory and CPU time
are None.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Self

from lumen_notify.model import value

PROC = Path("/proc")
LOG_TAIL_BYTES = 2000
PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)


class ServerFailed(Exception):
    """A server did not start, or exited by itself. The message contains the end of its output."""


def free_port(host: str = "127.0.0.1") -> int:
    """Return a port that is free at the moment."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def pin(core: int | None) -> None:
    """Pin this process to one core, if the system supports it. None does nothing."""
    if core is not None and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core})


class ServerProcess:
    """A child process that listens on `port`. Async context manager: starts it, waits, and stops it.

    core: the CPU core of the process and its children; None for any. folder: its working directory; None for
    the current one.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        port: int,
        core: int | None,
        env: Mapping[str, str],
        folder: Path | None = None,
    ) -> None:
        self.argv = list(argv)
        self.port = port
        self._core = core
        self._env = dict(env)
        self._folder = folder
        self._log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by stop
        self._child: subprocess.Popen[bytes] | None = None

    def _set_up_child(self) -> None:
        """Pin the child to its core, and end it when this process ends. Runs in the child."""
        pin(self._core)
        if sys.platform == "linux":
            _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)

    async def __aenter__(self) -> Self:
        self._child = subprocess.Popen(  # noqa: S603, ASYNC220 - nothing else runs on the loop yet
            self.argv,
            env=self._env,
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            preexec_fn=self._set_up_child,  # noqa: PLW1509 - we have no threads
            start_new_session=True,
        )
        try:
            await self._wait_until_listening()
        except BaseException:
            self.stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        self.stop()

    async def _wait_until_listening(self, within_seconds: float = 30) -> None:
        """Wait until the port accepts connections."""
        deadline = time.monotonic() + within_seconds
        while True:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                writer.close()
                return
            if self.has_ended or time.monotonic() > deadline:
                raise ServerFailed(f"{self.argv} does not listen on port {self.port}: {self.log_tail()}")
            await asyncio.sleep(0.02)

    @property
    def pid(self) -> int:
        """The process id of the child."""
        assert self._child is not None, "not started"
        return self._child.pid

    @property
    def has_ended(self) -> bool:
        """Whether the child has exited."""
        return self._child is None or self._child.poll() is not None

    def log_tail(self) -> str:
        """Return the end of the child's output."""
        with contextlib.suppress(OSError, ValueError):
            size = self._log.seek(0, os.SEEK_END)
            self._log.seek(max(0, size - LOG_TAIL_BYTES))
            return self._log.read().decode("utf-8", "replace").strip()
        return ""

    def memory_bytes(self) -> int | None:
        """Return the resident bytes of the child and its descendants."""
        return memory_bytes(process_tree(self.pid))

    def cpu_seconds(self) -> float | None:
        """Return the CPU seconds that the child and its descendants have used."""
        return cpu_seconds(process_tree(self.pid))

    def stop(self) -> None:
        """Stop the child and its descendants: SIGTERM, a second SIGTERM, then SIGKILL."""
        child, self._child = self._child, None
        if child is not None:
            # Our server exits without draining at the second SIGTERM.
            for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGKILL):
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child.pid, number)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(2)
                    break
        self._log.close()


@value
class CoreTime:
    """The busy time of one core since boot, in seconds.

    processes: user, nice, system and steal time. busy: that plus interrupts, mostly of the network, which
    are attributed to no process.
    """

    processes: float
    busy: float


def core_times() -> dict[int, CoreTime]:
    """Return the times by core; empty if unknown."""
    times = {}
    with contextlib.suppress(OSError):
        for line in (PROC / "stat").read_text().splitlines():
            name, *fields = line.split()
            if name.startswith("cpu") and name != "cpu":
                ticks = [int(field) / os.sysconf("SC_CLK_TCK") for field in fields[:8]]
                user, nice, system, _idle, _wait, irq, softirq, steal = ticks
                processes = user + nice + system + steal
                times[int(name[3:])] = CoreTime(processes=processes, busy=processes + irq + softirq)
    return times


def process_tree(pid: int) -> list[int]:
    """Return the process ids of a process and its descendants."""
    pids = [pid]
    for parent in pids:
        for children in (PROC / str(parent) / "task").glob("*/children"):
            with contextlib.suppress(OSError):
                pids += map(int, children.read_text().split())
    return pids


def memory_bytes(pids: Sequence[int]) -> int | None:
    """Return the total resident bytes of processes; None if unknown."""
    total = 0
    for pid in pids:
        try:
            rollup = (PROC / str(pid) / "smaps_rollup").read_text()
            total += (
                next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Rss:")) * 1024
            )
        except (OSError, StopIteration):
            try:
                pages = (PROC / str(pid) / "statm").read_text().split()[1]
            except OSError:
                continue
            total += int(pages) * os.sysconf("SC_PAGE_SIZE")
    return total or None


def cpu_seconds(pids: Sequence[int]) -> float | None:
    """Return the total CPU seconds (user and system) of processes; None if unknown."""
    ticks, is_known = 0, False
    for pid in pids:
        with contextlib.suppress(OSError):
            fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
            is_known = True
    return ticks / os.sysconf("SC_CLK_TCK") if is_known else None
