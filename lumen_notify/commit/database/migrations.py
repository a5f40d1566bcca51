"""Migrations: numbered, forward only, one file each under `sql/sqlite/` and `sql/postgresql/`.

All missing migrations run in one transaction, which also records them; processes that start at the same time
wait for each other. A database that is newer than this program is refused.

Not here: databases made before 0.1 (`before_0_1`).
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence

from lumen_notify.commit.database import Database, SqlTransaction, before_0_1
from lumen_notify.commit.database.migration_files import MIGRATION_SECONDS, Migration, available
from lumen_notify.commit.database.postgresql_errors import table_rights
from lumen_notify.commit.database.queries import sql_folder
from lumen_notify.commit.database.startup_errors import explained
from lumen_notify.errors import DatabaseUnusable
from lumen_notify.model import value
from lumen_notify.settings.database_url import parse_postgresql

POLL_SECONDS = 0.1
"""How often a process asks whether another one has ended its migrations. SQLite waits by itself."""

_log = logging.getLogger("lumen_notify.database")


@value
class Migrated:
    """What `migrate` has done.

    before: the version until then; 0 for a new database. older: the version before 0.1 that was carried over;
    0 if none was. steps: the migrations that ran. seconds: how long it took.
    """

    before: int
    older: int
    steps: Sequence[Migration]
    seconds: float

    @property
    def version(self) -> int:
        """The version of the database now."""
        return self.steps[-1].version if self.steps else self.before

    def summary(self) -> str:
        """Say it in a sentence."""
        if not self.steps:
            return f"Nothing to migrate: the database has version {self.version}."
        if self.older:
            return (
                f"Carried over the database from development version {self.older} to version {self.version}"
                f" in {self.seconds:.2f} s."
            )
        if not self.before:
            return f"Created the tables of version {self.version} in {self.seconds:.2f} s."
        return (
            f"Migrated the database from version {self.before} to version {self.version}"
            f" in {self.seconds:.2f} s."
        )


async def versions(database: Database) -> tuple[int, int]:
    """Return the version of a database, and the newest one that this program knows. 0: none of our tables.

    Raises DatabaseUnavailable, DatabaseUnusable.
    """
    known = available(sql_folder() / database.dialect)
    with explained(database.url):
        async with database.transaction() as transaction:
            if not await transaction.run("columns_of_table", table="lumen_migration"):
                return await before_0_1.find_version(transaction, database.dialect) or 0, len(known)
            done = {row[0]: row[1] for row in await transaction.run("migrations_done")}
    _require_known(done, known)
    return max(done, default=0), len(known)


async def migrate(database: Database) -> Migrated:
    """Run the missing migrations, and log it.

    Raises DatabaseUnavailable, or DatabaseUnusable: the database is newer than this program, or the role may
    not create or use the tables.
    """
    began_at = time.monotonic()
    with explained(database.url):
        async with database.transaction() as transaction:
            await _lock(transaction)
            if lacking := [row[0] for row in await transaction.run("tables_without_privileges")]:
                raise table_rights(lacking, parse_postgresql(database.url))
            before, older, steps = await _migrate(database, transaction)
    done = Migrated(before=before, older=older, steps=steps, seconds=time.monotonic() - began_at)
    _log.log(logging.INFO if steps else logging.DEBUG, "%s", done.summary())
    return done


async def _lock(transaction: SqlTransaction) -> None:
    """Wait until no other process migrates the database, however long it takes."""
    ((is_locked,),) = await transaction.run("try_lock_migrations")
    if not is_locked:
        _log.warning("Another process migrates the database. Waiting for it.")
    while not is_locked:
        await asyncio.sleep(POLL_SECONDS)
        ((is_locked,),) = await transaction.run("try_lock_migrations")


async def _migrate(database: Database, transaction: SqlTransaction) -> tuple[int, int, Sequence[Migration]]:
    known = available(sql_folder() / database.dialect)
    older = 0
    if not await transaction.run("columns_of_table", table="lumen_migration"):
        if older := await before_0_1.find_version(transaction, database.dialect):
            await before_0_1.complete(transaction, database.dialect, older)
        await transaction.run("create_migrations")
    done = {row[0]: row[1] for row in await transaction.run("migrations_done")}
    _require_known(done, known)
    steps = [step for step in known if step.version not in done]
    for step in steps:
        for statement in step.statements:
            await transaction.run_sql(statement, seconds=MIGRATION_SECONDS)
        await transaction.run("migration_done", version=step.version, name=step.name)
        if older and step.version == before_0_1.BASELINE:
            await before_0_1.carry_over(transaction)
    return max(done, default=0), older, steps


def _require_known(done: Mapping[int, str], known: Sequence[Migration]) -> None:
    """Check that the database has no migrations but ours. Raises DatabaseUnusable."""
    if done and max(done) > len(known):
        raise DatabaseUnusable(
            f"The database has version {max(done)}, and this lumen-notify knows versions up to {len(known)}."
            " Install the newer lumen-notify, or restore the backup from before its first start."
        )
    for step in known:
        if step.version in done and done[step.version] != step.name:
            raise DatabaseUnusable(
                f"The database was made by another development version: its migration {step.version} is"
                f" {done[step.version]}, that of this lumen-notify is {step.name}. Use another database."
            )
