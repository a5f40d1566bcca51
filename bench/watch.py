"""Watch: who used the processors during a measurement, and again if others disturbed it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping

from bench.size import Size
from lumen_notify.bench.process import Server, core_times, cpu_seconds, family

DISTURBED_SHARE = 0.1
"""Of one core, by programs that are neither the server nor the load. What they take of a core is lost to the
figure, and it hits one server and not another."""

QUIET_SECONDS = 1.0
MAX_WAIT_SECONDS = 10.0
"""How long to wait before a try for a second in which the machine is quiet."""


Measure = Callable[[], Awaitable[Mapping[str, float]]]


class Watch:
    """Looks at the processors from when it is made to `shares`. database: the id of its first process."""

    def __init__(self, server: Server, core: int, database: int | None = None) -> None:
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
            (cpu_seconds(family(self._database)) or 0.0) if self._database is not None else 0.0,
        )

    def shares(self) -> dict[str, float]:
        """Return shares of one core: the server's, the load's, everybody else's, and the server's core's own.

        That last one has the network's interrupts too: near 1, the server could not have done more. With a
        database its own, too.
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


async def undisturbed(
    server: Server,
    size: Size,
    measure: Measure,
    *,
    prepare: Measure | None = None,
    database: int | None = None,
) -> dict[str, float]:
    """Measure, and again if other programs were busy meanwhile; `prepare` comes before each time.

    `database`: the process id of the server's database, if it is one of its own. Return the least disturbed
    try, with its shares of the processors.
    """
    tries: list[dict[str, float]] = []
    for _ in range(size.tries):
        if prepare is not None:
            await prepare()
        if size.tries > 1:
            await _quiet(server, size.core)
        watch = Watch(server, size.core, database)
        values = await measure()
        tries.append({**values, **watch.shares()})
        if tries[-1]["others_busy"] <= DISTURBED_SHARE:
            break
    return min(tries, key=lambda values: values["others_busy"])


async def _quiet(server: Server, core: int) -> None:
    give_up_at = time.monotonic() + MAX_WAIT_SECONDS
    while time.monotonic() < give_up_at:
        watch = Watch(server, core)
        await asyncio.sleep(QUIET_SECONDS)
        if watch.shares()["others_busy"] <= DISTURBED_SHARE:
            return
