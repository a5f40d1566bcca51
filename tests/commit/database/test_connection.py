"""Connection: added statements travel with the next one; an outage closes it, a mistake of ours does not."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from lumen_notify.commit.database.connection import COMMIT, Connection, Rows, Statement, packed
from lumen_notify.commit.database.queries import Query
from lumen_notify.errors import DatabaseUnavailable


class Outage(Exception):
    """What the driver raises when the database is down."""


class Mistake(Outage):
    """What the driver raises for a statement that is wrong."""


class Busy(Outage):
    """What the driver raises when a lock could not be had."""


class Fake(Connection):
    """A connection that keeps what it is sent. failures: raised one after the other, before anything runs."""

    driver_errors = (Outage,)

    def __init__(self, *failures: Exception) -> None:
        super().__init__("fake://", {})
        self.failures = list(failures)
        self.sent: list[list[str]] = []
        self.opened = 0

    async def _connect(self) -> object:
        self.opened += 1
        return object()

    async def _let_go(self, raw: Any) -> None:
        pass

    def _statement(self, name: str, values: Mapping[str, Any]) -> Statement:
        return Statement(name, values)

    async def _run(self, statements: Sequence[Statement]) -> Rows:
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append([statement.sql for statement in statements])
        return [(statements[-1].sql,)]

    def _is_busy(self, error: Exception) -> bool:
        return isinstance(error, Busy)

    def _is_mistake(self, error: Exception) -> bool:
        return isinstance(error, Mistake)


async def test_added_statements_are_sent_in_order_with_the_next_one() -> None:
    connection = Fake()
    connection.add("first")
    connection.add_sql("SECOND")
    assert connection.sent == []
    assert await connection.run("third") == [("third",)]
    assert await connection.run_sql("FOURTH") == [("FOURTH",)]
    assert connection.sent == [["first", "SECOND", "third"], ["FOURTH"]]
    assert connection.opened == 1


async def test_commit_takes_the_begin_of_the_next_transaction_along() -> None:
    connection = Fake()
    connection.add("last")
    has_begun = []
    for then in (None, "BEGIN"):
        await connection.commit(then=then)
        has_begun.append(connection.has_begun)
    assert has_begun == [False, True]
    assert connection.sent == [["last", COMMIT], [COMMIT, "BEGIN"]]


async def test_dropped_statements_are_never_sent() -> None:
    connection = Fake()
    connection.add_sql("BEGIN")
    connection.add("first")
    assert connection.drop() == ["BEGIN", "first"]
    await connection.run("second")
    assert connection.sent == [["second"]]


async def test_outage_drops_added_statements_and_the_next_call_reconnects() -> None:
    connection = Fake(Outage())
    connection.add("lost")
    connection.has_begun = True
    with pytest.raises(DatabaseUnavailable, match=r"The database does not answer \(Outage\)\."):
        await connection.run("first")
    assert (connection.is_open, connection.has_begun) == (False, False)
    await connection.run("second")
    assert (connection.is_open, connection.has_begun) == (True, False)
    assert connection.sent == [["second"]]
    assert connection.opened == 2


async def test_lock_that_cannot_be_had_is_reported_as_such() -> None:
    connection = Fake(Busy())
    with pytest.raises(DatabaseUnavailable) as caught:
        await connection.run("first")
    assert caught.value.code == "database_busy"
    assert not connection.is_open


async def test_mistake_is_raised_as_it_is_and_keeps_the_connection() -> None:
    connection = Fake(Mistake())
    with pytest.raises(Mistake):
        await connection.run("first")
    assert connection.is_open


def test_lists_among_the_values_are_packed_as_json() -> None:
    query = Query(name="q", sql="", binds=("rows", "limit"))
    values = packed(query, {"rows": [{"id": "ä"}], "limit": 3, "unused": None})
    assert json.loads(values.pop("rows")) == [{"id": "ä"}]
    assert values == {"limit": 3}
