"""Serve: the arguments of `lumen-notify serve`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from lumen_notify import logs
from lumen_notify.cli.config import read_settings
from lumen_notify.cli.options import EnvFile
from lumen_notify.cli.workers import WORKER_VARIABLE, worker_number
from lumen_notify.errors import Misconfigured
from lumen_notify.settings import Settings, variable

if TYPE_CHECKING:
    from lumen_notify.api.web import DemoUser
    from lumen_notify.app import Lumen


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
        bool,
        typer.Option(
            "--demo", help="Try it: with accounts, and with two users who chat and have notifications."
        ),
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
    logs.configure(
        settings.log_level,
        settings.log_format,
        has_access_log=settings.access_log == "on",
        worker=worker_number(os.environ),
    )
    if is_demo and application is not None:
        raise typer.BadParameter("--demo cannot be combined with --app.")
    if is_demo and settings.workers > 1:
        raise typer.BadParameter("--demo cannot be combined with --workers or LUMEN_WORKERS.")
    if is_reloaded and application is None:
        raise typer.BadParameter("--reload needs --app.")
    if is_reloaded and settings.workers > 1:
        raise typer.BadParameter("--reload cannot be combined with --workers or LUMEN_WORKERS.")
    if is_demo:
        settings = _demo_settings(settings)
    demo_users: list[DemoUser] = []

    def started(url: str) -> None:
        from lumen_notify.cli.demo.text import demo_text, start_text  # noqa: PLC0415 - as in `_serve`

        if is_demo:
            typer.echo(demo_text(settings, url, demo_users))
        elif application is None and sys.stdout.isatty():
            typer.echo(start_text(settings, url))

    if is_reloaded and application is not None:
        from lumen_notify.cli.reload import serve_with_reload  # noqa: PLC0415 - as in `_serve`

        serve_with_reload(given, application)
    else:
        _serve(settings, application, started, demo_users if is_demo else None)


def _demo_settings(settings: Settings) -> Settings:
    """Return the settings of a demo. Raises Misconfigured if it cannot run with these."""
    for name in ("jwt_public_key_file", "jwt_jwks_url"):
        if getattr(settings, name) is not None:
            problem = "is set, so only the owner of its private key can make tokens; --demo needs accounts"
            raise Misconfigured([(variable(name), problem)])
    if not settings.is_loopback:
        problem = "must be a loopback address such as 127.0.0.1 with --demo: anyone may sign in as its users"
        raise Misconfigured([(variable("host"), problem)])
    names = settings.push_provider_names
    if settings.push_providers != ("off",) and "log" not in names:
        settings = settings.with_(push_providers=(*names, "log"))
    return settings.with_(accounts="on")


def _serve(
    settings: Settings,
    app: str | None,
    on_started: Callable[[str], None],
    demo_users: list[DemoUser] | None,
) -> None:
    """Serve until a signal. demo_users: gets those of a demo; None if it is none."""
    # Imported here: the parent of workers needs none of the server's modules, and half of the memory.
    if WORKER_VARIABLE in os.environ:
        from lumen_notify.cli.workers.parent_link import serve_as_worker  # noqa: PLC0415

        serve_as_worker(settings, app=app)
    elif settings.workers > 1:
        from lumen_notify.cli.workers.pool import serve_with_workers  # noqa: PLC0415

        serve_with_workers(settings, app=app, on_started=on_started)
    else:
        from lumen_notify.cli.server import serve as serve_alone  # noqa: PLC0415

        async def prepare(lumen: Lumen) -> None:
            from lumen_notify.cli.demo.content import create_demo  # noqa: PLC0415

            if demo_users is not None:
                demo_users.extend(await create_demo(lumen.settings))
                lumen.demo_users = demo_users

        serve_alone(settings, app=app, on_started=on_started, prepare=prepare)
