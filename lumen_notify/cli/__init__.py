"""Cli: the command `lumen-notify` and its verbs.

    serve     server, demo: run it
    migrate   bring the database to this version
    token     local: make a token as the server here takes it
    account   accounts: make an account, give it scopes, set its password
    send      sending, client: publish one notification
    tail      tail, client, lines: follow a user's stream
    bench     (`lumen_notify/bench`): how much this machine gives

Exit status: 0 done, 1 it did not work out, 2 wrong settings or arguments, each with a line on stderr. A
token goes to stdout only where it is what was asked for.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated

import typer
from rich.console import Console

from lumen_notify import logs
from lumen_notify.auth import PUBLISH
from lumen_notify.bench import survey
from lumen_notify.cli import accounts, demo, sending, server
from lumen_notify.cli.local import (
    TOKEN_VARIABLE,
    make_token,
    notifications_url,
    read_settings,
    signing_secret,
)
from lumen_notify.cli.tail import SILENCE_SECONDS, Tail
from lumen_notify.commit.database import Database
from lumen_notify.commit.migrations import Migration
from lumen_notify.commit.migrations import migrate as migrate_database
from lumen_notify.errors import Invalid, LumenError, Misconfigured
from lumen_notify.settings import Settings

DEFAULT_TTL_SECONDS = 3600
SEND_TTL_SECONDS = 60

Url = Annotated[
    str | None, typer.Option(help="A server, or where one is mounted; else LUMEN_HOST and LUMEN_PORT.")
]
Token = Annotated[
    str | None,
    typer.Option(
        envvar=TOKEN_VARIABLE, show_envvar=False, help="A token, else LUMEN_TOKEN, else one made here."
    ),
]

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

    server.serve(settings, app=application, on_started=started)


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


@app.command()
def account(
    name: Annotated[str, typer.Argument(help="What the user logs in with.")],
    scope: Annotated[
        list[str] | None, typer.Option(help="Instead of those it has: a scope; repeat it for more.")
    ] = None,
    sets_password: Annotated[
        bool, typer.Option("--password", help="Set another password, which is asked for; end all sessions.")
    ] = False,
) -> None:
    """Make an account, or change one, and print its user's id. A password comes from stdin."""
    settings = read_settings()
    logs.configure(settings.log_level)
    typer.echo(asyncio.run(accounts.keep(settings, name, scopes=scope, sets_password=sets_password)))


@app.command()
def migrate() -> None:
    """Bring the database to this version; the server does it too when it starts."""
    settings = read_settings()
    logs.configure(settings.log_level)
    made = asyncio.run(_migrate(settings))
    for step in made:
        typer.echo(f"made {step.version:04d} {step.name}")
    if not made:
        typer.echo("nothing to do")


async def _migrate(settings: Settings) -> Sequence[Migration]:
    database = Database(settings.database_url)
    try:
        await database.open()
        return await migrate_database(database)
    finally:
        await database.close()


@app.command()
def send(  # noqa: PLR0917 - typer calls it by name
    user: Annotated[str, typer.Argument(help="The recipient's id.")],
    text: Annotated[str, typer.Argument(help="The content.")],
    category: Annotated[str, typer.Option(help="Such as like, comment, follow: any slug.")] = "system",
    title: Annotated[str | None, typer.Option(help="A title.")] = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """Publish one notification to a user."""
    settings = read_settings()
    credential = token or make_token(settings, "system", ttl_seconds=SEND_TTL_SECONDS, scopes=[PUBLISH])
    target = notifications_url(url, settings)
    typer.echo(sending.send(target, credential, user=user, text=text, category=category, title=title))


@app.command()
def tail(
    user: Annotated[str | None, typer.Argument(help="The user's id; not needed with a token.")] = None,
    url: Url = None,
    since: Annotated[
        str | None, typer.Option(metavar="CURSOR", help="Begin after this frame: its id, as tail shows it.")
    ] = None,
    token: Token = None,
) -> None:
    """Follow a user's stream until Ctrl-C."""
    settings = read_settings()
    if user is None and token is None:
        raise typer.BadParameter("name a user, or give a token by --token or LUMEN_TOKEN")

    def credential() -> str:
        return token or make_token(settings, str(user), ttl_seconds=DEFAULT_TTL_SECONDS)

    following = Tail(
        notifications_url(url, settings),
        credential,
        can_renew=token is None,
        cursor=since,
        console=Console(highlight=False, markup=False),
        silence_seconds=max(SILENCE_SECONDS, 3 * settings.ping_seconds),
    )
    with contextlib.suppress(KeyboardInterrupt):
        following.run()


@app.command()
def bench(
    url: Annotated[str | None, typer.Option(help="A running server; without it, one is started.")] = None,
    streams: Annotated[int | None, typer.Option(min=1, help="Streams to open.")] = None,
    seconds: Annotated[float, typer.Option(min=1, help="For each of the three stages.")] = 5.0,
    publishers: Annotated[int, typer.Option(min=1, help="Publishers at once.")] = 8,
    token: Token = None,
) -> None:
    """Measure how many streams and deliveries a second this machine gives, and how soon they come."""
    secret = None
    if url is not None and token is None:
        secret = signing_secret(read_settings()).reveal()
    raise typer.Exit(
        survey.run(url, secret=secret, token=token, streams=streams, seconds=seconds, publishers=publishers)
    )


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
