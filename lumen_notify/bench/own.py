"""Own: a server of ours, started for a measurement on a database that is thrown away."""

from __future__ import annotations

import os
import secrets
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from lumen_notify.bench.process import Server, free_port
from lumen_notify.bench.wire import LumenWire

HOST = "127.0.0.1"


@asynccontextmanager
async def own_server(core: int | None) -> AsyncIterator[tuple[Server, str]]:
    """Start `lumen-notify serve` on loopback, alone on `core` if given; yield it and its token secret.

    The settings are the defaults but for the limits of streams, which a load exceeds by its nature.
    """
    secret = secrets.token_urlsafe(48)
    port = free_port(HOST)
    with tempfile.TemporaryDirectory(prefix="lumen-bench-") as folder:
        env = {name: value for name, value in os.environ.items() if not name.startswith("LUMEN_")}
        env |= {
            "LUMEN_HOST": HOST,
            "LUMEN_PORT": str(port),
            "LUMEN_DATABASE_URL": f"sqlite:///{folder}/bench.db",
            "LUMEN_JWT_SECRET": secret,
            "LUMEN_MAX_STREAMS": "0",
            "LUMEN_MAX_STREAMS_PER_USER": "0",
            "LUMEN_MAX_STREAMS_PER_ADDRESS": "0",
        }
        argv = [sys.executable, "-m", "lumen_notify", "serve"]
        async with Server(argv, port=port, core=core, env=env) as server:
            yield server, secret


def wire(server: Server, secret: str, *, streams_per_user: int = 1) -> LumenWire:
    """Return how that server is spoken to, publishing to everybody."""
    return LumenWire(HOST, server.port, secret=secret, streams_per_user=streams_per_user)
