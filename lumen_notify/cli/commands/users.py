"""Users: the arguments of `lumen-notify users`."""

from __future__ import annotations

import asyncio
import sys
from enum import StrEnum
from typing import Annotated

import typer

from lumen_notify import logs
from lumen_notify.cli.config import read_settings, require_database
from lumen_notify.cli.database.users import delete_user, export_user
from lumen_notify.cli.options import EnvFile


class Action(StrEnum):
    """What to do."""

    EXPORT = "export"
    DELETE = "delete"


class Messages(StrEnum):
    """What becomes of the user's messages."""

    KEEP = "keep"
    DELETE = "delete"


def users(
    action: Annotated[Action, typer.Argument(help="Print all that is stored of the user, or delete it.")],
    user: Annotated[str, typer.Argument(metavar="USER", help="The user's id.")],
    messages: Annotated[
        Messages, typer.Option(help="What becomes of their messages when they are deleted.")
    ] = Messages.KEEP,
    is_sure: Annotated[bool, typer.Option("--yes", help="Delete without asking.")] = False,
    _env_file: EnvFile = None,
) -> None:
    """Export a user's data as lines of JSON, or delete them."""
    settings = read_settings()
    require_database(settings)
    logs.configure(settings.log_level, settings.log_format)
    if action is Action.EXPORT:
        asyncio.run(export_user(settings, user, sys.stdout.write))
        return
    if not is_sure:
        typer.confirm(f"Delete the user {user} and all that is stored of them?", abort=True, err=True)
    asyncio.run(delete_user(settings, user, messages=messages.value, report=_report))
    typer.echo(f"The user {user} is deleted.")


def _report(step: str) -> None:
    typer.echo(f"{step}{_WAITS.get(step, '')}", err=True)


_WAITS = {
    "requests": ": ten seconds, until requests that were under way have ended",
    "end": ": a minute, until all servers have read the log",
    "streams": ": a minute, until the streams of the user have ended",
}
"""What the steps that take longer wait for."""
