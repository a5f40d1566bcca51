"""Migrations: numbered, forward only, one file each under `sql/sqlite/` and `sql/postgresql/`.

All missing migrations run in one transaction, which also records them; processes that start at the same time
wait for each other. A database that is newer than this program is refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from lumen_notify.commit.database import Database
from lumen_notify.commit.database.queries import sql_folder
from lumen_notify.errors import Misconfigured
from lumen_notify.model import value

_FILE = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql\Z")


@value
class Migration:
    """One migration. statements: in order; each runs by itself."""

    version: int
    name: str
    statements: tuple[str, ...]


def available(folder: Path) -> Sequence[Migration]:
    """Read the migrations of a dialect, ascending. Raises ValueError if the numbers are not 1, 2, 3, ..."""
    steps: list[Migration] = []
    for path in sorted(folder.glob("*.sql")):
        found = _FILE.match(path.name)
        if found is None or int(found[1]) != len(steps) + 1:
            raise ValueError(f"{path.name} is not migration number {len(steps) + 1:04d}")
        text = re.sub(r"--[^\n]*", "", path.read_text("utf-8"))
        statements = tuple(part.strip() for part in text.split(";") if part.strip())
        steps.append(Migration(version=int(found[1]), name=found[2], statements=statements))
    return steps


async def migrate(database: Database) -> Sequence[Migration]:
    """Run the missing migrations; return them.

    Raises Misconfigured if the database is newer than this program.
    """
    steps = available(sql_folder() / database.dialect)
    made = []
    async with database.transaction() as transaction:
        await transaction.run("lock_migrations")
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
    return made
