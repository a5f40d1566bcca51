"""Serve: the arguments of `lumen-notify serve`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from lumen_notify import logs
from lumen_notify.cli import server
from lumen_notify.cli.config import read_settings, signing_secret
from lumen_notify.cli.demo_text import demo_text, start_text
from lumen_notify.cli.options import EnvFile
from lumen_notify.cli.reload import serve_with_reload


def serve(
    *,
    host: Annotated[
        str | None, typer.Option(metavar="HOST", help="The address to listen on; overrides LUMEN_HOST.")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(metavar="PORT", help="The port; overrides LUMEN_PORT. 0 selects a free port."),
    ] = None,
    tls_cert: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", help="The TLS certificate and its chain; overrides LUMEN_TLS_CERT_FILE."
        ),
    ] = None,
    tls_key: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="The key of the certificate; overrides LUMEN_TLS_KEY_FILE."),
    ] = None,
    is_http2: Annotated[
        bool, typer.Option("--http2", help="Offer HTTP/2 to clients, over TLS; the same as LUMEN_HTTP2=on.")
    ] = False,
    application: Annotated[
        str | None,
        typer.Option(
            "--app", metavar="MODULE:APP", help="Serve your own ASGI application, which mounts lumen-notify."
        ),
    ] = None,
    is_reloaded: Annotated[
        bool, typer.Option("--reload", help="With --app: start again whenever a Python file changes.")
    ] = False,
    is_demo: Annotated[
        bool, typer.Option("--demo", help="Print a link, a token and commands to paste once the server runs.")
    ] = False,
    _env_file: EnvFile = None,
) -> None:
    """Run the server until a signal."""
    given = {
        "host": host,
        "port": port,
        "tls_cert_file": tls_cert,
        "tls_key_file": tls_key,
        "http2": "on" if is_http2 else None,
    }
    settings = read_settings(**given)
    logs.configure(settings.log_level, settings.log_format, has_access_log=settings.access_log == "on")
    if is_demo and application is not None:
        raise typer.BadParameter("--demo cannot be combined with --app.")
    if is_reloaded:
        if application is None:
            raise typer.BadParameter("--reload needs --app.")
        serve_with_reload(given, application)
        return
    if is_demo and settings.has_verification_key:
        signing_secret(settings)  # fail now rather than after the start if no token can be made here

    def started(url: str) -> None:
        if is_demo:
            typer.echo(demo_text(settings, url))
        elif application is None and sys.stdout.isatty():
            typer.echo(start_text(settings, url))

    server.serve(settings, app=application, on_started=started)
