"""Push test: the arguments of `lumen-notify push-test`."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from lumen_notify import logs
from lumen_notify.cli.config import read_settings
from lumen_notify.cli.options import EnvFile
from lumen_notify.cli.push_test import push_to


def push_test(
    user: Annotated[str, typer.Argument(help="The user's id.")],
    _env_file: EnvFile = None,
) -> None:
    """Push; print a line for each device."""
    settings = read_settings()
    logs.configure("info" if "log" in settings.push_provider_names else "critical", settings.log_format)
    tested = asyncio.run(push_to(settings, user))
    for one in tested:
        typer.echo(one.line())
    if not any(one.is_sent for one in tested):
        raise typer.Exit(1)
