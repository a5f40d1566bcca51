"""Backup: the arguments of `lumen-notify backup`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lumen_notify.auth import secret_path
from lumen_notify.cli.config import read_settings, require_database
from lumen_notify.cli.database.backup import back_up, pg_dump_command
from lumen_notify.cli.options import EnvFile


def backup(
    file: Annotated[Path, typer.Argument(help="The file to make. It must not exist.")],
    _env_file: EnvFile = None,
) -> None:
    """Copy the SQLite database while a server uses it; print the commands for PostgreSQL."""
    settings = read_settings()
    if not settings.database_url.startswith("sqlite:"):
        typer.echo(pg_dump_command(settings, file))
        return
    require_database(settings)
    typer.echo(back_up(settings, file).summary())
    if not settings.has_verification_key and (path := secret_path(settings).absolute()).exists():
        typer.echo(f"Back up {path}, too: it signs the tokens.", err=True)
