"""Tail: the arguments of `lumen-notify tail`."""

from __future__ import annotations

import contextlib
from typing import Annotated

import typer
from rich.console import Console

from lumen_notify.cli.config import make_token, notifications_url, read_settings
from lumen_notify.cli.options import TTL_SECONDS, Token, Url
from lumen_notify.cli.tail import SILENCE_SECONDS, StreamTail


def tail(
    user: Annotated[str | None, typer.Argument(help="The user's id. Not needed with a token.")] = None,
    url: Url = None,
    since: Annotated[
        str | None,
        typer.Option(metavar="CURSOR", help="Start after the frame with this id, as tail prints it."),
    ] = None,
    token: Token = None,
) -> None:
    """Print a line for each frame."""
    settings = read_settings()
    if user is None and token is None:
        raise typer.BadParameter("Name a user, or set --token or LUMEN_TOKEN.")

    def get_token() -> str:
        return token or make_token(settings, str(user), ttl_seconds=TTL_SECONDS)

    stream = StreamTail(
        notifications_url(url, settings),
        get_token,
        can_renew=token is None,
        cursor=since,
        console=Console(highlight=False, markup=False),
        silence_seconds=max(SILENCE_SECONDS, 3 * settings.ping_seconds),
    )
    with contextlib.suppress(KeyboardInterrupt):
        stream.run()
