"""Migrate: `lumen-notify migrate`, which has no arguments."""

from __future__ import annotations

import asyncio

import typer

from lumen_notify import logs
from lumen_notify.cli.config import read_settings
from lumen_notify.cli.options import EnvFile
from lumen_notify.commit.database import Database, migrations
from lumen_notify.settings import Settings


def migrate(_env_file: EnvFile = None) -> None:
    """Migrate the database to this version; print what was done."""
    settings = read_settings()
    logs.configure("warning", settings.log_format)  # what is printed says it
    typer.echo(asyncio.run(_migrate(settings)).summary())


async def _migrate(settings: Settings) -> migrations.Migrated:
    database = Database(settings.database_url)
    try:
        await database.open()
        return await migrations.migrate(database)
    finally:
        await database.close()
