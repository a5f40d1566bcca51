"""Tail: the arguments of `lumen-notify tail`."""

from __future__ import annotations

import contextlib
from typing import Annotated

import typer
from rich.console import Console

from lumen_notify.cli.config import base_url, make_token, read_settings
from lumen_notify.cli.options import TTL_SECONDS, EnvFile, Token, Url
from lumen_notify.cli.tail import StreamTail
from lumen_notify.client import Client
from lumen_notify.client.stream_state import SILENCE_SECONDS


def tail(
    user: Annotated[str | None, typer.Argument(help="The user's id. Not needed with a token.")] = None,
    url: Url = None,
    since: Annotated[
        str | None,
        typer.Option(metavar="CURSOR", help="Start after the frame with this id, as tail prints it."),
    ] = None,
    delays: Annotated[
        bool,
        typer.Option(
            "--delays",
            help="Show how long after its time a notification or message has arrived, by the clocks of both.",
        ),
    ] = False,
    token: Token = None,
    _env_file: EnvFile = None,
) -> None:
    """Print a line for each frame."""
    settings = read_settings()
    if user is None and token is None:
        raise typer.BadParameter("Name a user, or set --token or LUMEN_TOKEN.")

    def new_token() -> str:
        return make_token(settings, str(user), ttl_seconds=TTL_SECONDS)

    with Client(base_url(url, settings), token=token or new_token) as client:
        stream = StreamTail(
            client,
            cursor=since,
            console=Console(highlight=False, markup=False),
            silence_seconds=max(SILENCE_SECONDS, 3 * settings.ping_seconds),
            has_delays=delays,
        )
        with contextlib.suppress(KeyboardInterrupt):
            stream.run()
