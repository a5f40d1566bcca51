"""Migrated databases for the tests: made once per run (per worker of pytest-xdist), empty for each test.

To create, migrate and drop a database takes 216 ms on PostgreSQL; to empty one takes about 10. A test cannot
tell the difference: `test_database_pool.py` compares an emptied database with a migrated one in every row,
column, index and statistic.

Not here: databases that are not migrated (`servers.create_database`), the fixtures (`conftest.py`).
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import asyncpg

from lumen_notify.commit.database import Database
from lumen_notify.commit.database.migrations import migrate
from servers import create_database, drop_database

Result = TypeVar("Result")

LOST = (
    OSError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.exceptions.OperatorInterventionError,
)
"""How a connection tells that the server has ended it."""

# Waits for each session to end: one that rolls back may still hold locks. 10 s: far more than it takes.
_END_OTHER_SESSIONS = """
    SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""

# TRUNCATE and not DELETE: no dead rows stay behind, and the planner finds a table as large as a new one.
# A table of 0 bytes has not been written to since it was created or truncated.
_EMPTY = """
    DO $$
    DECLARE written text;
    BEGIN
        SELECT string_agg(oid::regclass::text, ', ') INTO written FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'lumen_migration'
            AND pg_relation_size(oid) > 0;
        IF written IS NOT NULL THEN EXECUTE 'TRUNCATE ' || written || ' RESTART IDENTITY'; END IF;
    END $$
"""

# All that emptying the tables does not restore. Object ids differ between databases, but a copy of a template
# has the template's.
_FINGERPRINT = """
    SELECT md5(concat_ws(E'\n',
        (SELECT string_agg(concat_ws(' ', oid, relname, relkind, relhastriggers), ',' ORDER BY oid)
         FROM pg_class WHERE relnamespace = 'public'::regnamespace),
        (SELECT string_agg(
             concat_ws(' ', attrelid, attnum, attname, atttypid, atttypmod, attnotnull, atthasdef),
             ',' ORDER BY attrelid, attnum)
         FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
         WHERE relnamespace = 'public'::regnamespace),
        (SELECT string_agg(oid::text, ',' ORDER BY oid) FROM pg_constraint),
        (SELECT string_agg(oid::text, ',' ORDER BY oid) FROM pg_proc WHERE oid >= 16384),
        (SELECT string_agg(oid::text, ',' ORDER BY oid) FROM pg_namespace WHERE nspname !~ '^pg_'),
        (SELECT count(*) FROM pg_stats WHERE schemaname = 'public'),
        (SELECT string_agg(setconfig::text, ',' ORDER BY setrole) FROM pg_db_role_setting
         JOIN pg_database ON pg_database.oid = setdatabase WHERE datname = current_database()),
        (SELECT string_agg(lumen_migration::text, ',' ORDER BY version) FROM lumen_migration)
    ))
"""


class PostgreSQLPool:
    """Databases of one server, each with one connection that is kept to empty it.

    server_url: its maintenance database, of a role that may create databases. A database is emptied when it
    is taken, not when it is given back: by then all that the test before had running has ended.
    """

    def __init__(self, server_url: str) -> None:
        self._server_url = server_url
        self._free: list[str] = []
        self._taken: set[str] = set()
        self._connections: dict[str, asyncpg.Connection] = {}
        # A thread with a loop of its own, because a test's loop may be running in the caller's.
        self._thread = ThreadPoolExecutor(1, "database-pool")
        self._runner = asyncio.Runner()
        self._template = create_database(server_url)
        self._fingerprint = self._run(self._migrate(self._template))

    def take(self) -> str:
        """Return the URL of a migrated database without rows. Nobody else gets it until `give_back`."""
        while self._free:
            url = self._free.pop()
            if self._run(self._empty(url)) == self._fingerprint:
                self._taken.add(url)
                return url
            self._drop(url)
        url = create_database(self._server_url, template=self._template)
        self._connections[url] = self._run(asyncpg.connect(url, timeout=30))
        self._taken.add(url)
        return url

    def give_back(self, url: str) -> None:
        """Let another test have it. Nothing happens when it was given back already."""
        if url in self._taken:
            self._taken.remove(url)
            self._free.append(url)

    def close(self) -> None:
        """Drop all of them."""
        for url in list(self._connections):
            self._drop(url)
        drop_database(self._server_url, self._template)
        self._thread.submit(self._runner.close).result()
        self._thread.shutdown()

    async def _migrate(self, url: str) -> str:
        await migrate_database(url)
        connection = await asyncpg.connect(url, timeout=30)
        try:
            return str(await connection.fetchval(_FINGERPRINT, timeout=30))
        finally:
            await connection.close()

    async def _empty(self, url: str) -> str:
        """Remove all rows and sessions; return what the fingerprint is then, "" if the database is gone."""
        try:
            return await _empty(self._connections[url])
        except LOST:  # a test has ended all sessions, ours among them
            self._connections[url].terminate()
        try:
            self._connections[url] = await asyncpg.connect(url, timeout=30)
        except asyncpg.InvalidCatalogNameError:
            return ""
        return await _empty(self._connections[url])

    def _drop(self, url: str) -> None:
        self._run(_terminate(self._connections.pop(url)))
        drop_database(self._server_url, url)

    def _run(self, action: Coroutine[Any, Any, Result]) -> Result:
        return self._thread.submit(self._runner.run, action).result()


class SQLiteTemplate:
    """A migrated database file to copy. folder: where it is made."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "template.db"
        with ThreadPoolExecutor(1) as thread:
            thread.submit(asyncio.run, migrate_database(f"sqlite:///{self._path}")).result()

    def copy(self, path: Path) -> str:
        """Write a migrated database without rows to a path; return its URL."""
        shutil.copy(self._path, path)  # with its mode
        return f"sqlite:///{path}"


async def migrate_database(url: str) -> None:
    """Bring an empty database to the newest version, and no further: the log is not opened."""
    database = Database(url)
    await database.open()
    try:
        await migrate(database)
    finally:
        await database.close()


async def _empty(connection: asyncpg.Connection) -> str:
    await connection.execute(_END_OTHER_SESSIONS, timeout=30)
    await connection.execute(_EMPTY, timeout=30)
    try:
        return str(await connection.fetchval(_FINGERPRINT, timeout=30))
    except asyncpg.UndefinedTableError:  # `lumen_migration`
        return ""


async def _terminate(connection: asyncpg.Connection) -> None:
    connection.terminate()
    await asyncio.sleep(0)  # so that the transport closes
