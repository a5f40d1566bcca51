"""Cli: the command `lumen-notify` and its subcommands.

    serve     run the server (`server`, `workers`; with --demo, `demo`)
    intake    take in from a queue, beside the servers (`lumen_notify/intake`)
    check     check settings, database, keys and port (`checks/check`)
    settings  show all settings (`settings_text`)
    migrate   migrate the database to this version
    token     make a token that the local server accepts
    account   create an account, set its scopes or its password (`account`)
    backup    copy the database (`database/backup`)
    users     export a user's data, delete a user (`database/users`)
    send      publish one notification (`send`, `client`)
    tail      follow a user's stream (`tail`, `client`, `format`)
    bench     measure this machine (`lumen_notify/load_test`)

Each subcommand is a module in `commands` with its arguments, imported only when it runs (`lazy`): `token`
needs none of the server's modules and takes a third of the time without them. `help` has the texts, `config`
reads the settings.

Exit status: 0 success, 1 failure, 2 wrong settings or arguments. Errors are one line each, on stderr. A token
goes to stdout only if the user asked for one.
"""

from __future__ import annotations

import gc
import sys
from typing import Annotated

import typer

from lumen_notify.cli.lazy import LazyGroup
from lumen_notify.errors import Invalid, LumenError, Misconfigured
from lumen_notify.version import __version__

COLLECT_OBJECTS = 10_000
"""New objects after which the garbage collector looks for cycles. Imports make many objects and few cycles:
with Python's default of 700, collections take a twentieth of the time of `token`."""

# Typer's pretty tracebacks print local variables, which can contain a secret.
app = typer.Typer(cls=LazyGroup, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


def _show_version(is_requested: bool) -> None:
    if is_requested:
        typer.echo(f"lumen-notify {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and exit."),
    ] = False,
) -> None:
    """Run a notification server beside your application. Settings are LUMEN_ environment variables, or lines
    of a .env file: `lumen-notify settings` lists them."""


def main() -> None:
    """Run the command line; print errors as one line each."""
    gc.set_threshold(COLLECT_OBJECTS)
    try:
        app(prog_name="lumen-notify")
    except Misconfigured as error:
        for name, problem in error.problems:
            typer.echo(f"{name}: {problem}", err=True)
        sys.exit(2)
    except Invalid as error:
        for fault in error.faults or (error,):
            typer.echo(f"lumen-notify: {fault.message}", err=True)
        sys.exit(2)
    except LumenError as error:
        typer.echo(f"lumen-notify: {error.message}", err=True)
        sys.exit(1)
