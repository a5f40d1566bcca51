"""Serve: the arguments of `lumen-notify serve`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Annotated

import typer

from lumen_notify import logs
from lumen_notify.cli.config import read_settings, signing_secret
from lumen_notify.cli.options import EnvFile
from lumen_notify.cli.workers import WORKER_VARIABLE
from lumen_notify.settings import Settings


def serve(
    *,
    host: Annotated[
        str | None, typer.Option(metavar="HOST", help="The address to listen on; overrides LUMEN_HOST.")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(metavar="PORT", help="The port; overrides LUMEN_PORT. 0 selects a free port."),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            metavar="N", help="How many processes serve; overrides LUMEN_WORKERS. Needs PostgreSQL."
        ),
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
        "workers": workers,
        "tls_cert_file": tls_cert,
        "tls_key_file": tls_key,
        "http2": "on" if is_http2 else None,
    }
    settings = read_settings(**given)
    logs.configure(settings.log_level, settings.log_format, has_access_log=settings.access_log == "on")
    if is_demo and application is not None:
        raise typer.BadParameter("--demo cannot be combined with --app.")
    if is_reloaded and application is None:
        raise typer.BadParameter("--reload needs --app.")
    if is_reloaded and settings.workers > 1:
        raise typer.BadParameter("--reload cannot be combined with --workers or LUMEN_WORKERS.")
    if is_demo and settings.has_verification_key:
        signing_secret(settings)  # fail now rather than after the start if no token can be made here

    def started(url: str) -> None:
        from lumen_notify.cli.demo_text import demo_text, start_text  # noqa: PLC0415 - as in `_serve`

        if is_demo:
            typer.echo(demo_text(settings, url))
        elif application is None and sys.stdout.isatty():
            typer.echo(start_text(settings, url))

    if is_reloaded and application is not None:
        from lumen_notify.cli.reload import serve_with_reload  # noqa: PLC0415 - as in `_serve`

        serve_with_reload(given, application)
    else:
        _serve(settings, application, started)


def _serve(settings: Settings, app: str | None, on_started: Callable[[str], None]) -> None:
    # Imported here: the parent of workers needs none of the server's modules, and half of the memory.
    if WORKER_VARIABLE in os.environ:
        from lumen_notify.cli.workers.parent_link import serve_as_worker  # noqa: PLC0415

        serve_as_worker(settings, app=app)
    elif settings.workers > 1:
        from lumen_notify.cli.workers.pool import serve_with_workers  # noqa: PLC0415

        serve_with_workers(settings, app=app, on_started=on_started)
    else:
        from lumen_notify.cli.server import serve as serve_alone  # noqa: PLC0415

        serve_alone(settings, app=app, on_started=on_started)
