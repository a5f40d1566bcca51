"""`python -m bench.intake`: what a notification from a queue costs the server, and what one by HTTP costs.

The server has one core; broker, database and load share another. Prints the table of docs/intake.md;
`--write` puts it into the page.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

import servers  # tests/servers.py; see `bench/__init__.py`
from bench import durable_postgresql
from bench.cpu_usage import ServerCpu
from bench.post_load import post_concurrently
from brokers import KINDS, Broker  # tests/brokers.py
from lumen_notify.load_test.local_server import LocalServer, run_local_server
from lumen_notify.load_test.process import pin
from topics import Message, open_topic  # tests/topics.py

MESSAGES = 50_000
SECONDS = 10.0
CONNECTIONS = 64
LIST = 50
"""Notifications in one request, where it is a list."""

USERS = 1_000
"""Recipients, one for each message, in rotation."""

WARM_UP = 0.1
"""The share of the messages that is not measured."""

BATCH = 500
"""Messages that are sent to a broker together."""

POLL_SECONDS = 0.2
WITHIN_SECONDS = 600.0

TOPIC = "bench"
DATABASES = ("SQLite", "PostgreSQL")
NAMES = {
    "kafka": "Kafka's protocol (Tansu)",
    "rabbitmq": "RabbitMQ",
    "nats": "NATS JetStream",
    "redis": "Redis",
}

PAGE = Path(__file__).parent.parent / "docs" / "intake.md"
BEGIN = "<!-- measured: written by `python -m bench.intake --write` -->\n"
END = "<!-- end -->"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Notifications of one way. cpu_us: of the server, for each."""

    way: str
    database: str
    per_second: float
    cpu_us: float


async def measure(
    databases: Sequence[str] = DATABASES,
    kinds: Sequence[str] = tuple(KINDS),
    *,
    messages: int = MESSAGES,
    seconds: float = SECONDS,
    core: int | None = None,
) -> list[Result]:
    """Measure all ways, one after the other. core: of the server."""
    results = []
    for database in databases:
        for number in (1, LIST):
            async with _server(database, core) as server:
                results.append(await _post(server, database, number, seconds))
        for kind in kinds:
            with servers.temporary(KINDS[kind]()) as broker:
                results.append(await _take_in(broker, database, messages, core))
    return results


def table(results: Sequence[Result]) -> str:
    """Return the results as a table: a row for each way, two columns for each database."""
    databases = list(dict.fromkeys(one.database for one in results))
    found = {(one.way, one.database): one for one in results}
    lines = [["one notification each", *(f"{name}: per second" for name in databases)]]
    lines[0] += [f"{name}: CPU time of the server" for name in databases]
    lines.append(["---"] * len(lines[0]))
    for way in dict.fromkeys(one.way for one in results):
        ones = [found[way, name] for name in databases]
        lines.append(
            [way, *(f"{one.per_second:,.0f}" for one in ones), *(f"{one.cpu_us:,.0f} µs" for one in ones)]
        )
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def write_page(page: Path, results: Sequence[Result]) -> None:
    """Put the table into the page, between its marks."""
    before, _, rest = page.read_text("utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    assert end, f"{page} has no place for the table"
    page.write_text(f"{before}{BEGIN}{table(results)}{END}{after}", "utf-8")


def installed() -> tuple[str, ...]:
    """Return the kinds of brokers that can run here."""
    return tuple(kind for kind in KINDS if kind != "rabbitmq" or shutil.which("rabbitmqctl"))


@asynccontextmanager
async def _server(database: str, core: int | None, **settings: str) -> AsyncIterator[LocalServer]:
    with ExitStack() as stack:
        url = None
        if database == "PostgreSQL":
            url = stack.enter_context(durable_postgresql.temporary_database()).url
        settings = {"LUMEN_LOG_LEVEL": "warning", **settings}
        async with run_local_server(core, database_url=url, settings=settings) as server:
            yield server


def _notifications() -> Iterator[dict[str, object]]:
    for number in range(USERS):
        yield {"to": {"user": f"bench-{number}"}, "category": "like", "content": "liked your photo"}


async def _post(server: LocalServer, database: str, number: int, seconds: float) -> Result:
    """Publish by HTTP. number: of notifications in each request."""
    protocol = server.protocol()
    all_ = list(_notifications())
    bodies = all_ if number == 1 else [all_[first : first + number] for first in range(0, USERS, number)]
    requests = [protocol.post_request(json.dumps(body).encode()) for body in bodies]

    async def post(seconds: float) -> tuple[int, float]:
        results = await post_concurrently(
            protocol.host, protocol.port, requests, connections=CONNECTIONS, seconds=seconds
        )
        return len(results.latencies_ns) * number, results.seconds

    await post(seconds * WARM_UP)
    cpu = ServerCpu(server.process)
    count, elapsed = await post(seconds)
    what = "one in each" if number == 1 else f"lists of {number}"
    return Result(
        way=f"HTTP, {CONNECTIONS} connections, {what}",
        database=database,
        per_second=count / elapsed,
        cpu_us=cpu.us_per(count),
    )


async def _take_in(broker: Broker, database: str, messages: int, core: int | None) -> Result:
    """Let a server take in a topic that has all messages."""
    await _fill(broker, messages)
    intake = {"LUMEN_INTAKE_URL": broker.url, "LUMEN_INTAKE_TOPIC": TOPIC}
    loop = asyncio.get_running_loop()
    async with (
        _server(database, core, **intake) as server,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.process.port}", trust_env=False) as http,
        asyncio.timeout(WITHIN_SECONDS),
    ):
        while (first := await _accepted(http)) < messages * WARM_UP:  # noqa: ASYNC110 - another process counts
            await asyncio.sleep(POLL_SECONDS)
        began_at, cpu = loop.time(), ServerCpu(server.process)
        while (last := await _accepted(http)) < messages:  # noqa: ASYNC110 - as above
            await asyncio.sleep(POLL_SECONDS)
        elapsed = loop.time() - began_at
        return Result(
            way=NAMES[broker.kind],
            database=database,
            per_second=(last - first) / elapsed,
            cpu_us=cpu.us_per(last - first),
        )


async def _fill(broker: Broker, messages: int) -> None:
    bodies = [json.dumps({"type": "notification", "body": one}).encode() for one in _notifications()]
    async with open_topic(broker, TOPIC) as topic:
        for first in range(0, messages, BATCH):
            numbers = range(first, min(first + BATCH, messages))
            await topic.send(
                [Message(body=bodies[one % USERS], key=str(one % USERS), id=str(one)) for one in numbers]
            )


async def _accepted(http: httpx.AsyncClient) -> int:
    for line in (await http.get("/metrics")).text.splitlines():
        if line.startswith('lumen_intake_messages_total{outcome="accepted"}'):
            return int(float(line.split()[-1]))
    return 0


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(prog="python -m bench.intake", description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--messages", type=int, default=MESSAGES, help=f"of each broker; default {MESSAGES:,}"
    )
    parser.add_argument("--seconds", type=float, default=SECONDS, help=f"by HTTP; default {SECONDS:g}")
    parser.add_argument("--sqlite", action="store_true", help="SQLite alone")
    parser.add_argument("--write", action="store_true", help="write the table of docs/intake.md")
    arguments = parser.parse_args()
    pin(1)
    results = asyncio.run(
        measure(
            DATABASES[:1] if arguments.sqlite else DATABASES,
            installed(),
            messages=arguments.messages,
            seconds=arguments.seconds,
            core=0,
        )
    )
    sys.stdout.write(table(results))
    if arguments.write:
        write_page(PAGE, results)


if __name__ == "__main__":
    main()
