"""Token: the arguments of `lumen-notify token`."""

from __future__ import annotations

from typing import Annotated

import typer

from lumen_notify.cli.config import make_token, read_settings
from lumen_notify.cli.options import TTL_SECONDS


def token(
    user: Annotated[str, typer.Argument(help="The user's id.")],
    scope: Annotated[
        list[str] | None, typer.Option(help="A scope such as notify:publish; repeat for more.")
    ] = None,
    ttl: Annotated[float, typer.Option(min=1, help="The lifetime in seconds.")] = TTL_SECONDS,
    name: Annotated[str | None, typer.Option(help="The user's display name.")] = None,
) -> None:
    """Print a token and nothing else."""
    settings = read_settings()
    typer.echo(make_token(settings, user, ttl_seconds=ttl, scopes=scope or (), display_name=name))
