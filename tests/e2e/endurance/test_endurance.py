"""Endurance: kills, pauses, a full disk and an open snapshot while publishers publish and clients read.

Nothing is lost, repeated or reordered; counts equal a fresh fetch; and a publish takes afterwards what it
took before. The long form:

    LUMEN_TEST_ENDURANCE_EVENTS=1000000 LUMEN_TEST_ENDURANCE_KILLS=100 make test ARGS='-k endurance -n 0 -s'
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import signal
import statistics
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence

import asyncpg
import httpx
import psutil
import pytest

from clients import SECRET, Api
from conftest import StartServer
from servers import PostgreSQL, RunningServer

from ..workload import PUBLISHERS, Workload

EVENTS = int(os.environ.get("LUMEN_TEST_ENDURANCE_EVENTS", "6000"))
KILLS = int(os.environ.get("LUMEN_TEST_ENDURANCE_KILLS", "4"))
FAULT_SECONDS = 10.0 if KILLS >= 20 else 4.0
"""How long an instance is paused and a disk is full: longer than an instance may hold the others' lock."""

PROBES = 100
"""Publishes that are timed before and after."""

pytestmark = [pytest.mark.slow, pytest.mark.server, pytest.mark.timeout(300 + EVENTS / 100 + 30 * KILLS)]


class Snapshot:
    """A transaction that is kept open on PostgreSQL, as a backup does. Opens again when it was lost."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: asyncpg.Connection | None = None

    async def hold(self) -> None:
        if self._connection is None or self._connection.is_closed():
            self._connection = await asyncpg.connect(self._url)
            await self._connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
            await self._connection.fetchval("SELECT count(*) FROM lumen_event")

    async def close(self) -> None:
        if self._connection is not None:
            self._connection.terminate()


async def milliseconds(url: str) -> list[float]:
    """Time publishes, one after the other, to a user whom nobody else publishes to."""
    taken = []
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as http:
        api = Api(http, "probe")
        for number in range(PROBES):
            begin = time.perf_counter()
            await api.post("", {"to": {"user": "probe"}, "category": "probe", "content": str(number)})
            taken.append((time.perf_counter() - begin) * 1000)
    return taken


@contextlib.asynccontextmanager
async def endured(name: str, servers: Sequence[RunningServer]) -> AsyncIterator[Workload]:
    """Run the workload; at the end check what must hold, and say how long a publish takes."""
    before = await milliseconds(servers[0].url)
    workload = Workload([server.url for server in servers], EVENTS // PUBLISHERS)
    begin = time.monotonic()
    try:
        await workload.start()
        yield workload
        await workload.settle()
        seconds = time.monotonic() - begin
    finally:
        await workload.close()
    after = await milliseconds(servers[0].url)
    p99s = [statistics.quantiles(taken, n=100)[98] for taken in (before, after)]
    sys.stdout.write(
        f"\n{name}: {workload.published:,} events in {seconds:.0f} s, "
        f"{sum(reader.connects for reader in workload.readers)} connects; "
        f"publish p99 {p99s[0]:.1f} ms before, {p99s[1]:.1f} ms after\n"
    )


async def more(workload: Workload, parts: int) -> None:
    """Wait until another part of all has been published."""
    aim = min(workload.published + EVENTS // parts, EVENTS * 9 // 10)
    await workload.until(lambda: workload.published >= aim, f"{aim} publications", within_seconds=600)


async def kill_again_and_again(workload: Workload, targets: Sequence[RunningServer | PostgreSQL]) -> None:
    for number in range(KILLS):
        await more(workload, KILLS + 2)
        target = targets[number % len(targets)]
        await asyncio.to_thread(target.kill)
        await asyncio.to_thread(target.start)


@contextlib.contextmanager
def full_disk(server: RunningServer) -> Iterator[None]:
    """Let no write of a server's process to a file pass, as on a full disk."""
    process = psutil.Process(server.process.pid)
    _, hard = process.rlimit(resource.RLIMIT_FSIZE)
    process.rlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        process.rlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, hard))


async def test_endurance_on_sqlite(start_server: StartServer, sqlite_url: str) -> None:
    server = start_server(database_url=sqlite_url, LUMEN_JWT_SECRET=SECRET)
    async with endured("SQLite", [server]) as workload:
        await kill_again_and_again(workload, [server])
        refusals = workload.servers.refusals
        with full_disk(server):
            await asyncio.sleep(FAULT_SECONDS)
        assert workload.servers.refusals > refusals, "writes passed although the disk was full"
        os.kill(server.process.pid, signal.SIGSTOP)
        await asyncio.sleep(FAULT_SECONDS)
        os.kill(server.process.pid, signal.SIGCONT)


@pytest.mark.postgresql
async def test_endurance_on_postgresql(start_server: StartServer, postgresql: PostgreSQL) -> None:
    url = postgresql.create_database()
    servers = [start_server(database_url=url, LUMEN_JWT_SECRET=SECRET) for _ in range(2)]
    snapshot = Snapshot(url)
    async with endured("PostgreSQL", servers) as workload:
        holding = asyncio.create_task(every_second(snapshot.hold))
        await kill_again_and_again(workload, [servers[0], postgresql, servers[1]])
        os.kill(servers[1].process.pid, signal.SIGSTOP)
        await asyncio.sleep(FAULT_SECONDS)
        os.kill(servers[1].process.pid, signal.SIGCONT)
        holding.cancel()
        await asyncio.gather(holding, return_exceptions=True)
    await snapshot.close()


async def every_second(do: Callable[[], Awaitable[None]]) -> None:
    """Call again and again; what fails is tried again."""
    while True:
        with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            await do()
        await asyncio.sleep(1)
