"""Database: the only door to `databases`; one writer and a few readers, held open.

Promises: a transaction is the only writer of its process; an outage is answered by
`DatabaseUnavailable` and mended by a new connection at the next call.

Not here: SQL (`sql/queries/`, read by `queries`), who may write what (the other modules of `commit/`).

Deliberate oddities:

1. One `databases.Database` a connection. On SQLite each call outside a held connection opens a new
   one, and a `Database` hands out one connection a task; ours outlive tasks.
2. Statements run on the raw connection behind `databases`: its own path compiles each statement
   with SQLAlchemy again, which cost 0.4 to 0.7 ms a statement.
3. BEGIN and COMMIT are statements of ours: SQLite needs BEGIN IMMEDIATE, or a transaction that
   reads first is refused when another process has written in between.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol

import asyncpg
import databases

from lumen_notify.commit.queries import Dialect, Query, load
from lumen_notify.errors import DatabaseUnavailable, Misconfigured
from lumen_notify.model import to_json

Rows = Sequence[Sequence[Any]]
"""Rows in the order of the query, each indexed by column number."""

READERS = {"sqlite": 2, "postgresql": 4}
"""Connections for reading. SQLite's run in threads that share the interpreter: more gain nothing."""

STATEMENT_SECONDS = 30.0
"""A statement that takes longer counts as an outage."""

SQLITE_MINIMUM = (3, 37, 0)
"""STRICT tables came with it; RETURNING and UPDATE FROM are older."""

_SERVER_REFUSALS = (asyncpg.InvalidCatalogNameError, asyncpg.InvalidAuthorizationSpecificationError)
"""No such database, user or password: an outage for who has been connected, a mistake for who has not."""

_FILE_REFUSALS = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_READONLY)

_DRIVER_ERRORS = (
    OSError,
    TimeoutError,
    sqlite3.OperationalError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # what asyncpg says when the connection broke at a bad moment
    asyncpg.exceptions.OperatorInterventionError,
    asyncpg.exceptions.InsufficientResourcesError,
    asyncpg.exceptions.ReadOnlySQLTransactionError,
    *_SERVER_REFUSALS,
)

_PRAGMAS = {
    "writer": ("PRAGMA busy_timeout=10000", "PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL"),
    "reader": ("PRAGMA busy_timeout=10000", "PRAGMA query_only=1"),
}

_log = logging.getLogger("lumen_notify.database")


class Transaction(Protocol):
    """What a writer may do between BEGIN and COMMIT."""

    async def run(self, name: str, /, **values: Any) -> Rows:
        """Run a named query. Lists among the values are passed as JSON."""

    def add(self, name: str, /, **values: Any) -> None:
        """Run a named query whose rows nobody needs: in its turn, at the next `run` or before COMMIT."""

    async def run_sql(self, sql: str) -> Rows:
        """Run a statement that has no name: migrations only."""


_Statement = tuple[str, Any]
"""SQL, and its values: by name for SQLite, or a list of such; in their order for PostgreSQL."""


