"""Local server: a `lumen-notify serve` process, started for a measurement on a temporary database."""

from __future__ import annotations

import os
import secrets
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import field
from pathlib import Path

from lumen_notify.load_test.process import ServerProcess, free_port
from lumen_notify.load_test.protocol import LumenProtocol
from lumen_notify.model import value

HOST = "127.0.0.1"

NO_LIMITS = {
    "LUMEN_RATE_LIMITS": "off",
    "LUMEN_MAX_STREAMS": "0",
    "LUMEN_MAX_STREAMS_PER_USER": "0",
    "LUMEN_MAX_STREAMS_PER_ADDRESS": "0",
}


@value
class LocalServer:
    """A running server. secret: signs tokens that it accepts. database: its SQLite file."""

    process: ServerProcess
    secret: str = field(repr=False)
    database: Path

    def protocol(self, *, streams_per_user: int = 1) -> LumenProtocol:
        """Return the requests for this server; publishes go to everyone."""
        return LumenProtocol(HOST, self.process.port, secret=self.secret, streams_per_user=streams_per_user)


@asynccontextmanager
async def run_local_server(
    core: int | None,
    folder: Path | None = None,
    *,
    database_url: str | None = None,
    has_limits: bool = False,
    secret: str | None = None,
    settings: Mapping[str, str] | None = None,
) -> AsyncIterator[LocalServer]:
    """Start `lumen-notify serve` on loopback; stop it on exit.

    core: the CPU core of the process; None for any. folder: holds the SQLite file, which is kept; None uses
    a temporary folder. database_url: used instead of the SQLite file. has_limits: whether rate limits and
    stream limits have their defaults, as all other settings do; else they are off. secret: None makes one.
    settings: further variables.
    """
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="lumen-bench-") as temporary:
            async with run_local_server(
                core,
                Path(temporary),
                database_url=database_url,
                has_limits=has_limits,
                secret=secret,
                settings=settings,
            ) as server:
                yield server
        return
    secret = secret or secrets.token_urlsafe(48)
    port = free_port(HOST)
    database = folder / "bench.db"
    env = {name: value for name, value in os.environ.items() if not name.startswith("LUMEN_")}
    env |= {
        "LUMEN_ENV_FILE": os.devnull,  # not the .env file of the working folder
        "LUMEN_HOST": HOST,
        "LUMEN_PORT": str(port),
        "LUMEN_DATABASE_URL": database_url or f"sqlite:///{database}",
        "LUMEN_JWT_SECRET": secret,
    }
    if not has_limits:
        env |= NO_LIMITS
    env |= settings or {}
    argv = [sys.executable, "-m", "lumen_notify", "serve"]
    async with ServerProcess(argv, port=port, core=core, env=env) as process:
        yield LocalServer(process=process, secret=secret, database=database)
