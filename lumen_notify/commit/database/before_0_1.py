"""Before 0.1: carries over databases made by development versions, whose tables had no prefix.

They get the migrations that they still lack (`sql/before_0_1/`), then their rows go to the tables of today,
and their own tables are dropped. All in the transaction of `migrate`.

Promise: tables of an application are never taken for ours. A table `migration` is ours only if it has the
names of our migrations, in order, from the first one on.
"""

from __future__ import annotations

from lumen_notify.commit.database import SqlTransaction
from lumen_notify.commit.database.migration_files import (
    MIGRATION_SECONDS,
    Migration,
    available,
    statements_of,
)
from lumen_notify.commit.database.queries import Dialect, sql_folder
from lumen_notify.errors import DatabaseUnusable

BASELINE = 5
"""The migration of today after which the tables are as they were before 0.1. Later ones change them with the
rows in them."""


async def find_version(transaction: SqlTransaction, dialect: Dialect) -> int:
    """Return the version of the database's tables without a prefix; 0 if it has none of ours.

    Raises DatabaseUnusable if they are of a version that never was on the main branch.
    """
    found = await transaction.run("columns_of_table", table="migration")
    columns = {name for name, may_read in found if may_read}
    if not columns >= {"version", "name"}:
        return 0
    (statement,) = statements_of(sql_folder() / "before_0_1" / "migrations_done.sql")
    done = [tuple(row) for row in await transaction.run_sql(statement)]
    ours = [(str(step.version), step.name) for step in _migrations(dialect)]
    if done[:1] != ours[:1]:
        return 0
    if done != ours[: len(done)]:
        raise DatabaseUnusable(
            f"The database was made by a development version before 0.1 that cannot be carried over: its"
            f" migration {done[-1][0]} is {done[-1][1]}. Use another database."
        )
    return len(done)


async def complete(transaction: SqlTransaction, dialect: Dialect, version: int) -> None:
    """Run the migrations that the tables without a prefix lack. Nobody else writes to them from here on."""
    await transaction.run("lock_older_log")
    for step in _migrations(dialect)[version:]:
        for statement in step.statements:
            await transaction.run_sql(statement, seconds=MIGRATION_SECONDS)


async def carry_over(transaction: SqlTransaction) -> None:
    """Move the rows to the tables of today, and drop the old tables."""
    for statement in statements_of(sql_folder() / "before_0_1" / "carry_over.sql"):
        await transaction.run_sql(statement, seconds=MIGRATION_SECONDS)


def _migrations(dialect: Dialect) -> list[Migration]:
    return list(available(sql_folder() / "before_0_1" / dialect))
