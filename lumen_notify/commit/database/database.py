"""Database: one connection that writes and a few that read, kept open.

Promises: a process has one write transaction at a time, and one more that does not wait for the log where the
database is a server (`transaction_beside`); an outage raises `DatabaseUnavailable`, and the next call opens a
new connection; SQLite's WAL is bounded, however many reads overlap (`sqlite`).

Not here: SQL (`sql/queries/`, read by `queries`), the log (`commit/log`).

Deliberate oddity: we send BEGIN and COMMIT ourselves. SQLite needs BEGIN IMMEDIATE: without it, a transaction
that reads first fails if another process has written since.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Protocol

from lumen_notify.commit.database import postgresql_errors, sqlite, startup_errors
from lumen_notify.commit.database.connection import Connection, Rows
from lumen_notify.commit.database.postgresql import Postgresql
from lumen_notify.commit.database.queries import Dialect, Query, load
from lumen_notify.commit.database.readers import Readers
from lumen_notify.commit.database.sqlite import Sqlite
from lumen_notify.commit.database.sqlite_file import SqliteFile
from lumen_notify.errors import DatabaseUnavailable
from lumen_notify.settings.database_url import parse_postgresql, sqlite_path
from lumen_notify.supervisor import end_tasks

READERS = {"sqlite": 2, "postgresql": 4}
"""Connections for reading. Those of SQLite are threads that share the interpreter: more gain nothing."""

DELIVERY_READERS = {"sqlite": 1, "postgresql": 2}
"""Further connections, for streams alone: twenty lists at once must not delay a stream that opens."""

BEGIN = {"sqlite": "BEGIN IMMEDIATE", "postgresql": "BEGIN ISOLATION LEVEL READ COMMITTED"}
"""PostgreSQL: each statement sees what was committed before it, whatever the database or role has as default.
With a snapshot of the whole transaction, one that has waited for the log would not see its newest event."""

_log = logging.getLogger("lumen_notify.database")


def _never() -> bool:
    return False


class SqlTransaction(Protocol):
    """The statements between BEGIN and COMMIT."""

    async def run(self, name: str, /, **values: Any) -> Rows:
        """Run a named query; return its rows. Lists among the values are passed as JSON."""

    def add(self, name: str, /, **values: Any) -> None:
        """Run a named query, in order, with the next `run` or before COMMIT; its rows are dropped."""

    async def run_sql(self, sql: str, *, seconds: float | None = None) -> Rows:
        """Run a statement without a name: for migrations only. seconds: how long it may take."""


class Database:
    """The connections of one process. url: see `settings/database_url`.

    for_delivery: reads for streams, whose connections nothing else uses. pools: all that read, by name.
    """

    def __init__(self, url: str, *, queries: Mapping[str, Query] | None = None) -> None:
        self.dialect: Dialect = "sqlite" if url.startswith("sqlite") else "postgresql"
        self.url = url
        self._begin = BEGIN[self.dialect]
        queries = load(self.dialect) if queries is None else queries
        self._queries = queries
        number = READERS[self.dialect] + DELIVERY_READERS[self.dialect]
        self._writer: Connection
        self._beside: Connection
        self._readers: list[Connection]
        if self.dialect == "sqlite":
            self._file = SqliteFile(sqlite_path(url))
            self._writer = Sqlite(url, queries, file=self._file, pragmas=sqlite.WRITER)
            self._readers = [
                Sqlite(url, queries, file=self._file, pragmas=sqlite.READER) for _ in range(number)
            ]
            self._beside = self._writer
        else:
            self._writer = Postgresql(url, queries)
            self._beside = Postgresql(url, queries, settings={"synchronous_commit": "off"})
            self._readers = [Postgresql(url, queries) for _ in range(number)]
        self._writing = asyncio.Lock()
        self._writing_beside = asyncio.Lock()
        self._for_lists = Readers(self._readers[: READERS[self.dialect]])
        self.for_delivery = Readers(self._readers[READERS[self.dialect] :])
        self.pools: Mapping[str, Readers] = {"lists": self._for_lists, "streams": self.for_delivery}
        self._max_wal_bytes = sqlite.MAX_WAL_BYTES
        self._truncating: asyncio.Task[None] | None = None

    @property
    def is_committing(self) -> bool:
        """Whether the COMMIT of the running transaction was sent."""
        return self._writer.has_sent_commit

    @property
    def wal_bytes(self) -> int:
        """The size of SQLite's WAL after the last COMMIT; 0 of a server."""
        return self._writer.wal_bytes if isinstance(self._writer, Sqlite) else 0

    @property
    def connects(self) -> int:
        """How many connections were opened."""
        return sum({id(one): one.connects for one in (self._writer, self._beside, *self._readers)}.values())

    @property
    def is_server(self) -> bool:
        """Whether the database is a server: another process, which should never wait for this one."""
        return self.dialect == "postgresql"

    async def open(self) -> None:
        """Connect. Raises DatabaseUnavailable, or DatabaseUnusable: SQLite is too old, the file cannot be a
        database, or the database, role or password does not exist."""
        with startup_errors.explained(self.url):
            if self.dialect == "sqlite":
                sqlite.require_usable(self._file.path)
                self._file.remember()
            else:
                postgresql_errors.require_files(parse_postgresql(self.url))
            await self._writer.run_sql("SELECT 1")
        if self.dialect == "sqlite":
            sqlite.warn_if_shared(self._file.path)
        self._for_lists.open()
        self.for_delivery.open()

    async def close(self) -> None:
        """Close all connections."""
        if self._truncating is not None:
            await end_tasks([self._truncating])
        async with self._writing, self._writing_beside:
            await self._writer.close()
            await self._beside.close()
        await self._for_lists.close()
        await self.for_delivery.close()

    def new_session(self) -> Connection | None:
        """Return another connection to a server, which opens with its first statement and whose owner closes
        it; None if the database is no server."""
        return Postgresql(self.url, self._queries) if self.is_server else None

    def fetch(self, name: str, /, **values: Any) -> Awaitable[Rows]:
        """Run a named query on a reader, for anything but streams (`Readers.fetch`)."""
        return self._for_lists.fetch(name, **values)

    @asynccontextmanager
    async def transaction(self, *, is_followed: Callable[[], bool] = _never) -> AsyncIterator[SqlTransaction]:
        """Open the write transaction: it commits at the end of the block, and rolls back on any error.

        is_followed: called at COMMIT; whether another transaction follows at once. If so, and the database is
        a server, its BEGIN is sent together with COMMIT.

        Raises DatabaseUnavailable. If its `code` is `commit_unknown`, COMMIT had been sent, and the
        transaction may have been committed; otherwise nothing was written. `database_busy`: another process
        holds the lock.
        """
        if self._truncating is not None:
            await self._wait_for_wal(self._truncating)
        async with self._writing:
            if not self._writer.has_begun:
                self._writer.add_sql(self._begin)
            self._writer.has_begun = False
            try:
                yield self._writer
                await self._commit(self._begin if self.is_server and is_followed() else None)
            except BaseException:
                await self._roll_back(self._writer)
                raise
        if isinstance(self._writer, Sqlite) and self._writer.wal_bytes > self._max_wal_bytes:
            self._start_truncating(self._writer)

    @asynccontextmanager
    async def transaction_beside(self) -> AsyncIterator[SqlTransaction]:
        """Open a write transaction for rows that have nothing to do with the log.

        On a server it has a connection of its own: it neither waits for the log nor delays it, and a crash of
        the server may undo its last half second. On SQLite, which has one writer, it is `transaction`. Raises
        DatabaseUnavailable; the transaction may have been committed nevertheless.
        """
        if not self.is_server:
            async with self.transaction() as transaction:
                yield transaction
            return
        async with self._writing_beside:
            self._beside.add_sql(self._begin)
            try:
                yield self._beside
                await self._beside.commit()
            except BaseException:
                await self._roll_back(self._beside)
                raise

    async def _commit(self, then: str | None) -> None:
        try:
            await self._writer.commit(then=then)
        except DatabaseUnavailable as error:
            if self._writer.is_committing and error.code != "database_busy" and not error.is_known:
                error.code = "commit_unknown"
            raise

    async def _roll_back(self, writer: Connection) -> None:
        if self._begin in writer.drop() or not writer.is_open:
            return  # BEGIN was not sent yet, or the transaction ended with its connection
        try:
            await writer.run_sql("ROLLBACK")
        except DatabaseUnavailable:
            await writer.close()
            _log.debug("A transaction ended with its connection.")

    def _start_truncating(self, writer: Sqlite) -> None:
        if self._truncating is None or self._truncating.done():
            work = self._truncate_wal(writer)
            self._truncating = asyncio.get_running_loop().create_task(work, name="truncate-wal")

    async def _wait_for_wal(self, truncating: asyncio.Task[None]) -> None:
        """Wait until the WAL is emptied, if it has grown to twice its bound meanwhile."""
        if truncating.done():
            self._truncating = None
        elif isinstance(self._writer, Sqlite) and self._writer.wal_bytes > 2 * self._max_wal_bytes:
            await asyncio.wait([truncating])

    async def _truncate_wal(self, writer: Sqlite) -> None:
        """Empty the WAL while no reader of this process reads. If another process does, try again later."""
        try:
            async with self._for_lists.paused(), self.for_delivery.paused(), self._writing:
                is_done = await writer.truncate_wal()
        except DatabaseUnavailable:
            return  # the next transaction raises it, too
        self._max_wal_bytes = (
            sqlite.MAX_WAL_BYTES if is_done else writer.wal_bytes + sqlite.MAX_WAL_BYTES // 4
        )
