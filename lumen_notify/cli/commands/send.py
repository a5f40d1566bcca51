"""Send: `lumen-notify send`."""

from __future__ import annotations

from typing import Annotated

import typer

from lumen_notify.auth import PUBLISH
from lumen_notify.cli import sending
from lumen_notify.cli.local import make_token, notifications_url, read_settings
from lumen_notify.cli.options import Token, Url

SEND_TTL_SECONDS = 60


def send(  # noqa: PLR0917 - typer calls it by name
    user: Annotated[str, typer.Argument(help="The recipient's id.")],
    text: Annotated[str, typer.Argument(help="The content.")],
    category: Annotated[str, typer.Option(help="Such as like, comment, follow: any slug.")] = "system",
    title: Annotated[str | None, typer.Option(help="A title.")] = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """Publish; print the id and the position."""
    settings = read_settings()
    credential = token or make_token(settings, "system", ttl_seconds=SEND_TTL_SECONDS, scopes=[PUBLISH])
    target = notifications_url(url, settings)
    typer.echo(sending.send(target, credential, user=user, text=text, category=category, title=title))
