"""Connection: one connection to a database, opened when needed and again after an outage.

What is `add`ed waits until something is run, and leaves together with it: most of what a short statement
takes is the way to the database and back.

Not here: what differs between the databases (`sqlite`, `postgresql`), who may write (`database`).
"""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import databases

from lumen_notify.commit.database.queries import Query
from lumen_notify.errors import DatabaseUnavailable
from lumen_notify.model import to_json

Rows = Sequence[Sequence[Any]]
"""Rows in the order of the query, each indexed by column number."""

COMMIT = "COMMIT"

_log = logging.getLogger("lumen_notify.database")


class Statement(NamedTuple):
    """SQL and its values, in the shape that the database takes. query: None for what has no name."""

    sql: str
    values: Any = ()
    query: Query | None = None


class Connection(ABC):
    """The base of both. url: of the database. queries: by name."""

    driver_errors: tuple[type[Exception], ...] = ()
    """What an outage is told by, unless `_is_mistake` knows better."""

    def __init__(self, url: str, queries: Mapping[str, Query]) -> None:
        self._url = url
        self._queries = queries
        self._holder: databases.Database | None = None
        self._raw: Any = None
        self._added: list[Statement] = []
        self.has_begun = False
        self.is_committing = False

    @property
    def is_open(self) -> bool:
        """Whether there is a connection to lose."""
        return self._raw is not None

    async def open(self) -> None:
        """Connect."""
        # SQLite opens a connection for each call outside of one that is held, and a holder hands out one a
        # task: hence one holder a connection, which outlives tasks.
        holder = databases.Database(self._url, **self._options())
        await holder.connect()
        try:
            held = holder.connection()
            await held.__aenter__()
            self._holder, self._raw = holder, held.raw_connection
            await self._opened()
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Let the connection go, whatever state it is in."""
        raw, holder = self._raw, self._holder
        self._raw = self._holder = None
        self._added = []
        self.has_begun = False
        try:
            await self._let_go(raw, holder)
        except self.driver_errors as error:
            _log.debug("a connection did not close: %s", type(error).__name__)

    def add(self, name: str, /, **values: Any) -> None:
        """Run a named query, whose rows nobody needs, with what comes next."""
        self._added.append(self._statement(name, values))

    def add_sql(self, sql: str) -> None:
        """Run a statement that has no name with what comes next."""
        self._added.append(Statement(sql))

    async def run(self, name: str, /, **values: Any) -> Rows:
        """Run what was added, then a named query; return its rows."""
        return await self._execute([*self._take(), self._statement(name, values)])

    async def run_sql(self, sql: str) -> Rows:
        """Run what was added, then a statement that has no name; return its rows."""
        return await self._execute([*self._take(), Statement(sql)])

    async def commit(self, *, then: str | None = None) -> None:
        """Run what was added, and COMMIT; then perhaps begin the next transaction, as `has_begun` says.

        `is_committing` says whether it had come to COMMIT.
        """
        begin = () if then is None else (Statement(then),)
        await self._execute([*self._take(), Statement(COMMIT), *begin])
        self.has_begun = then is not None

    def drop(self) -> Sequence[str]:
        """Forget what was added; return its SQL."""
        return [statement.sql for statement in self._take()]

    def _take(self) -> list[Statement]:
        added, self._added = self._added, []
        return added

    async def _execute(self, statements: Sequence[Statement]) -> Rows:
        self.is_committing = False
        try:
            if self._raw is None:
                await self.open()
            return await self._run(statements)
        except self.driver_errors as error:
            if self._is_mistake(error):
                raise
            await self.close()
            raise DatabaseUnavailable(f"the database does not answer ({type(error).__name__})") from error
        except asyncio.CancelledError:
            await self.close()  # a statement may still be under way on it
            raise

    def _options(self) -> dict[str, Any]:
        """Return what `databases` is to know beside the URL."""
        return {}

    async def _opened(self) -> None:  # noqa: B027 - there may be nothing to prepare
        """Prepare a new connection."""

    @abstractmethod
    async def _let_go(self, raw: Any, holder: databases.Database | None) -> None:
        """Close what is open of both."""

    @abstractmethod
    def _statement(self, name: str, values: Mapping[str, Any]) -> Statement:
        """Shape a named query's values."""

    @abstractmethod
    async def _run(self, statements: Sequence[Statement]) -> Rows:
        """Run all, one after the other; return the last one's rows."""

    @abstractmethod
    def _is_mistake(self, error: Exception) -> bool:
        """Tell a statement or value that is wrong (our defect) from a database that is not there."""


def packed(query: Query, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a query's binds, lists as JSON."""
    return {
        bind: to_json(value) if isinstance(value := values[bind], list) else value for bind in query.binds
    }
