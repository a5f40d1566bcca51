"""Migrations: numbered, forward only, one file each under `sql/sqlite/` and `sql/postgresql/`.

All missing migrations run in one transaction, which also records them; processes that start at the same time
wait for each other. A database that is newer than this program is refused.

Not here: databases made before 0.1 (`before_0_1`).
"""

from __future__ import annotations

from collections.abc import Sequence

from lumen_notify.commit.database import Database, before_0_1
from lumen_notify.commit.database.migration_files import Migration, available
from lumen_notify.commit.database.queries import sql_folder
from lumen_notify.errors import Misconfigured


async def migrate(database: Database) -> Sequence[Migration]:
    """Run the missing migrations; return them.

    Raises Misconfigured if the database is newer than this program.
    """
    steps = available(sql_folder() / database.dialect)
    made = []
    async with database.transaction() as transaction:
        await transaction.run("lock_migrations")
        older = 0
        if not await transaction.run("columns_of_table", table="lumen_migration"):
            if older := await before_0_1.find_version(transaction, database.dialect):
                await before_0_1.complete(transaction, database.dialect, older)
            await transaction.run("create_migrations")
        done = {row[0] for row in await transaction.run("migrations_done")}
        if done and max(done) > len(steps):
            problem = f"the database has version {max(done)}, but this program only knows {len(steps)}"
            raise Misconfigured([("LUMEN_DATABASE_URL", problem)])
        for step in steps:
            if step.version not in done:
                for statement in step.statements:
                    await transaction.run_sql(statement)
                await transaction.run("migration_done", version=step.version, name=step.name)
                made.append(step)
                if older and step.version == before_0_1.BASELINE:
                    await before_0_1.carry_over(transaction)
    return made
