"""SQLite: a connection to a file by `aiosqlite`, which runs a thread for each connection.

Statements bypass `databases`, as on PostgreSQL, and are sent to the thread of `aiosqlite` in one call: each
call takes some 0.1 ms while the event loop is busy, more than most statements.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

import databases

from lumen_notify.commit.database.connection import COMMIT, Connection, Rows, Statement, packed
from lumen_notify.commit.database.queries import Query
from lumen_notify.errors import Misconfigured

MINIMUM = (3, 37, 0)
"""The first version with STRICT tables; RETURNING and UPDATE FROM are older."""

WRITER = (
    "PRAGMA busy_timeout=10000",
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA wal_autocheckpoint=4000",
)
"""wal_autocheckpoint: pages of 4 KiB in the WAL at which a COMMIT copies them into the file. With SQLite's
default of 1,000 that happened every dozen transactions, and took 5 % of the time."""

READER = ("PRAGMA busy_timeout=10000", "PRAGMA query_only=1")

FILE_REFUSALS = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_READONLY)
"""Errors of a file that cannot be used as a database."""


class Sqlite(Connection):
    """A connection to a file. pragmas: WRITER or READER."""

    driver_errors = (OSError, sqlite3.OperationalError)

    def __init__(self, url: str, queries: Mapping[str, Query], *, pragmas: Sequence[str]) -> None:
        super().__init__(url, queries)
        self._pragmas = pragmas

    async def _opened(self) -> None:
        for pragma in self._pragmas:
            await self._raw.execute_fetchall(pragma)

    async def _let_go(self, raw: Any, _holder: databases.Database | None) -> None:
        if raw is not None:
            await raw.close()

    def _statement(self, name: str, values: Mapping[str, Any]) -> Statement:
        query = self._queries[name]
        if query.columns:
            return Statement(query.sql, values[query.binds[0]])
        return Statement(query.sql, packed(query, values))

    async def _run(self, statements: Sequence[Statement]) -> Rows:
        connection: sqlite3.Connection = self._raw._conn

        def run() -> Rows:
            rows: Rows = ()
            for sql, values, _ in statements:
                self.is_committing = sql == COMMIT
                execute = connection.executemany if isinstance(values, list) else connection.execute
                rows = execute(sql, values).fetchall()
            return rows

        rows: Rows = await self._raw._execute(run)
        return rows

    def _is_busy(self, error: Exception) -> bool:
        # The lower byte is the primary result code (sqlite.org/rescode.html).
        return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY

    def _is_mistake(self, error: Exception) -> bool:
        return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR


def require_usable(url: str) -> None:
    """Open the file before `aiosqlite` does: on failure, its thread would outlive the loop and warn.

    Raises Misconfigured: SQLite is too old, or the file cannot be used.
    """
    if sqlite3.sqlite_version_info < MINIMUM:
        needed = ".".join(map(str, MINIMUM))
        problem = f"SQLite {sqlite3.sqlite_version} is too old; {needed} or newer is needed"
        raise Misconfigured([("LUMEN_DATABASE_URL", problem)])
    try:
        sqlite3.connect(databases.DatabaseURL(url).database).close()
    except sqlite3.DatabaseError as error:
        if (refusal := refusal_of(error)) is None:
            raise
        raise Misconfigured([("LUMEN_DATABASE_URL", refusal)]) from None


def refusal_of(error: BaseException | None) -> str | None:
    """Return what is wrong with the file, else None."""
    # The lower byte is the primary result code (sqlite.org/rescode.html).
    if isinstance(error, sqlite3.DatabaseError) and error.sqlite_errorcode & 0xFF in FILE_REFUSALS:
        return f"names a file that cannot be used: {error}"
    return None
