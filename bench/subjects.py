"""Subjects: the servers that are compared, how each is started and spoken to.

| subject | is |
|---|---|
| ours | `lumen-notify serve`, default settings, tokens checked, each publish committed to SQLite first |
| bare | the limit: the same bytes by a bare uvloop protocol |
| plain | Starlette, sse-starlette, a queue per stream |
| nchan | nginx with nchan, one worker, all streams on one channel |
| nchan-own | the same, each stream on its user's own channel and the shared one |
| ours-postgresql | ours, on a PostgreSQL that runs on the load's core; writes only |
| empty | Starlette, an endpoint that answers 201 and does nothing; writes only |
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import nchan, past, postgresql
from bench.size import Size
from lumen_notify.bench.own import HOST, own_server
from lumen_notify.bench.process import Server, free_port
from lumen_notify.bench.wire import LumenWire, Wire

ROOT = Path(__file__).parent.parent
UNCHECKED = "signs tokens that the others never look at"
NCHAN = ("nchan", "nchan-own")
NAMES = ("ours", "bare", "plain", *NCHAN, "ours-postgresql", "empty")


def installed() -> tuple[str, ...]:
    """Return the subjects that can run here."""
    return NAMES if nchan.module_path() is not None else tuple(name for name in NAMES if name not in NCHAN)


@asynccontextmanager
async def start(name: str, size: Size, *, streams_per_user: int = 1) -> AsyncIterator[tuple[Server, Wire]]:
    """Start one subject alone on its core; yield its process and its wire. It is stopped on leaving."""
    if name == "ours":
        with tempfile.TemporaryDirectory(prefix="lumen-bench-") as folder:
            async with own_server(size.core, Path(folder)) as own:
                await past.give(own.wire(streams_per_user=streams_per_user), own.database, size.wide)
            async with own_server(size.core, Path(folder)) as own:  # again: its memory has no past
                yield own.server, own.wire(streams_per_user=streams_per_user)
        return
    port = free_port(HOST)
    other: Wire = LumenWire(HOST, port, secret=UNCHECKED)
    if name in NCHAN:
        other = nchan.NchanWire(HOST, port, own_channels=name == "nchan-own")
    argv = [sys.executable, "-m", f"bench.{name.removesuffix('-own')}", str(port)]
    with tempfile.TemporaryDirectory(prefix="lumen-bench-") as folder:
        argv += [folder] if name in NCHAN else []
        async with Server(argv, port=port, core=size.core, env=os.environ, folder=ROOT) as server:
            yield server, other


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A server that is written to. database_pid: of its database's process, None where that is itself."""

    server: Server
    wire: LumenWire
    database_pid: int | None = None


@asynccontextmanager
async def start_writing(name: str, size: Size) -> AsyncIterator[Written]:
    """Start one subject alone on its core, on an empty database. It is stopped on leaving."""
    if name == "ours":
        async with own_server(size.core) as own:
            yield Written(server=own.server, wire=own.wire())
    elif name == "ours-postgresql":
        with postgresql.run() as database:
            async with own_server(size.core, database_url=database.url) as own:
                yield Written(server=own.server, wire=own.wire(), database_pid=database.pid)
    else:
        port = free_port(HOST)
        argv = [sys.executable, "-m", f"bench.{name}", str(port)]
        async with Server(argv, port=port, core=size.core, env=os.environ, folder=ROOT) as server:
            yield Written(server=server, wire=LumenWire(HOST, port, secret=UNCHECKED))
