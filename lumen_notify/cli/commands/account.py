"""Account: the arguments of `lumen-notify account`."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from lumen_notify import logs
from lumen_notify.cli.account import save_account
from lumen_notify.cli.config import read_settings


def account(
    username: Annotated[str, typer.Argument(help="The name that the user logs in with.")],
    scope: Annotated[
        list[str] | None, typer.Option(help="A scope; repeat for more. Replaces the current scopes.")
    ] = None,
    sets_password: Annotated[
        bool, typer.Option("--password", help="Set a new password, read from stdin, and end all sessions.")
    ] = False,
) -> None:
    """Create or change an account; print its user id."""
    settings = read_settings()
    logs.configure(settings.log_level)
    typer.echo(asyncio.run(save_account(settings, username, scopes=scope, sets_password=sets_password)))
