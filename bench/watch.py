"""Watch: who used the processor during a measurement, and whether it was disturbed."""

from __future__ import annotations

import time

from lumen_notify.bench.process import Server, core_times

DISTURBED_SHARE = 0.1
"""Of one core, by programs that are neither the server nor the load. What they take of a core is lost to the
figure, and it hits one server and not another."""


MAX_TRIES = 3
"""How often a disturbed measurement is made at most."""


class Watch:
    """Looks at the processors from when it is made to `shares`."""

    def __init__(self, server: Server, core: int) -> None:
        self._server = server
        self._core = core
        self._before = self._now()

    def _now(self) -> tuple[float, float, float, float, float]:
        cores = core_times()
        processes = sum(core.processes for core in cores.values())
        core_busy = cores[self._core].busy if self._core in cores else 0.0
        return (
            time.perf_counter(),
            self._server.cpu_seconds() or 0.0,
            time.process_time(),
            processes,
            core_busy,
        )

    def shares(self) -> dict[str, float]:
        """Return shares of one core: the server's, the load's, everybody else's, and the server's core's own.

        That last one has the network's interrupts too: near 1, the server could not have done more.
        """
        elapsed, server, load, processes, core = (
            now - before for now, before in zip(self._now(), self._before, strict=True)
        )
        return {
            "server_busy": server / elapsed,
            "load_busy": load / elapsed,
            "server_core_busy": core / elapsed,
            "others_busy": max(0.0, processes - server - load) / elapsed,
        }
