"""Database copy: all rows of a database as they were once, in tables beside the real ones, to go back to."""

from __future__ import annotations

from lumen_notify.commit.database import Database

PREFIX = "copy_of_"

_TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
    "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()",
}


async def copy_database(database: Database) -> int:
    """Copy all rows, in place of an earlier copy. Return the position of the newest event in the copy."""
    async with database.transaction() as transaction:
        await transaction.run("lock_log")
        ((position, *_),) = await transaction.run("log_end")
        tables = [str(name) for (name,) in await transaction.run_sql(_TABLES[database.dialect])]
        for table in tables:
            if not table.startswith(PREFIX):
                await transaction.run_sql(f"DROP TABLE IF EXISTS {PREFIX}{table}")
                await transaction.run_sql(f"CREATE TABLE {PREFIX}{table} AS SELECT * FROM {table}")  # noqa: S608
    return int(position)


async def restore_database(database: Database) -> None:
    """Bring all rows back to the copy."""
    async with database.transaction() as transaction:
        await transaction.run("lock_log")
        tables = [str(name) for (name,) in await transaction.run_sql(_TABLES[database.dialect])]
        for table in tables:
            if not table.startswith(PREFIX):
                await transaction.run_sql(f"DELETE FROM {table}")  # noqa: S608
                await transaction.run_sql(f"INSERT INTO {table} SELECT * FROM {PREFIX}{table}")  # noqa: S608
