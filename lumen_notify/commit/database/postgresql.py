"""Postgresql: a connection to a PostgreSQL server, by `asyncpg`.

Statements bypass `databases` and go to its asyncpg connection: `databases` compiles each statement again with
SQLAlchemy, which took 0.4 to 0.7 ms per statement.

Statements whose rows are not needed go to the server in one message, as `EXECUTE`s of prepared statements
(postgresql.org/docs/current/sql-execute.html), with COMMIT as the last one: a transaction waits for the
server three or four times instead of ten. (asyncpg cannot pipeline several statements.) Values in this
message are literals, in a form that means the same in every session: see `_literal`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg
import databases

from lumen_notify.commit.database.connection import COMMIT, Connection, Rows, Statement, packed
from lumen_notify.commit.database.queries import Query
from lumen_notify.settings.database_url import PostgresqlUrl, parse_postgresql

STATEMENT_SECONDS = 30.0
"""A statement that takes longer counts as an outage."""

CONNECT_SECONDS = 10.0

IDLE_SECONDS = 3
"""How long a process may pause in the middle of a transaction. Then the server ends the session, and with it
the lock that other processes wait for."""

LOCK_SECONDS = 10
"""How long a statement waits for a lock: long enough to outlast a process that has stopped, and those before
us in the queue."""

SERVER_SETTINGS = {
    "idle_in_transaction_session_timeout": f"'{IDLE_SECONDS}s'",
    "lock_timeout": f"'{LOCK_SECONDS}s'",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "'15s'",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
}
"""The first six let the server end the session of a process that has stopped, or whose machine is gone.
Every query finds few rows by an index. With a plan made while a table was small, PostgreSQL would read all
messages to find one, until it updates its statistics. Compiling a query (jit) or starting parallel workers
for it takes longer than any of our queries."""

SERVER_REFUSALS = (
    asyncpg.InvalidCatalogNameError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InsufficientPrivilegeError,
)
"""No such database, role or password, or no right to something: somebody has changed it since the start."""

WRITTEN_NOTHING = (
    asyncpg.exceptions.DiskFullError,
    asyncpg.exceptions.ReadOnlySQLTransactionError,
    asyncpg.InsufficientPrivilegeError,
)
"""Errors of a statement, reported by the server: it has rolled the transaction back."""


class Postgresql(Connection):
    """A connection to a server. settings: of its sessions, besides SERVER_SETTINGS."""

    driver_errors = (
        OSError,
        TimeoutError,
        asyncpg.PostgresConnectionError,
        asyncpg.InterfaceError,
        asyncpg.InternalClientError,  # raised by asyncpg if the connection breaks at certain moments
        asyncpg.exceptions.OperatorInterventionError,
        asyncpg.exceptions.InsufficientResourcesError,
        asyncpg.exceptions.ReadOnlySQLTransactionError,
        asyncpg.exceptions.IdleInTransactionSessionTimeoutError,
        asyncpg.exceptions.LockNotAvailableError,
        *SERVER_REFUSALS,
    )

    def __init__(
        self, url: str, queries: Mapping[str, Query], *, settings: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(url, queries)
        self._settings = {**SERVER_SETTINGS, **(settings or {})}
        self._parsed = parse_postgresql(url)
        self._prepared: set[str] = set()
        self._holder: databases.Database | None = None

    async def _connect(self) -> Any:
        # `databases` keeps a connection for each task. One `Database` object for each connection lets it
        # outlive tasks.
        self._holder = databases.Database(
            "postgresql://",
            min_size=0,
            max_size=1,
            command_timeout=STATEMENT_SECONDS,
            timeout=self._parsed.connect_seconds or CONNECT_SECONDS,
            **places(self._parsed),
        )
        await self._holder.connect()
        held = self._holder.connection()
        await held.__aenter__()
        return held.raw_connection

    async def _opened(self) -> None:
        self._prepared = set()
        # Not as start-up parameters: a connection pooler refuses those that it does not know.
        await self._raw.execute("; ".join(f"SET {name} = {value}" for name, value in self._settings.items()))

    async def _let_go(self, raw: Any) -> None:
        holder, self._holder = self._holder, None
        if raw is not None:
            raw.terminate()
        if holder is not None and holder._backend._pool is not None:
            holder._backend._pool.terminate()

    def _statement(self, name: str, values: Mapping[str, Any]) -> Statement:
        query = self._queries[name]
        return Statement(query.sql, tuple(packed(query, values).values()), query)

    async def _run(self, statements: Sequence[Statement]) -> Rows:
        if any(statement.sql == COMMIT for statement in statements):
            await self._prepare(statements)
            self.is_committing = True
            await self._raw.execute(_script(statements))
            return ()
        *first, last = statements
        if first:
            await self._prepare(first)
            await self._raw.execute(_script(first))
        rows: Rows = await self._raw.fetch(last.sql, *last.values, timeout=last.seconds)
        return rows

    async def _prepare(self, statements: Sequence[Statement]) -> None:
        for query in {statement.query for statement in statements}:
            if query is not None and query.name not in self._prepared:
                await self._raw.execute(f"PREPARE {query.name} AS {query.sql}")
                self._prepared.add(query.name)  # lasts as long as the connection, even after ROLLBACK

    def _is_busy(self, error: Exception) -> bool:
        return isinstance(error, asyncpg.exceptions.LockNotAvailableError)

    def _has_written_nothing(self, error: Exception) -> bool:
        return isinstance(error, WRITTEN_NOTHING)

    def _is_mistake(self, error: Exception) -> bool:
        return isinstance(error, asyncpg.InterfaceError) and isinstance(error, ValueError)


def places(url: PostgresqlUrl) -> dict[str, Any]:
    """Return where and as whom asyncpg connects: by the URL, of which `databases` would ignore most options.

    Hosts and ports are given by themselves: asyncpg ignores an option `port` beside a host.
    """
    hosts = [address.host for address in url.addresses] or None
    ports = [address.port for address in url.addresses] or None
    return {"dsn": url.dsn, "host": hosts, "port": ports, "user": None, "password": None, "database": None}


def _script(statements: Sequence[Statement]) -> str:
    return ";\n".join(_call(statement) for statement in statements)


def _call(statement: Statement) -> str:
    if statement.query is None:
        return statement.sql
    if not statement.values:
        return f"EXECUTE {statement.query.name}"
    return f"EXECUTE {statement.query.name} ({', '.join(map(_literal, statement.values))})"


def _literal(value: object) -> str:
    """Write a value as SQL. Raises ValueError for a text that PostgreSQL cannot store.

    In an `E''` string a backslash is an escape, whatever `standard_conforming_strings` says, which a pooler,
    a role or a database may set (postgresql.org/docs/current/sql-syntax-lexical.html, section 4.1.2.2).
    """
    match value:
        case None:
            return "NULL"
        case int():
            return str(int(value))
        case str() if "\0" not in value:
            return "E'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
    raise ValueError(f"a {type(value).__name__} that no column takes")
