"""Account: the arguments of `lumen-notify account`."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from lumen_notify import logs
from lumen_notify.cli.account import save_account
from lumen_notify.cli.config import read_settings, require_database
from lumen_notify.cli.options import EnvFile, Scopes, warn_unknown_scopes


def account(
    username: Annotated[str, typer.Argument(help="The name that the user logs in with.")],
    scope: Scopes = None,
    sets_password: Annotated[
        bool, typer.Option("--password", help="Set a new password, and end all sessions of the user.")
    ] = False,
    _env_file: EnvFile = None,
) -> None:
    """Create or change an account; print its user id."""
    warn_unknown_scopes(scope or ())
    settings = read_settings()
    require_database(settings)
    logs.configure(settings.log_level, settings.log_format)
    typer.echo(asyncio.run(save_account(settings, username, scopes=scope, sets_password=sets_password)))
