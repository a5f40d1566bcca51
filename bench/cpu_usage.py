"""CPU usage: CPU shares during a measurement; a measurement that other programs disturb is repeated."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from bench.size import Size
from lumen_notify.load_test.process import core_times, cpu_seconds, process_tree

MAX_OTHER_CPU_SHARE = 0.1
"""The limit, as a share of one core, for programs other than the server and the load. Their CPU time lowers
the result, and by chance for one server and not for another."""

IDLE_SECONDS = 1.0
MAX_WAIT_SECONDS = 10.0
"""The longest wait for an idle second before an attempt."""


Measure = Callable[[], Awaitable[Mapping[str, float]]]


class Measured(Protocol):
    """One server process, or several."""

    def cpu_seconds(self) -> float | None:
        """Return the CPU seconds that it has used; None if unknown."""


class CpuUsage:
    """Measures CPU time from its creation to `shares`. database: the process id of the database, if any."""

    def __init__(self, server: Measured, core: int, database: int | None = None) -> None:
        self._server = server
        self._core = core
        self._database = database
        self._before = self._now()

    def _now(self) -> tuple[float, ...]:
        cores = core_times()
        processes = sum(core.processes for core in cores.values())
        core_busy = cores[self._core].busy if self._core in cores else 0.0
        return (
            time.perf_counter(),
            self._server.cpu_seconds() or 0.0,
            time.process_time(),
            processes,
            core_busy,
            (cpu_seconds(process_tree(self._database)) or 0.0) if self._database is not None else 0.0,
        )

    def shares(self) -> dict[str, float]:
        """Return shares of one core: of the server, the load, all other programs, and the database if any.

        `server_core_busy` is the total of the server's core, including interrupts of the network: near 1 the
        server was the limit.
        """
        elapsed, server, load, processes, core, database = (
            now - before for now, before in zip(self._now(), self._before, strict=True)
        )
        shares = {
            "server_busy": server / elapsed,
            "load_busy": load / elapsed,
            "server_core_busy": core / elapsed,
            "others_busy": max(0.0, processes - server - load - database) / elapsed,
        }
        return shares if self._database is None else {**shares, "database_busy": database / elapsed}


class ServerCpu:
    """The CPU time of a server per operation, from its creation to `us_per`. Other programs disturb it far
    less than a rate."""

    def __init__(self, server: Measured) -> None:
        self._server = server
        self._before = server.cpu_seconds() or 0.0

    def us_per(self, operations: int) -> float:
        """Return the microseconds for each of so many operations."""
        return ((self._server.cpu_seconds() or 0.0) - self._before) * 1e6 / max(1, operations)


async def measure_undisturbed(
    server: Measured,
    size: Size,
    measure: Measure,
    *,
    prepare: Measure | None = None,
    database: int | None = None,
) -> dict[str, float]:
    """Measure, and repeat if other programs were busy; return the least disturbed attempt with its CPU
    shares.

    prepare: called before each attempt. database: the process id of the server's database, if any.
    """
    attempts: list[dict[str, float]] = []
    for _ in range(size.max_attempts):
        if prepare is not None:
            await prepare()
        if size.max_attempts > 1:
            await _wait_until_idle(server, size.core)
        usage = CpuUsage(server, size.core, database)
        values = await measure()
        attempts.append({**values, **usage.shares()})
        if attempts[-1]["others_busy"] <= MAX_OTHER_CPU_SHARE:
            break
    return min(attempts, key=lambda values: values["others_busy"])


async def _wait_until_idle(server: Measured, core: int) -> None:
    deadline = time.monotonic() + MAX_WAIT_SECONDS
    while time.monotonic() < deadline:
        usage = CpuUsage(server, core)
        await asyncio.sleep(IDLE_SECONDS)
        if usage.shares()["others_busy"] <= MAX_OTHER_CPU_SHARE:
            return
