"""Options: the options that several commands share."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable
from typing import Annotated

import typer

from lumen_notify.auth import ADMIN, PUBLISH
from lumen_notify.cli.config import TOKEN_VARIABLE
from lumen_notify.settings.env_file import FILE_VARIABLE, read_env_file


def load_env_file(ctx: typer.Context, path: str | None) -> str | None:
    """Set the variables of the .env file that the environment does not have. Raises Misconfigured."""
    if path is not None:
        os.environ[FILE_VARIABLE] = path
    file = read_env_file(os.environ)
    ctx.obj = None if file is None else file.apply(os.environ)
    return path


EnvFile = Annotated[
    str | None,
    typer.Option(
        "--env-file",
        metavar="FILE",
        callback=load_env_file,
        is_eager=True,  # before the options that read variables
        help="Read settings from this file, not from .env. The environment takes precedence.",
    ),
]

Url = Annotated[str | None, typer.Option(help="The server's URL. Default: LUMEN_HOST and LUMEN_PORT.")]
Token = Annotated[
    str | None,
    typer.Option(
        envvar=TOKEN_VARIABLE, show_envvar=False, help="The token to use. Default: LUMEN_TOKEN, or a new one."
    ),
]

Scopes = Annotated[
    list[str] | None,
    typer.Option("--scope", metavar="SCOPE", help="notify:publish or notify:admin; repeat for both."),
]

TTL_SECONDS = 3600
"""The default lifetime of a token."""


def warn_unknown_scopes(scopes: Iterable[str]) -> None:
    """Warn on stderr about scopes that the server does not know. It ignores them: a token may have scopes for
    other services too."""
    known = (PUBLISH, ADMIN)
    for scope in scopes:
        if scope not in known:
            close = difflib.get_close_matches(scope, known, n=1)
            hint = f"Did you mean {close[0]}?" if close else f"It knows {' and '.join(known)}."
            typer.echo(f"lumen-notify: warning: the server does not know the scope {scope}. {hint}", err=True)
