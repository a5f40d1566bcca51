"""Reload: serve an application, and start it again whenever its code changes (`serve --app --reload`).

Each start is a new process. The one before ends as at Ctrl-C: its streams get `closing`, and clients
reconnect. The socket stays open in between, so that no connection is refused.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from socket import socket

import uvicorn
from uvicorn.supervisors import ChangeReload

from lumen_notify import logs
from lumen_notify.cli.config import read_settings
from lumen_notify.cli.listener import listen
from lumen_notify.cli.server import serve_on
from lumen_notify.errors import LumenError


def serve_with_reload(given: Mapping[str, object], app: str) -> None:
    """Serve `module:name` until a signal. given: the settings of the command line. Raises Misconfigured."""
    listener = listen(read_settings(**given))
    # `configure` gives the new process its log, as this one has it.
    config = uvicorn.Config(app, reload=True, reload_dirs=[str(Path.cwd())], log_config=None)
    target = partial(serve_once, app=app, given=dict(given))
    ChangeReload(config, target=target, sockets=[listener]).run()


def serve_once(sockets: list[socket], *, app: str, given: Mapping[str, object]) -> None:
    """Serve in a new process, with the settings of the environment, until it is ended."""
    # Ctrl-C in a terminal reaches both processes. Only the first one heeds it, and ends this one by SIGTERM:
    # two signals would cut streams off.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    settings = read_settings(**given)
    logs.configure(settings.log_level, settings.log_format, has_access_log=settings.access_log == "on")
    try:
        serve_on(sockets[0], settings, app=app, on_started=lambda _: None, signals=[signal.SIGTERM])
    except LumenError as error:
        print(f"lumen-notify: {error.message}", file=sys.stderr)  # noqa: T201 - as `main` does
