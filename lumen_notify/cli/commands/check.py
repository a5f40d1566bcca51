"""Check: the arguments of `lumen-notify check`."""

from __future__ import annotations

import asyncio
import os
from typing import Annotated

import typer

from lumen_notify import logs
from lumen_notify.cli.checks.check import Finding
from lumen_notify.cli.checks.check import check as check_parts
from lumen_notify.cli.config import read_settings
from lumen_notify.cli.options import EnvFile
from lumen_notify.settings import Settings


def check(
    *,
    host: Annotated[str | None, typer.Option(metavar="HOST", help="The address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(metavar="PORT", help="The port to listen on.")] = None,
    asks_push: Annotated[
        bool, typer.Option("--push", help="Ask the services of push whether the credentials are valid, too.")
    ] = False,
    _env_file: EnvFile = None,
) -> None:
    """Print a line for each part."""
    settings = read_settings(host=host, port=port)  # all its problems are printed as those of any command
    logs.configure("error", settings.log_format)
    number = sum(bool(os.environ.get(name)) for name, _, _ in Settings.table())
    findings = [Finding(name="settings", text=f"{number} set, the others have their defaults.")]
    findings += asyncio.run(check_parts(settings, asks_push=asks_push))
    for finding in findings:
        typer.echo(finding.line())
    if any(finding.is_problem for finding in findings):
        raise typer.Exit(1)
