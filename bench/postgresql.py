"""PostgreSQL: the one of the tests, durable, on the core of whoever starts it.

LUMEN_TEST_POSTGRESQL_URL (a role that may create databases) puts another in its place, as in the tests.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import servers  # of the tests; see `bench`


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """An empty database. pid: of the server's first process, None if it is not ours."""

    url: str
    pid: int | None


@contextmanager
def run() -> Iterator[Database]:
    """Start a server that writes every commit to the disk; make a database. Both go on leaving."""
    if given := os.environ.get("LUMEN_TEST_POSTGRESQL_URL"):
        url = servers.create_database(given)
        yield Database(url=url, pid=None)
        servers.drop_database(given, url)
        return
    with servers.temporary(servers.PostgreSQL(durable=True)) as server:
        yield Database(url=server.create_database(), pid=server.process.pid)
