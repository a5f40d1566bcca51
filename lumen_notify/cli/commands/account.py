"""Account: `lumen-notify account`."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from lumen_notify import logs
from lumen_notify.cli import accounts
from lumen_notify.cli.local import read_settings


def account(
    name: Annotated[str, typer.Argument(help="What the user logs in with.")],
    scope: Annotated[
        list[str] | None, typer.Option(help="Instead of those it has: a scope; repeat it for more.")
    ] = None,
    sets_password: Annotated[
        bool, typer.Option("--password", help="Set another password, which is asked for; end all sessions.")
    ] = False,
) -> None:
    """Make or change an account; print its user's id."""
    settings = read_settings()
    logs.configure(settings.log_level)
    typer.echo(asyncio.run(accounts.keep(settings, name, scopes=scope, sets_password=sets_password)))
