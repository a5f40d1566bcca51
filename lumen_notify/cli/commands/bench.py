"""Bench: the arguments of `lumen-notify bench`."""

from __future__ import annotations

from typing import Annotated

import typer

from lumen_notify.cli.config import read_settings, signing_secret
from lumen_notify.cli.options import EnvFile, Token
from lumen_notify.load_test import report


def bench(
    url: Annotated[str | None, typer.Option(help="A running server. Default: start one.")] = None,
    streams: Annotated[
        int | None, typer.Option(min=1, help="Number of streams. Default: 1000, or 10 with --token.")
    ] = None,
    seconds: Annotated[float, typer.Option(min=1, help="Duration of each of the three stages.")] = 5.0,
    publishers: Annotated[int, typer.Option(min=1, help="Number of concurrent publishers.")] = 8,
    token: Token = None,
    _env_file: EnvFile = None,
) -> None:
    """Measure and print a table."""
    secret = None
    if url is not None and token is None:
        secret = signing_secret(read_settings()).reveal()
    raise typer.Exit(
        report.run(url, secret=secret, token=token, streams=streams, seconds=seconds, publishers=publishers)
    )
