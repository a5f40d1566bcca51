"""Own: a server of ours, started for a measurement on a database that is thrown away."""

from __future__ import annotations

import os
import secrets
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import field
from pathlib import Path

from lumen_notify.bench.process import Server, free_port
from lumen_notify.bench.wire import LumenWire
from lumen_notify.model import value

HOST = "127.0.0.1"


@value
class Own:
    """A server that was started here. `secret` signs tokens that it takes; `database` is its file."""

    server: Server
    secret: str = field(repr=False)
    database: Path

    def wire(self, *, streams_per_user: int = 1) -> LumenWire:
        """Return how it is spoken to, publishing to everybody."""
        return LumenWire(HOST, self.server.port, secret=self.secret, streams_per_user=streams_per_user)


@asynccontextmanager
async def own_server(
    core: int | None, folder: Path | None = None, *, database_url: str | None = None
) -> AsyncIterator[Own]:
    """Start `lumen-notify serve` on loopback, alone on `core` if given. It is stopped on leaving.

    `folder`: where the database is, or will be, and stays; None: in a folder that goes with the server.
    `database_url`: another than the file there. The settings are the defaults but for the limits, which
    a load exceeds by its nature.
    """
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="lumen-bench-") as passing:
            async with own_server(core, Path(passing), database_url=database_url) as own:
                yield own
        return
    secret = secrets.token_urlsafe(48)
    port = free_port(HOST)
    database = folder / "bench.db"
    env = {name: value for name, value in os.environ.items() if not name.startswith("LUMEN_")}
    env |= {
        "LUMEN_HOST": HOST,
        "LUMEN_PORT": str(port),
        "LUMEN_DATABASE_URL": database_url or f"sqlite:///{database}",
        "LUMEN_JWT_SECRET": secret,
        "LUMEN_RATE_LIMITS": "off",
        "LUMEN_MAX_STREAMS": "0",
        "LUMEN_MAX_STREAMS_PER_USER": "0",
        "LUMEN_MAX_STREAMS_PER_ADDRESS": "0",
    }
    argv = [sys.executable, "-m", "lumen_notify", "serve"]
    async with Server(argv, port=port, core=core, env=env) as server:
        yield Own(server=server, secret=secret, database=database)
