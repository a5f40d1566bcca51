"""`python -m bench.workers`: many streams over several workers, beside one process, on PostgreSQL.

| value | how |
|---|---|
| memory of an idle worker, and of the parent | the resident set before the first stream |
| memory per stream | the growth of the resident set of all processes of the server, divided by the streams |
| streams of the emptiest and the fullest worker | the sockets of each |
| CPU per delivery | CPU time of all processes of the server for publishes to everyone, per frame received |
| CPU per stream opened | the same, for opening |

The streams are held by several load processes, since one may not open enough files. Needs no idle machine:
CPU times and memory depend little on what else runs.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import uvloop

from bench.cpu_usage import ServerCpu
from bench.durable_postgresql import temporary_database
from bench.load_process import LoadProcess, Streams
from lumen_notify.load_test.load import Load
from lumen_notify.load_test.local_server import HOST, LocalServer, run_local_server
from lumen_notify.load_test.process import PROC, memory_bytes, process_tree
from lumen_notify.load_test.protocol import stamped_content
from lumen_notify.load_test.publisher import Publisher

STREAMS_PER_PROCESS = 14_000
"""Of a load process: a process may have 20,000 files here."""

WARM_UP_STREAMS = 100
PUBLISHES = 20
SETTLE_SECONDS = 2.0
START_SECONDS = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """The values of one server. parent_bytes: 0 without one. emptiest, fullest: streams of a worker."""

    workers: int
    streams: int
    worker_bytes: float
    parent_bytes: float
    stream_bytes: float
    open_cpu_us: float
    delivery_cpu_us: float
    emptiest: int
    fullest: int


async def measure(streams: int, workers: int) -> Values:
    """Start a server, open the streams, publish to all of them."""
    with temporary_database() as database, tempfile.TemporaryDirectory(prefix="lumen-bench-") as folder:
        settings = {"LUMEN_WORKERS": str(workers)}
        async with run_local_server(
            None, Path(folder), database_url=database.url, settings=settings
        ) as server:
            await _wait_for_workers(server, workers)
            parent, *children = process_tree(server.process.pid)
            serving = children or [parent]
            worker_bytes = (memory_bytes(serving) or 0) / len(serving)
            parent_bytes = (memory_bytes([parent]) or 0) if children else 0
            await _warm_up(server)
            sockets = {pid: _sockets(pid) for pid in serving}
            before, cpu = server.process.memory_bytes() or 0, ServerCpu(server.process)
            async with _holding(server, streams) as processes:
                open_cpu_us = cpu.us_per(streams)
                await asyncio.sleep(SETTLE_SECONDS)
                after = server.process.memory_bytes() or 0
                each = sorted(_sockets(pid) - sockets[pid] for pid in serving)
                delivery_cpu_us = await _publish_to_all(server, processes)
                return Values(
                    workers=workers,
                    streams=streams,
                    worker_bytes=worker_bytes,
                    parent_bytes=parent_bytes,
                    stream_bytes=(after - before) / streams,
                    open_cpu_us=open_cpu_us,
                    delivery_cpu_us=delivery_cpu_us,
                    emptiest=each[0],
                    fullest=each[-1],
                )


async def _wait_for_workers(server: LocalServer, workers: int) -> None:
    async with asyncio.timeout(START_SECONDS), httpx.AsyncClient(trust_env=False, timeout=30) as http:
        while workers > 1:
            text = (await http.get(f"http://{HOST}:{server.process.port}/metrics")).text
            if re.search(rf"^lumen_workers_answering {workers}\.0$", text, re.MULTILINE):
                return
            await asyncio.sleep(0.2)


async def _warm_up(server: LocalServer) -> None:
    """Open and close some streams, so that memory that is allocated once is not counted."""
    load = Load(server.protocol())
    await load.open(WARM_UP_STREAMS)
    await load.measure_throughput(publishers=1, seconds=30, publishes=3)
    load.close()
    await asyncio.sleep(SETTLE_SECONDS)


@asynccontextmanager
async def _holding(server: LocalServer, streams: int) -> AsyncIterator[Sequence[LoadProcess]]:
    """Hold the streams open."""
    number = -(-streams // STREAMS_PER_PROCESS)
    firsts = [streams * part // number for part in range(number + 1)]
    processes = [
        await LoadProcess.start(
            Streams(
                port=server.process.port, secret=server.secret, first=first, count=firsts[part + 1] - first
            )
        )
        for part, first in enumerate(firsts[:-1])
    ]
    try:
        await asyncio.gather(*(process.wait_until_open() for process in processes))
        yield processes
    finally:
        await asyncio.gather(*(process.stop() for process in processes))


async def _publish_to_all(server: LocalServer, processes: Sequence[LoadProcess]) -> float:
    """Publish to everyone, each time once all streams have received the last; return the CPU per frame."""
    protocol = server.protocol()
    publisher = await Publisher.connect(HOST, server.process.port)
    cpu = ServerCpu(server.process)
    for number in range(1, PUBLISHES + 1):
        await publisher.publish(protocol.publish_request(stamped_content(0)))
        await asyncio.gather(*(process.wait_for(number) for process in processes))
    publisher.close()
    return cpu.us_per(PUBLISHES * sum(process.streams.count for process in processes))


def _sockets(pid: int) -> int:
    """Return how many files a process has open."""
    return len(list((PROC / str(pid) / "fd").iterdir()))


def table(rows: Sequence[Values]) -> str:
    """Return the values as a table, a column for each server."""
    lines = [
        ("", *(f"{one.workers} worker{'s' * (one.workers > 1)}" for one in rows)),
        ("---",) * (1 + len(rows)),
        ("streams", *(f"{one.streams:,}" for one in rows)),
        ("streams of the emptiest worker", *(f"{one.emptiest:,}" for one in rows)),
        ("streams of the fullest worker", *(f"{one.fullest:,}" for one in rows)),
        ("memory of an idle worker", *(f"{one.worker_bytes / 2**20:.0f} MiB" for one in rows)),
        ("memory of the parent", *(f"{one.parent_bytes / 2**20:.0f} MiB" for one in rows)),
        ("memory per stream", *(f"{one.stream_bytes / 1024:.2f} KiB" for one in rows)),
        ("CPU per stream opened", *(f"{one.open_cpu_us:,.0f} µs" for one in rows)),
        ("CPU per delivery", *(f"{one.delivery_cpu_us:.1f} µs" for one in rows)),
    ]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def main(argv: list[str] | None = None) -> int:
    """Measure one process, then the workers; print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.workers", description=__doc__.partition("\n")[0])
    parser.add_argument("--streams", type=int, default=40_000, help="over all workers; default 40000")
    parser.add_argument(
        "--workers", type=int, action="append", help="may be repeated; default 2 and 3, after one process"
    )
    arguments = parser.parse_args(argv)
    rows = []
    for workers in (1, *(arguments.workers or (2, 3))):
        # A process may have 20,000 files: one process holds a share of the streams.
        streams = min(arguments.streams, STREAMS_PER_PROCESS * workers)
        rows.append(uvloop.run(measure(streams, workers)))
        sys.stderr.write(f"{rows[-1]}\n")
    sys.stdout.write(table(rows) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
