"""Connection: one connection to a database, opened on first use and reopened after an outage.

`add` queues a statement, and the next `run` sends all of them together: the round trip takes most of the time
of a short statement.

Not here: the differences between the databases (`sqlite`, `postgresql`), transactions (`database`).
"""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from lumen_notify.commit.database.queries import Query
from lumen_notify.errors import DatabaseUnavailable
from lumen_notify.model import to_json

Rows = Sequence[Sequence[Any]]
"""Rows in the order of the query, each indexed by column number."""

COMMIT = "COMMIT"

_log = logging.getLogger("lumen_notify.database")


class Statement(NamedTuple):
    """SQL and its values, in the form that the driver takes.

    query: None for a statement without a name. seconds: how long it may take; None for the usual time.
    """

    sql: str
    values: Any = ()
    query: Query | None = None
    seconds: float | None = None


class Connection(ABC):
    """The base class of both databases. url: of the database. queries: by name. connects: how often it was
    opened."""

    driver_errors: tuple[type[Exception], ...] = ()
    """The exceptions that an outage raises. Those for which `_is_mistake` is true are not an outage."""

    def __init__(self, url: str, queries: Mapping[str, Query]) -> None:
        self._url = url
        self._queries = queries
        self._raw: Any = None
        self._added: list[Statement] = []
        self.connects = 0
        self.has_begun = False
        self.is_committing = False
        self.has_sent_commit = False

    @property
    def is_open(self) -> bool:
        """Whether the connection is open."""
        return self._raw is not None

    async def open(self) -> None:
        """Connect."""
        try:
            self._raw = await self._connect()
            self.connects += 1
            await self._opened()
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Close the connection, whatever its state."""
        raw, self._raw = self._raw, None
        self._added = []
        self.has_begun = False
        try:
            await self._let_go(raw)
        except self.driver_errors as error:
            _log.debug("A connection did not close: %s.", type(error).__name__)

    def add(self, name: str, /, **values: Any) -> None:
        """Run a named query together with the next statement; its rows are dropped."""
        self._added.append(self._statement(name, values))

    def add_sql(self, sql: str) -> None:
        """Run a statement without a name together with the next one."""
        self._added.append(Statement(sql))

    async def run(self, name: str, /, **values: Any) -> Rows:
        """Run the added statements, then a named query; return its rows."""
        return await self._execute([*self._take(), self._statement(name, values)])

    async def run_sql(self, sql: str, *, seconds: float | None = None) -> Rows:
        """Run the added statements, then a statement without a name; return its rows. seconds: how long it
        may take; None for the usual time."""
        return await self._execute([*self._take(), Statement(sql, seconds=seconds)])

    async def commit(self, *, then: str | None = None) -> None:
        """Run the added statements, COMMIT, and `then`, which begins the next transaction: see `has_begun`.

        If it raises, `is_committing` tells whether COMMIT had been sent.
        """
        begin = () if then is None else (Statement(then),)
        await self._execute([*self._take(), Statement(COMMIT), *begin], has_commit=True)
        self.has_begun = then is not None

    def drop(self) -> Sequence[str]:
        """Drop the added statements; return their SQL."""
        return [statement.sql for statement in self._take()]

    def _take(self) -> list[Statement]:
        added, self._added = self._added, []
        return added

    async def _execute(self, statements: Sequence[Statement], *, has_commit: bool = False) -> Rows:
        self.is_committing = False
        self.has_sent_commit = has_commit
        try:
            if self._raw is None:
                await self.open()
            return await self._run(statements)
        except self.driver_errors as error:
            if self._is_mistake(error):
                raise
            await self.close()
            if self._is_busy(error):
                raise DatabaseUnavailable(
                    "Another process has locked the database for too long. Nothing was written.",
                    code="database_busy",
                ) from error
            unavailable = DatabaseUnavailable(f"The database does not answer ({self._describe(error)}).")
            unavailable.is_known = self._has_written_nothing(error)
            raise unavailable from error
        except asyncio.CancelledError:
            await self.close()  # a statement may still be running on it
            raise

    @abstractmethod
    async def _connect(self) -> Any:
        """Return a new connection of the driver."""

    async def _opened(self) -> None:  # noqa: B027 - a subclass need not prepare anything
        """Prepare a new connection."""

    @abstractmethod
    async def _let_go(self, raw: Any) -> None:
        """Close the driver's connection; None if it was not connected."""

    @abstractmethod
    def _statement(self, name: str, values: Mapping[str, Any]) -> Statement:
        """Build the statement of a named query."""

    @abstractmethod
    async def _run(self, statements: Sequence[Statement]) -> Rows:
        """Run all statements in order; return the rows of the last one."""

    @abstractmethod
    def _is_busy(self, error: Exception) -> bool:
        """Return whether a lock could not be had in time. The transaction has then written nothing."""

    def _describe(self, error: Exception) -> str:
        """Say what is wrong in words that any client may read."""
        return type(error).__name__

    def _has_written_nothing(self, _error: Exception) -> bool:
        """Return whether an error at COMMIT means that the transaction was rolled back."""
        return False

    @abstractmethod
    def _is_mistake(self, error: Exception) -> bool:
        """Return whether the statement or a value is wrong (our defect), while the database is up."""


def packed(query: Query, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a query's binds, with lists as JSON."""
    return {
        bind: to_json(value) if isinstance(value := values[bind], list) else value for bind in query.binds
    }
