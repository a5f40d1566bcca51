"""Settings: the arguments of `lumen-notify settings`."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from lumen_notify.cli.config import read_settings
from lumen_notify.cli.options import EnvFile
from lumen_notify.cli.settings_text import env_file, table


def settings(
    ctx: typer.Context,
    is_env: Annotated[
        bool, typer.Option("--env", help="Print a .env file with all settings, commented out.")
    ] = False,
    _env_file: EnvFile = None,
) -> None:
    """Print all settings."""
    typer.echo(env_file() if is_env else table(read_settings(), os.environ, ctx.obj))