class _Connection:
    """One connection, opened when needed and again after an outage."""

    def __init__(self, url: str, role: str, queries: Mapping[str, Query]) -> None:
        self._url = url
        self._role = role
        self._queries = queries
        self._is_sqlite = url.startswith("sqlite")
        self._holder: databases.Database | None = None
        self._raw: Any = None
        self._added: list[_Statement] = []

    async def open(self) -> None:
        options: dict[str, Any] = {}
        if not self._is_sqlite:
            options = {"min_size": 0, "max_size": 1, "command_timeout": STATEMENT_SECONDS, "timeout": 10}
        holder = databases.Database(self._url, **options)
        await holder.connect()
        try:
            held = holder.connection()
            await held.__aenter__()
            self._holder, self._raw = holder, held.raw_connection
            if self._is_sqlite:
                for pragma in _PRAGMAS[self._role]:
                    await self._raw.execute_fetchall(pragma)
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Let the connection go, whatever state it is in."""
        raw, holder = self._raw, self._holder
        self._raw = self._holder = None
        self._added = []
        try:
            if self._is_sqlite and raw is not None:
                await raw.close()
            elif raw is not None:
                raw.terminate()
        except _DRIVER_ERRORS as error:
            _log.debug("a connection did not close: %s", type(error).__name__)
        if holder is not None and not self._is_sqlite and holder._backend._pool is not None:
            holder._backend._pool.terminate()

    def add(self, name: str, /, **values: Any) -> None:
        self._added.append(self._statement(name, values))

    def add_sql(self, sql: str) -> None:
        self._added.append((sql, ()))

    async def run(self, name: str, /, **values: Any) -> Rows:
        return await self._execute(self._statement(name, values))

    async def run_sql(self, sql: str) -> Rows:
        return await self._execute((sql, ()))

    async def flush(self) -> None:
        """Run what was added."""
        if self._added:
            await self._execute(self._added.pop())

    def drop(self) -> Sequence[str]:
        """Forget what was added; return its SQL."""
        added, self._added = self._added, []
        return [sql for sql, _ in added]

    def _statement(self, name: str, values: Mapping[str, Any]) -> _Statement:
        query = self._queries[name]
        if query.columns:
            return query.sql, values[query.binds[0]]
        packed = {bind: _pack(values[bind]) for bind in query.binds}
        return query.sql, packed if self._is_sqlite else tuple(packed.values())

    async def _execute(self, last: _Statement) -> Rows:
        """Run what was added, then the last; return its rows."""
        statements, self._added = [*self._added, last], []
        try:
            if self._raw is None:
                await self.open()
            if self._is_sqlite:
                return await _in_one_go(self._raw, statements)
            for sql, values in statements[:-1]:
                await self._raw.fetch(sql, *values)
            sql, values = last
            rows: Rows = await self._raw.fetch(sql, *values)
            return rows
        except _DRIVER_ERRORS as error:
            if _is_mistake(error):
                raise
            await self.close()
            raise DatabaseUnavailable(f"the database does not answer ({type(error).__name__})") from error
        except asyncio.CancelledError:
            await self.close()  # a statement may still be under way on it
            raise


class Database:
    """The connections of one process. url: `sqlite:///file` or `postgresql://...`."""

    def __init__(self, url: str, *, queries: Mapping[str, Query] | None = None) -> None:
        self.dialect: Dialect = "sqlite" if url.startswith("sqlite") else "postgresql"
        self._begin = "BEGIN IMMEDIATE" if self.dialect == "sqlite" else "BEGIN"
        queries = load(self.dialect) if queries is None else queries
        self._url = url
        self._writer = _Connection(url, "writer", queries)
        self._writing = asyncio.Lock()
        self._readers = [_Connection(url, "reader", queries) for _ in range(READERS[self.dialect])]
        self._idle: asyncio.Queue[_Connection] = asyncio.Queue()

    async def open(self) -> None:
        """Connect. Raises DatabaseUnavailable, or Misconfigured: SQLite is too old, or there is no such
        database, user or password, or the file is no database."""
        if self.dialect == "sqlite" and sqlite3.sqlite_version_info < SQLITE_MINIMUM:
            needed = ".".join(map(str, SQLITE_MINIMUM))
            problem = f"SQLite {sqlite3.sqlite_version} is too old, {needed} is needed"
            raise Misconfigured([("LUMEN_DATABASE_URL", problem)])
        try:
            if self.dialect == "sqlite":
                # Looked at before aiosqlite does: where it fails, its thread outlives the loop and says so.
                sqlite3.connect(databases.DatabaseURL(self._url).database).close()
            await self._writer.run_sql("SELECT 1")
        except (DatabaseUnavailable, sqlite3.DatabaseError) as error:
            if (refusal := _refusal(error)) is None:
                raise
            raise Misconfigured([("LUMEN_DATABASE_URL", refusal)]) from None
        for reader in self._readers:
            self._idle.put_nowait(reader)

    async def close(self) -> None:
        """Let all connections go."""
        async with self._writing:
            await self._writer.close()
        for reader in self._readers:
            await reader.close()

    async def fetch(self, name: str, /, **values: Any) -> Rows:
        """Run a named query on a reader. Each call sees one snapshot.

        An outage is met with one new connection; if that fails too, DatabaseUnavailable.
        """
        reader = await self._idle.get()
        try:
            try:
                return await reader.run(name, **values)
            except DatabaseUnavailable:
                return await reader.run(name, **values)
        finally:
            self._idle.put_nowait(reader)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Open the one write transaction: commits at the end of the block, rolls back on any error.

        Raises DatabaseUnavailable; `code` is then `commit_unknown` if it was COMMIT that failed, so
        that what it wrote may be there, and else nothing was written.
        """
        async with self._writing:
            self._writer.add_sql(self._begin)
            try:
                yield self._writer
                await self._writer.flush()
            except BaseException:
                await self._roll_back()
                raise
            try:
                await self._writer.run_sql("COMMIT")
            except DatabaseUnavailable as error:
                error.code = "commit_unknown"
                raise

    async def _roll_back(self) -> None:
        if self._begin in self._writer.drop() or self._writer._raw is None:
            return  # it had not begun, or the connection is gone, and with it the transaction
        try:
            await self._writer.run_sql("ROLLBACK")
        except DatabaseUnavailable:
            _log.info("a transaction ended with its connection")


def _refusal(error: Exception) -> str | None:
    """Say what is wrong with the database's URL; None if it is not the URL that is wrong."""
    cause = error.__cause__ if isinstance(error, DatabaseUnavailable) else error
    if isinstance(cause, _SERVER_REFUSALS):
        return f"is refused by the server: {cause}"
    # The lower byte: what follows it is a closer description (sqlite.org/rescode.html).
    if isinstance(cause, sqlite3.DatabaseError) and cause.sqlite_errorcode & 0xFF in _FILE_REFUSALS:
        return f"names a file that cannot be used: {cause}"
    return None


async def _in_one_go(raw: Any, statements: Sequence[_Statement]) -> Rows:
    """Run statements on an aiosqlite connection in one visit to its thread; return the last one's rows.

    A visit costs some 0.1 ms while the loop is busy, more than most statements.
    """

    def run() -> Rows:
        rows: Rows = ()
        for sql, values in statements:
            execute = raw._conn.executemany if isinstance(values, list) else raw._conn.execute
            rows = execute(sql, values).fetchall()
        return rows

    rows: Rows = await raw._execute(run)
    return rows


def _is_mistake(error: Exception) -> bool:
    """Tell a statement or value that is wrong (our defect) from a database that is not there."""
    if isinstance(error, sqlite3.OperationalError):
        return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR
    return isinstance(error, asyncpg.InterfaceError) and isinstance(error, ValueError)


def _pack(value: Any) -> Any:
    return to_json(value) if isinstance(value, list) else value
