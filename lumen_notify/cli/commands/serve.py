"""Serve: `lumen-notify serve`."""

from __future__ import annotations

from typing import Annotated

import typer

from lumen_notify import logs
from lumen_notify.cli import demo, server
from lumen_notify.cli.local import read_settings, signing_secret


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
    """Serve until a signal ends it."""
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
