"""Token: the arguments of `lumen-notify token`."""

from __future__ import annotations

from typing import Annotated

import typer

from lumen_notify.cli.config import make_token, read_settings
from lumen_notify.cli.options import TTL_SECONDS, EnvFile, Scopes, warn_unknown_scopes


def token(
    user: Annotated[str, typer.Argument(help="The user's id.")],
    scope: Scopes = None,
    ttl: Annotated[
        float, typer.Option(min=1, metavar="SECONDS", help="How long the token is valid.")
    ] = TTL_SECONDS,
    name: Annotated[str | None, typer.Option(metavar="NAME", help="The user's display name.")] = None,
    _env_file: EnvFile = None,
) -> None:
    """Print a token and nothing else."""
    warn_unknown_scopes(scope or ())
    settings = read_settings()
    typer.echo(make_token(settings, user, ttl_seconds=ttl, scopes=scope or (), display_name=name))
