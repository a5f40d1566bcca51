"""SQLite: a connection to a file, on a thread of its own (`sqlite_thread`).

The statements of one `run` are sent to the thread in one call: each call takes some 0.1 ms while the event
loop is busy, more than most statements.

The WAL is bounded. SQLite starts it anew when a COMMIT finds that no reader needs it, which never happens
while readers overlap. So once it holds more than MAX_WAL_BYTES, `Database` lets no further read begin, and
calls `truncate_wal` when those that run have ended. Transactions wait for that only above twice the bound.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import suppress
from operator import itemgetter
from pathlib import Path
from typing import Any

from lumen_notify.commit.database.connection import COMMIT, Connection, Rows, Statement, packed
from lumen_notify.commit.database.queries import Query
from lumen_notify.commit.database.sqlite_errors import require_file
from lumen_notify.commit.database.sqlite_file import SqliteFile
from lumen_notify.commit.database.sqlite_thread import SqliteThread
from lumen_notify.errors import DatabaseUnusable

MINIMUM = (3, 37, 0)
"""The first version with STRICT tables; RETURNING and UPDATE FROM are older."""

BUSY_TIMEOUT = "PRAGMA busy_timeout=10000"
"""How long a statement waits for another process's lock, in ms."""

WRITER = (
    BUSY_TIMEOUT,
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA wal_autocheckpoint=4000",
)
"""wal_autocheckpoint: pages of 4 KiB in the WAL at which a COMMIT copies them into the file. With SQLite's
default of 1,000 that happened every dozen transactions, and took 5 % of the time."""

READER = (BUSY_TIMEOUT, "PRAGMA query_only=1")

MAX_WAL_BYTES = 32 * 1024 * 1024
"""The size of the WAL at which readers are kept idle so that it can start anew: twice the size at which it
does so by itself."""

TRUNCATE_WAL = ("PRAGMA busy_timeout=100", "PRAGMA wal_checkpoint(TRUNCATE)", BUSY_TIMEOUT)
"""Writers wait meanwhile, so a reader in another process is not waited for."""

WRITTEN_NOTHING = (
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_CANTOPEN,
)
"""Errors after which a COMMIT has written nothing, or not its last frame (sqlite.org/wal.html). After
a failed fsync it is not known what is on the disk."""

MISTAKES = (
    sqlite3.SQLITE_ERROR,
    sqlite3.SQLITE_CONSTRAINT,
    sqlite3.SQLITE_MISMATCH,
    sqlite3.SQLITE_MISUSE,
    sqlite3.SQLITE_RANGE,
    sqlite3.SQLITE_TOOBIG,
)
"""Errors of a statement or its values. Python's own, such as a wrong number of values, have no code."""

_log = logging.getLogger("lumen_notify.database")


class Sqlite(Connection):
    """A connection to a file. pragmas: WRITER or READER. wal_bytes: the WAL's size after the last COMMIT.

    No statement runs on a file that is no longer at its path (`SqliteFile`), and no COMMIT is acknowledged.
    """

    driver_errors = (OSError, sqlite3.DatabaseError)

    def __init__(
        self, url: str, queries: Mapping[str, Query], *, file: SqliteFile, pragmas: Sequence[str]
    ) -> None:
        super().__init__(url, queries)
        self._file = file
        self._pragmas = pragmas
        self.wal_bytes = 0

    async def truncate_wal(self) -> bool:
        """Copy the WAL into the file and empty it, between transactions. Return False if another process is
        reading it. Raises DatabaseUnavailable."""
        first, checkpoint, last = TRUNCATE_WAL
        await self.run_sql(first)
        ((is_busy, _, _),) = await self.run_sql(checkpoint)
        await self.run_sql(last)
        return not is_busy

    async def _connect(self) -> SqliteThread:
        self._file.require_same()  # or SQLite would create a new one
        return await SqliteThread.connect(self._file.path)

    async def _opened(self) -> None:
        for pragma in self._pragmas:
            await self._raw.call(lambda connection, sql=pragma: connection.execute(sql).fetchall())

    async def _let_go(self, raw: Any) -> None:
        if raw is not None:
            await raw.close()

    def _statement(self, name: str, values: Mapping[str, Any]) -> Statement:
        query = self._queries[name]
        if query.columns:
            return Statement(query.sql, list(map(itemgetter(*query.columns), values[query.binds[0]])))
        return Statement(query.sql, packed(query, values))

    async def _run(self, statements: Sequence[Statement]) -> Rows:
        def run(connection: sqlite3.Connection) -> Rows:
            rows: Rows = ()
            self._file.require_same()
            for sql, values, *_ in statements:
                self.is_committing = sql == COMMIT
                execute = connection.executemany if isinstance(values, list) else connection.execute
                rows = execute(sql, values).fetchall()
            if self.is_committing:
                self.wal_bytes = _size(self._file.path + "-wal")
                self.is_committing = False
                self._file.require_same()
            return rows

        rows: Rows = await self._raw.call(run)
        return rows

    def _is_busy(self, error: Exception) -> bool:
        # The lower byte is the primary result code (sqlite.org/rescode.html).
        return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY

    def _describe(self, error: Exception) -> str:
        return str(error)

    def _has_written_nothing(self, error: Exception) -> bool:
        result = getattr(error, "sqlite_errorcode", 0)
        return result & 0xFF in WRITTEN_NOTHING or result == sqlite3.SQLITE_IOERR_WRITE

    def _is_mistake(self, error: Exception) -> bool:
        result = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_MISUSE)
        return not isinstance(error, OSError) and result & 0xFF in MISTAKES


def require_usable(path: str) -> None:
    """Check the version of SQLite and the file; create the file if it does not exist, for its owner alone.

    SQLite gives the mode of the file to the -wal and -shm files. Raises DatabaseUnusable.
    """
    if sqlite3.sqlite_version_info < MINIMUM:
        needed = ".".join(map(str, MINIMUM))
        raise DatabaseUnusable(
            f"This Python has SQLite {sqlite3.sqlite_version}. {needed} or newer is needed: install a newer"
            " Python, or use PostgreSQL."
        )
    require_file(path)
    # What else may be wrong with the path is reported by SQLite, in its own words.
    with suppress(OSError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode=0o600))


def warn_if_shared(path: str) -> None:
    """Log a warning if other users of the machine may open the database's file."""
    if Path(path).stat().st_mode & 0o077:
        _log.warning(
            "Other users of this machine may open %s, which contains keys. To prevent it: chmod 600 %s*",
            path,
            path,
        )


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size  # noqa: PTH116 - after each COMMIT, and a Path costs more than the call
    except OSError:
        return 0
