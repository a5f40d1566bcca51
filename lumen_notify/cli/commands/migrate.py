"""Migrate: `lumen-notify migrate`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import typer

from lumen_notify import logs
from lumen_notify.cli.local import read_settings
from lumen_notify.commit.database import Database, migrations
from lumen_notify.settings import Settings


def migrate() -> None:
    """Bring the database to this version; print what was done."""
    settings = read_settings()
    logs.configure(settings.log_level)
    made = asyncio.run(_migrate(settings))
    for step in made:
        typer.echo(f"made {step.version:04d} {step.name}")
    if not made:
        typer.echo("nothing to do")


async def _migrate(settings: Settings) -> Sequence[migrations.Migration]:
    database = Database(settings.database_url)
    try:
        await database.open()
        return await migrations.migrate(database)
    finally:
        await database.close()
