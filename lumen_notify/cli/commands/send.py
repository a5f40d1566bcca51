"""Send: the arguments of `lumen-notify send`."""

from __future__ import annotations

from typing import Annotated

import typer

from lumen_notify.auth import PUBLISH
from lumen_notify.cli.config import base_url, make_token, read_settings
from lumen_notify.cli.options import EnvFile, Token, Url
from lumen_notify.cli.send import send as publish
from lumen_notify.client import Client

SEND_TTL_SECONDS = 60


def send(  # noqa: PLR0917 - Typer passes arguments by name
    user: Annotated[str, typer.Argument(help="The recipient's user id.")],
    text: Annotated[str, typer.Argument(help="The content of the notification.")],
    category: Annotated[str, typer.Option(help="A slug such as like, comment or follow.")] = "system",
    title: Annotated[str | None, typer.Option(help="The title.")] = None,
    link: Annotated[
        str | None, typer.Option(help="Where a click leads: an http or https URL, or a path.")
    ] = None,
    url: Url = None,
    token: Token = None,
    _env_file: EnvFile = None,
) -> None:
    """Publish; print the notification's id and position."""
    settings = read_settings()
    credential = token or make_token(settings, "system", ttl_seconds=SEND_TTL_SECONDS, scopes=[PUBLISH])
    with Client(base_url(url, settings), token=credential) as client:
        typer.echo(publish(client, user=user, text=text, category=category, title=title, link=link))
