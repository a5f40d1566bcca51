"""Token: `lumen-notify token`."""

from __future__ import annotations

from typing import Annotated

import typer

from lumen_notify.cli.local import make_token, read_settings
from lumen_notify.cli.options import TTL_SECONDS


def token(
    user: Annotated[str, typer.Argument(help="The user's id.")],
    scope: Annotated[
        list[str] | None, typer.Option(help="A scope such as notify:publish; repeat it for more.")
    ] = None,
    ttl: Annotated[float, typer.Option(min=1, help="For how many seconds it is good.")] = TTL_SECONDS,
    name: Annotated[str | None, typer.Option(help="The user's name, as others see it.")] = None,
) -> None:
    """Print a token alone."""
    settings = read_settings()
    typer.echo(make_token(settings, user, ttl_seconds=ttl, scopes=scope or (), username=name))
