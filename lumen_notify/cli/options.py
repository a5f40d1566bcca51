"""Options: the options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

from lumen_notify.cli.config import TOKEN_VARIABLE

Url = Annotated[str | None, typer.Option(help="The server's URL. Default: LUMEN_HOST and LUMEN_PORT.")]
Token = Annotated[
    str | None,
    typer.Option(
        envvar=TOKEN_VARIABLE, show_envvar=False, help="The token to use. Default: LUMEN_TOKEN, or a new one."
    ),
]

TTL_SECONDS = 3600
"""The default lifetime of a token."""
