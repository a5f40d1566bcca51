"""Sqlite: a connection to an SQLite file, by `aiosqlite`, which has a thread for each.

Statements go past `databases` to the connection behind it, as on PostgreSQL; and past `aiosqlite` in one
visit to its thread, which costs some 0.1 ms while the loop is busy, more than most statements.
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
"""STRICT tables came with it; RETURNING and UPDATE FROM are older."""

WRITER = (
    "PRAGMA busy_timeout=10000",
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA wal_autocheckpoint=4000",
)
"""The last: pages of 4 KiB that are written ahead before they are copied into the file, which a COMMIT waits
for. With SQLite's own 1,000 it came after a dozen transactions, and took a twentieth of all time."""

READER = ("PRAGMA busy_timeout=10000", "PRAGMA query_only=1")

FILE_REFUSALS = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_READONLY)
"""The file that is named cannot be used."""


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

    def _is_mistake(self, error: Exception) -> bool:
        return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR


def require_usable(url: str) -> None:
    """Look at the file before `aiosqlite` does: where that fails, its thread outlives the loop and says so.

    Raises Misconfigured: SQLite is too old, or the file cannot be used.
    """
    if sqlite3.sqlite_version_info < MINIMUM:
        needed = ".".join(map(str, MINIMUM))
        problem = f"SQLite {sqlite3.sqlite_version} is too old, {needed} is needed"
        raise Misconfigured([("LUMEN_DATABASE_URL", problem)])
    try:
        sqlite3.connect(databases.DatabaseURL(url).database).close()
    except sqlite3.DatabaseError as error:
        if (refusal := refusal_of(error)) is None:
            raise
        raise Misconfigured([("LUMEN_DATABASE_URL", refusal)]) from None


def refusal_of(error: BaseException | None) -> str | None:
    """Say what is wrong with the file; None if it is not the file that is wrong."""
    # The lower byte: what follows it is a closer description (sqlite.org/rescode.html).
    if isinstance(error, sqlite3.DatabaseError) and error.sqlite_errorcode & 0xFF in FILE_REFUSALS:
        return f"names a file that cannot be used: {error}"
    return None
