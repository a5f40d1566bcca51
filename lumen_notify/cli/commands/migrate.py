"""Migrate: `lumen-notify migrate`, which has no arguments."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import typer

from lumen_notify import logs
from lumen_notify.cli.config import read_settings
from lumen_notify.commit.database import Database, migrations
from lumen_notify.commit.database.migration_files import Migration
from lumen_notify.settings import Settings


def migrate() -> None:
    """Migrate the database to this version; print the migrations applied."""
    settings = read_settings()
    logs.configure(settings.log_level)
    applied = asyncio.run(_migrate(settings))
    for migration in applied:
        typer.echo(f"applied {migration.version:04d} {migration.name}")
    if not applied:
        typer.echo("nothing to do")


async def _migrate(settings: Settings) -> Sequence[Migration]:
    database = Database(settings.database_url)
    try:
        await database.open()
        return await migrations.migrate(database)
    finally:
        await database.close()
