"""Compared servers: start each server and make its requests.

| server | description |
|---|---|
| ours | `lumen-notify serve`, default settings: checks tokens, commits each publish to SQLite first |
| bare | a bare uvloop protocol that writes the same bytes: the upper limit |
| plain | Starlette, sse-starlette, a queue per stream |
| nchan | nginx with nchan, one worker, all streams on one channel |
| nchan-own | the same, with each stream on its user's own channel and the shared one |
| ours-postgresql | ours, with PostgreSQL on the load's core; writes only |
| empty | Starlette, an endpoint that only responds 201; writes only |

Not here: several instances of ours (`instances`).
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import durable_postgresql, instances, nchan, seed_unread
from bench.size import Size
from lumen_notify.load_test.local_server import HOST, run_local_server
from lumen_notify.load_test.process import ServerProcess, free_port
from lumen_notify.load_test.protocol import LumenProtocol, ServerProtocol

ROOT = Path(__file__).parent.parent
UNCHECKED_SECRET = "signs tokens that the others never check"  # noqa: S105 - not a real secret
NCHAN = ("nchan", "nchan-own")
NAMES = ("ours", "bare", "plain", *NCHAN, "ours-postgresql", "empty", *instances.NAMES)


def installed() -> tuple[str, ...]:
    """Return the names of the servers that can run here."""
    return tuple(name for name in NAMES if missing(name) is None)


def missing(name: str) -> str | None:
    """Return what a server needs and this machine lacks; None if it can run."""
    if name in instances.NAMES:
        return instances.missing(name)
    if name == "ours-postgresql" and not durable_postgresql.is_installed():
        return "PostgreSQL is not installed"
    return "nginx with nchan is not installed" if name in NCHAN and nchan.module_path() is None else None


@asynccontextmanager
async def start(
    name: str, size: Size, *, streams_per_user: int = 1
) -> AsyncIterator[tuple[ServerProcess, ServerProtocol]]:
    """Start one server on its core; yield its process and its requests. Stop it on exit."""
    if name == "ours":
        with tempfile.TemporaryDirectory(prefix="lumen-bench-") as folder:
            async with run_local_server(size.core, Path(folder)) as own:
                await seed_unread.seed_unread_counts(
                    own.protocol(streams_per_user=streams_per_user), own.database, size.wide
                )
            async with run_local_server(size.core, Path(folder)) as own:  # restarted: its memory is fresh
                yield own.process, own.protocol(streams_per_user=streams_per_user)
        return
    port = free_port(HOST)
    other: ServerProtocol = LumenProtocol(HOST, port, secret=UNCHECKED_SECRET)
    if name in NCHAN:
        other = nchan.NchanProtocol(HOST, port, own_channels=name == "nchan-own")
    argv = [sys.executable, "-m", f"bench.{name.removesuffix('-own')}", str(port)]
    with tempfile.TemporaryDirectory(prefix="lumen-bench-") as folder:
        argv += [folder] if name in NCHAN else []
        async with ServerProcess(argv, port=port, core=size.core, env=os.environ, folder=ROOT) as process:
            yield process, other


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteTarget:
    """A server under write load. database_pid: of a separate database process, else None."""

    process: ServerProcess
    protocol: LumenProtocol
    database_pid: int | None = None


@asynccontextmanager
async def start_for_writes(name: str, size: Size) -> AsyncIterator[WriteTarget]:
    """Start one server on its core with an empty database. Stop it on exit."""
    if name == "ours":
        async with run_local_server(size.core) as own:
            yield WriteTarget(process=own.process, protocol=own.protocol())
    elif name == "ours-postgresql":
        with durable_postgresql.temporary_database() as database:
            async with run_local_server(size.core, database_url=database.url) as own:
                yield WriteTarget(process=own.process, protocol=own.protocol(), database_pid=database.pid)
    else:
        port = free_port(HOST)
        argv = [sys.executable, "-m", f"bench.{name}", str(port)]
        async with ServerProcess(argv, port=port, core=size.core, env=os.environ, folder=ROOT) as process:
            yield WriteTarget(process=process, protocol=LumenProtocol(HOST, port, secret=UNCHECKED_SECRET))
