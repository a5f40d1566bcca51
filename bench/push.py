"""`python -m bench.push`: what push to many devices costs: publishes, streams, memory, and pushes per second.

The provider does nothing, so that what is measured is the server alone. Prints the table of docs/push.md;
`--write` puts it into the page.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path

import httpx

from lumen_notify.auth import PUBLISH, mint
from lumen_notify.commit.database import Database
from lumen_notify.commit.database.migrations import migrate
from lumen_notify.load_test.local_server import LocalServer, run_local_server
from lumen_notify.model import value
from lumen_notify.settings import Secret

DEVICES = 100_000
PUBLISHES = 100
ROUNDS = 5

EVERY_SECONDS = 0.05
"""The pause between two notifications whose receipt is timed."""

SECRET = "a secret for the benchmark of push"  # noqa: S105 - of a server on loopback, for a minute
WATCHER = "watcher"

PROVIDER = """
from lumen_notify.push.push import SENT

class NullProvider:
    name = "null"

    def __init__(self, settings):
        pass

    async def send(self, push, target):
        return SENT

    def config(self):
        return {}

    async def close(self):
        pass
"""

PAGE = Path(__file__).parent.parent / "docs" / "push.md"
BEGIN = "<!-- measured: written by `python -m bench.push --write` -->\n"
END = "<!-- end: measured -->\n"


@value
class Figures:
    """devices: that one publish reaches. rows: of the outbox for one publish. publish_ms: the median publish
    to everyone, without and with push. idle_ms, pushing_ms: the time from a publish to its receipt on a
    stream, its 99th percentile, median of the rounds, without and during a push. grown_bytes: of memory,
    during the pushes. per_second: pushes handed over."""

    devices: int
    rows: int
    publish_ms: tuple[float, float]
    idle_ms: float
    pushing_ms: float
    grown_bytes: int
    per_second: float


async def measure(devices: int = DEVICES, publishes: int = PUBLISHES, rounds: int = ROUNDS) -> Figures:
    """Measure two servers on databases with the same devices: without push, and with it."""
    with tempfile.TemporaryDirectory(prefix="lumen-bench-") as name:
        folder = Path(name)
        _install(folder)
        without, with_push = folder / "without", folder / "with"
        for one in (without, with_push):
            one.mkdir()
            await _prepare(one / "bench.db", devices)
        async with _server(without, folder, "off") as (_, http):
            off_ms = await _publish_ms(http, publishes)
        async with _server(with_push, folder, "null") as (server, http):
            on_ms = await _publish_ms(http, publishes)
            before = _rows(server)
            idle = [await _receipt_ms(http, lambda: False, publishes) for _ in range(rounds)]
            memory = server.process.memory_bytes() or 0
            peak, pushing, rates = memory, [], []
            for number in range(1, rounds + 1):
                began_at = time.monotonic()
                await _publish(http, {"to": {"all": True}, "priority": "urgent"})
                assert await _handed_over(http) <= devices * number
                waiting = asyncio.create_task(_until(http, devices * number))
                pushing.append(await _receipt_ms(http, waiting.done, sys.maxsize))
                rates.append(devices / (await waiting - began_at))
                peak = max(peak, server.process.memory_bytes() or 0)
            return Figures(
                devices=devices,
                rows=(_rows(server) - before) // rounds,
                publish_ms=(off_ms, on_ms),
                idle_ms=statistics.median(idle),
                pushing_ms=statistics.median(pushing),
                grown_bytes=peak - memory,
                per_second=statistics.median(rates),
            )


def table(figures: Figures) -> str:
    """Return the figures as a table."""
    off_ms, on_ms = figures.publish_ms
    rows = [
        ("a publish to everyone", f"{on_ms:.1f} ms with push, {off_ms:.1f} ms without"),
        ("rows that it adds for its pushes", f"{figures.rows}"),
        ("pushes handed over to a provider that does nothing", f"{figures.per_second:,.0f} per second"),
        (
            "from a publish to its receipt on a stream, 99 % of them",
            f"{figures.pushing_ms:.1f} ms during the pushes, {figures.idle_ms:.1f} ms before",
        ),
        ("memory that the pushes add to the server", f"{figures.grown_bytes / 2**20:.1f} MiB"),
    ]
    lines = [(f"to {figures.devices:,} devices", "measured"), ("---", "---"), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def write_page(page: Path, figures: Figures) -> None:
    """Put the table into the page, between its marks."""
    before, _, rest = page.read_text("utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    assert end, f"{page} has no place for the table"
    page.write_text(f"{before}{BEGIN}{table(figures)}{END}{after}", "utf-8")


def _install(folder: Path) -> None:
    """Install the provider as a package of its own."""
    (folder / "null_push.py").write_text(PROVIDER)
    information = folder / "null_push-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: null-push\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text("[lumen_notify.push]\nnull = null_push:NullProvider\n")


async def _prepare(path: Path, devices: int) -> None:
    database = Database(f"sqlite:///{path}")
    await database.open()
    await migrate(database)
    await database.close()
    rows = ((f"device-{n}", f"user-{n}", f"token-{n}", f"hash-{n}") for n in range(devices))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executemany(
            "INSERT INTO lumen_device (id, user_id, provider, token, token_hash, created_at, registered_at)"
            " VALUES (?, ?, 'null', ?, ?, 0, 0)",
            rows,
        )


@asynccontextmanager
async def _server(
    folder: Path, packages: Path, providers: str
) -> AsyncIterator[tuple[LocalServer, httpx.AsyncClient]]:
    paths = [str(packages), str(Path(__file__).parent.parent), os.environ.get("PYTHONPATH", "")]
    settings = {
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "LUMEN_PUSH_PROVIDERS": providers,
        "LUMEN_PUSH_DELAY_SECONDS": "3600",  # what is not urgent only waits
        "LUMEN_LOG_LEVEL": "warning",
    }
    headers = {"Authorization": f"Bearer {mint(Secret(SECRET), WATCHER, ttl_seconds=3600, scopes=[PUBLISH])}"}
    async with (
        run_local_server(None, folder, secret=SECRET, settings=settings) as server,
        httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{server.process.port}", headers=headers, trust_env=False, timeout=60
        ) as http,
    ):
        yield server, http


async def _publish(http: httpx.AsyncClient, fields: dict[str, object]) -> float:
    """Publish; return how many milliseconds it took."""
    began_at = time.perf_counter()
    body = {"category": "bench", "content": "hello", **fields}
    answer = await http.post("/api/v1/notifications", json=body)
    answer.raise_for_status()
    return (time.perf_counter() - began_at) * 1000


async def _publish_ms(http: httpx.AsyncClient, publishes: int) -> float:
    times = [await _publish(http, {"to": {"all": True}}) for _ in range(publishes)]
    return statistics.median(times)


async def _receipt_ms(http: httpx.AsyncClient, is_over: Callable[[], bool], most: int) -> float:
    """Publish to a stream again and again; return the 99th percentile of the time to the receipt."""
    times: list[float] = []
    async with http.stream("GET", "/api/v1/notifications/stream") as stream:
        lines = stream.aiter_lines()
        await anext(lines)
        while len(times) < most and (len(times) < 2 or not is_over()):
            began_at = time.perf_counter()
            await _publish(http, {"to": {"user": WATCHER}, "content": f"bench-{began_at}", "push": "never"})
            while f"bench-{began_at}" not in await anext(lines):
                pass
            times.append((time.perf_counter() - began_at) * 1000)
            await asyncio.sleep(EVERY_SECONDS)
    return statistics.quantiles(times, n=100, method="inclusive")[98]


async def _handed_over(http: httpx.AsyncClient) -> int:
    for line in (await http.get("/metrics")).text.splitlines():
        if line.startswith('lumen_push_results_total{outcome="sent",provider="null"}'):
            return int(float(line.split()[-1]))
    return 0


async def _until(http: httpx.AsyncClient, number: int) -> float:
    """Return the time at which so many pushes are handed over."""
    while await _handed_over(http) < number:  # noqa: ASYNC110 - another process counts
        await asyncio.sleep(0.1)
    return time.monotonic()


def _rows(server: LocalServer) -> int:
    with closing(sqlite3.connect(server.database)) as connection:
        ((number,),) = connection.execute("SELECT count(*) FROM lumen_push").fetchall()
    return int(number)


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(prog="python -m bench.push", description=__doc__.partition("\n")[0])
    parser.add_argument("--devices", type=int, default=DEVICES, help=f"default {DEVICES:,}")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"default {ROUNDS}")
    parser.add_argument("--write", action="store_true", help="write the table of docs/push.md")
    arguments = parser.parse_args()
    figures = asyncio.run(measure(arguments.devices, rounds=arguments.rounds))
    sys.stdout.write(table(figures))
    if arguments.write:
        write_page(PAGE, figures)


if __name__ == "__main__":
    main()
