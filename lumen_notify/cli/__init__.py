"""Cli: the command `lumen-notify` and its verbs.

    serve     server, demo: run it
    migrate   bring the database to this version
    token     local: make a token as the server here would take it
    send      sending: publish one notification
    tail      tail: follow a user's stream

Exit status: 0 done, 1 it did not work out, 2 wrong settings or arguments, each with a line on stderr. A
token goes to stdout only where it is what was asked for.
"""

from __future__ import annotations

import sys
from importlib.metadata import version
from typing import Annotated

import typer

from lumen_notify import logs
from lumen_notify.cli import demo
from lumen_notify.cli.local import make_token, read_settings, signing_secret
from lumen_notify.cli.server import serve as run_server
from lumen_notify.errors import Invalid, LumenError, Misconfigured

DEFAULT_TTL_SECONDS = 3600

# A traceback with local variables, as typer would print it, can show a secret.
app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


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


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Instead of LUMEN_HOST.")] = None,
    port: Annotated[int | None, typer.Option(help="Instead of LUMEN_PORT; 0: a free one.")] = None,
    application: Annotated[
        str | None,
        typer.Option(
            "--app", metavar="MODULE:APP", help="Serve your application, which mounts lumen-notify."
        ),
    ] = None,
    is_demo: Annotated[
        bool, typer.Option("--demo", help="Print a token and lines to paste once it is up.")
    ] = False,
) -> None:
    """Serve until Ctrl-C or SIGTERM."""
    settings = read_settings(host=host, port=port)
    logs.configure(settings.log_level)
    if is_demo and application is not None:
        raise typer.BadParameter("--demo shows lumen-notify alone; leave --app out")
    if is_demo and settings.has_verification_key:
        signing_secret(settings)  # known now, not once it is up: can a token be made here?

    def started(url: str) -> None:
        if is_demo:
            typer.echo(demo.story(settings, url))

    run_server(settings, app=application, on_started=started)


@app.command()
def token(
    user: Annotated[str, typer.Argument(help="The user's id.")],
    scope: Annotated[
        list[str] | None, typer.Option(help="A scope such as notify:publish; repeat it for more.")
    ] = None,
    ttl: Annotated[float, typer.Option(min=1, help="For how many seconds it is good.")] = DEFAULT_TTL_SECONDS,
    name: Annotated[str | None, typer.Option(help="The user's name, as others see it.")] = None,
) -> None:
    """Make a token for a user and print it alone."""
    settings = read_settings()
    typer.echo(make_token(settings, user, ttl_seconds=ttl, scopes=scope or (), username=name))


def main() -> None:
    """Run the command line."""
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
