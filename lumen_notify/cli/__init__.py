"""Cli: the command `lumen-notify` and its subcommands.

    serve     run the server (`server`; with --demo, `demo_text`)
    migrate   migrate the database to this version
    token     make a token that the local server accepts
    account   create an account, set its scopes or its password (`account`)
    send      publish one notification (`send`, `client`)
    tail      follow a user's stream (`tail`, `client`, `format`)
    bench     measure this machine (`lumen_notify/load_test`)

Each subcommand is a module in `commands` with its arguments, imported only when it runs: `token` needs none
of the server's modules and takes a third of the time without them. `config` reads the settings.

Exit status: 0 success, 1 failure, 2 wrong settings or arguments. Errors are one line each, on stderr. A token
goes to stdout only if the user asked for one.
"""

from __future__ import annotations

import gc
import sys
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from lumen_notify.errors import Invalid, LumenError, Misconfigured
from lumen_notify.version import __version__

COLLECT_OBJECTS = 10_000
"""New objects after which the garbage collector looks for cycles. Imports make many objects and few cycles:
with Python's default of 700, collections take a twentieth of the time of `token`."""

COMMANDS = {
    "serve": "Run the server until Ctrl-C or SIGTERM.",
    "token": "Make a token for a user and print it.",
    "account": "Create or change an account and print its user id. Reads the password from stdin.",
    "migrate": "Migrate the database to this version. The server also does this when it starts.",
    "send": "Publish one notification to a user.",
    "tail": "Follow a user's stream until Ctrl-C.",
    "bench": "Measure streams, deliveries per second and latency on this machine.",
}
"""The subcommands and their help. Module and function in `commands` have the same name."""


class LazyCommand(TyperCommand):
    """A subcommand that imports its module only when it is called."""

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """Import the module and parse the arguments with its function's signature."""
        name = str(self.name)
        module = import_module(f"{__name__}.commands.{name}")
        subapp = typer.Typer(add_completion=False)
        subapp.command(name, help=self.help)(getattr(module, name))
        return typer.main.get_command(subapp).make_context(info_name, args, parent=parent, **extra)


class LazyGroup(TyperGroup):
    """The group of all subcommands."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        for name, text in COMMANDS.items():
            self.add_command(LazyCommand(name, help=text))


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
    """Run a notification server beside your application. Settings are LUMEN_ environment variables: see the
    README."""


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
