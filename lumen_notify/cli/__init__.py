"""Cli: the command `lumen-notify` and its verbs. Each is a module of `commands`, imported once it is chosen:
a token needs none of what the server is made of, and is there in a third of the time.

    serve     server, demo: run it
    migrate   bring the database to this version
    token     make a token as the server here takes it
    account   accounts: make an account, give it scopes, set its password
    send      sending, client: publish one notification
    tail      tail, client, lines: follow a user's stream
    bench     (`lumen_notify/bench`): how much this machine gives

All read what is set here by `local`. Exit status: 0 done, 1 it did not work out, 2 wrong settings or
arguments, each with a line on stderr. A token goes to stdout only where it is what was asked for.
"""

from __future__ import annotations

import gc
import sys
from importlib import import_module
from importlib.metadata import version
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from lumen_notify.errors import Invalid, LumenError, Misconfigured

COLLECT_OBJECTS = 10_000
"""New objects after which the garbage collector looks for cycles. Imports make many objects and few cycles:
with Python's default of 700, it takes a twentieth of the time of `token`."""

COMMANDS = {
    "serve": "Serve until Ctrl-C or SIGTERM.",
    "token": "Make a token for a user and print it alone.",
    "account": "Make an account, or change one, and print its user's id. A password comes from stdin.",
    "migrate": "Bring the database to this version; the server does it too when it starts.",
    "send": "Publish one notification to a user.",
    "tail": "Follow a user's stream until Ctrl-C.",
    "bench": "Measure how many streams and deliveries a second this machine gives, and how soon they come.",
}
"""What each does. Its module, of the same name, has a function of that name with its arguments."""


class Command(TyperCommand):
    """One command: a name and a line of help until it is called, which imports the rest."""

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """Read its arguments; what runs then is the command that its module has."""
        name = str(self.name)
        module = import_module(f"{__name__}.commands.{name}")
        whole = typer.Typer(add_completion=False)
        whole.command(name, help=self.help)(getattr(module, name))
        return typer.main.get_command(whole).make_context(info_name, args, parent=parent, **extra)


class Commands(TyperGroup):
    """All commands."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        for name, text in COMMANDS.items():
            self.add_command(Command(name, help=text))


# A traceback with local variables, as typer would print it, can show a secret.
app = typer.Typer(cls=Commands, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"lumen-notify {version('lumen-notify')}")
        raise typer.Exit


@app.callback()
def _root(
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Run a notification centre beside your application. Settings are LUMEN_ variables: see the README."""


def main() -> None:
    """Run the command line."""
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
