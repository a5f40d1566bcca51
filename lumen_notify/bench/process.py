"""Process: a server under measurement, on a core of its own, and what it costs.

Memory is the resident set of the process and all its children together, from
`/proc/PID/smaps_rollup` (statm where the kernel has none), shared memory that they touched included. Where
there is no /proc, memory and time are not known (None).
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
    """A server did not start, or ended by itself. The text has the end of what it printed."""


def free_port(host: str = "127.0.0.1") -> int:
    """Return a port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def pin(core: int | None) -> None:
    """Keep this process on one core, where the system can; None: on any."""
    if core is not None and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core})


class Server:
    """A child process that listens on `port`. `core`: where it and all its threads and children run.
    `folder`: where it is started, None: here.
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

    def _settle(self) -> None:
        """Be on the core, and end with the measurement however that ends; runs in the child."""
        pin(self._core)
        if sys.platform == "linux":
            _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)

    async def __aenter__(self) -> Self:
        self._child = subprocess.Popen(  # noqa: S603, ASYNC220 - a measurement does nothing meanwhile
            self.argv,
            env=self._env,
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            preexec_fn=self._settle,  # noqa: PLW1509 - we have no threads
            start_new_session=True,
        )
        try:
            await self._listening()
        except BaseException:
            self.stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        self.stop()

    async def _listening(self, within_seconds: float = 30) -> None:
        """Wait until the port takes connections."""
        give_up_at = time.monotonic() + within_seconds
        while True:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                writer.close()
                return
            if self.has_ended or time.monotonic() > give_up_at:
                raise ServerFailed(f"{self.argv} does not listen on {self.port}: {self.log_tail()}")
            await asyncio.sleep(0.02)

    @property
    def pid(self) -> int:
        """The process id of the child."""
        assert self._child is not None, "not started"
        return self._child.pid

    @property
    def has_ended(self) -> bool:
        """Whether the child is gone."""
        return self._child is None or self._child.poll() is not None

    def log_tail(self) -> str:
        """Return the end of what it printed."""
        with contextlib.suppress(OSError, ValueError):
            size = self._log.seek(0, os.SEEK_END)
            self._log.seek(max(0, size - LOG_TAIL_BYTES))
            return self._log.read().decode("utf-8", "replace").strip()
        return ""

    def memory_bytes(self) -> int | None:
        """Return the resident bytes of the child and its children together."""
        return memory_bytes(family(self.pid))

    def cpu_seconds(self) -> float | None:
        """Return the processor time that the child and its children have used."""
        return cpu_seconds(family(self.pid))

    def stop(self) -> None:
        """End it and its children: politely, then not."""
        child, self._child = self._child, None
        if child is not None:
            for ask in (
                signal.SIGTERM,
                signal.SIGTERM,
                signal.SIGKILL,
            ):  # a second one means: without a drain
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child.pid, ask)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(2)
                    break
        self._log.close()


@value
class CoreTime:
    """What one core has done since the machine started, in seconds.

    `processes`: programs, and what the host took for others (steal). `busy`: that and the kernel's
    interrupts, of which the network's are most here and which count for no process.
    """

    processes: float
    busy: float


def core_times() -> dict[int, CoreTime]:
    """Return the time of each core; empty where it is not known."""
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


def family(pid: int) -> list[int]:
    """Return a process and its descendants."""
    pids = [pid]
    for parent in pids:
        for children in (PROC / str(parent) / "task").glob("*/children"):
            with contextlib.suppress(OSError):
                pids += map(int, children.read_text().split())
    return pids


def memory_bytes(pids: Sequence[int]) -> int | None:
    """Return the resident bytes of processes, summed; None where that is not known."""
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
    """Return the processor time (user and system) of processes, summed; None where that is not known."""
    ticks, is_known = 0, False
    for pid in pids:
        with contextlib.suppress(OSError):
            fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
            is_known = True
    return ticks / os.sysconf("SC_CLK_TCK") if is_known else None
