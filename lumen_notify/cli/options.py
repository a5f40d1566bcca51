"""Options: what several commands take alike."""

from __future__ import annotations

from typing import Annotated

import typer

from lumen_notify.cli.local import TOKEN_VARIABLE

Url = Annotated[
    str | None, typer.Option(help="A server, or where one is mounted; else LUMEN_HOST and LUMEN_PORT.")
]
Token = Annotated[
    str | None,
    typer.Option(
        envvar=TOKEN_VARIABLE, show_envvar=False, help="A token, else LUMEN_TOKEN, else one made here."
    ),
]

TTL_SECONDS = 3600
"""How long a token is good that is made for somebody."""
