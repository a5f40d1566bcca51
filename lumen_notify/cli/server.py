"""Server: `lumen-notify serve`; our application, or one that mounts us, on uvicorn.

Promises: no access log, since URLs may carry tokens; SIGTERM and SIGINT end all streams with `closing`, let
requests in flight finish within the drain time, and end with status 0; a second one ends at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gc
import logging
import math
import resource
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Literal

import uvicorn
import uvloop
from starlette.types import ASGIApp
from uvicorn.importer import ImportFromStringError, import_from_string
from uvicorn.server import HANDLED_SIGNALS

from lumen_notify.app import Lumen
from lumen_notify.auth import secret_path
from lumen_notify.cli.local import server_url
from lumen_notify.deliver.connection.handover import HandoverProtocol
from lumen_notify.errors import LumenError, Misconfigured
from lumen_notify.settings import Settings, variable

COLLECT_OBJECTS = 10_000
"""New objects after which the collector looks for cycles, of which a request leaves none. With Python's own
700 it looks several times while 64 publishes are under way: a fourteenth of all their time."""

BACKLOG_CONNECTIONS = 4096
"""Connections that the kernel holds until they are accepted: a reconnect storm comes all at once."""

MIN_SILENT_SECONDS = 5.0
"""How long a peer may acknowledge nothing, however short the heartbeat: a few lost packets are no death."""

_log = logging.getLogger("lumen_notify.server")


class CannotStart(LumenError):
    """The server did not come up. The text says why."""

    code = "cannot_start"


class _Server(uvicorn.Server):
    """uvicorn's, with an orderly end. on_started: called once it answers."""

    def __init__(self, config: uvicorn.Config, on_started: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_started = on_started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say so."""
        await super().startup(sockets)
        # What is there now stays: the collector need not look at it again.
        gc.collect()
        gc.freeze()
        gc.set_threshold(COLLECT_OBJECTS)
        self._on_started()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handle signals while it runs. Unlike uvicorn's, it does not raise them again afterwards: an end
        that was asked for is no failure."""
        before = {number: signal.signal(number, self.handle_exit) for number in HANDLED_SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End: in order at the first signal, at once at the second, whichever they are."""
        if self.should_exit:
            self.force_exit = True
        super().handle_exit(sig, frame)


def serve(settings: Settings, *, app: str | None, on_started: Callable[[str], None]) -> None:
    """Run until a signal ends it.

    app: `module:name` of an application that mounts us; None runs ours alone. on_started: gets the URL.
    Raises Misconfigured, Unavailable, CannotStart.
    """
    if not (settings.has_verification_key or settings.is_loopback):
        keys = ", ".join(map(variable, ("jwt_secret", "jwt_public_key_file", "jwt_jwks_url")))
        problem = f"must be a loopback address such as 127.0.0.1 as long as no key is set (one of {keys})"
        raise Misconfigured([(variable("host"), problem)])
    listener = _listen(settings.host, settings.port, settings.ping_seconds)
    with listener, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        _allow_many_files()
        url = server_url(settings.host, listener.getsockname()[1])

        def started() -> None:
            _log.info("serving at %s", url)
            on_started(url)

        if app is None:
            runner.run(_serve_alone(settings, listener, started))
        else:
            server = _Server(_config(_load(app), settings, "auto"), started)
            runner.run(_run(server, listener))
    _log.info("ended")


async def _serve_alone(settings: Settings, listener: socket.socket, started: Callable[[], None]) -> None:
    # Opened here and not by uvicorn's lifespan, so that what is wrong is told in our own words.
    async with _lumen(settings) as lumen:
        await _run(_Server(_config(lumen.app, settings, "off"), started), listener)


async def _run(server: _Server, listener: socket.socket) -> None:
    try:
        await server.serve(sockets=[listener])
    except SystemExit:
        raise CannotStart("the application did not start") from None  # uvicorn has logged why


def _lumen(settings: Settings) -> Lumen:
    if settings.has_verification_key:
        return Lumen(settings)
    path = secret_path(settings)
    is_new = not path.exists()
    lumen = Lumen(settings)
    _log.info(
        "no key is set: %s the secret in %s, and this machine alone can connect",
        "made" if is_new else "using",
        path,
    )
    return lumen


def _config(app: ASGIApp, settings: Settings, lifespan: Literal["auto", "off"]) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=HandoverProtocol,
        ws="none",
        interface="asgi3",
        lifespan=lifespan,
        log_config=None,
        access_log=False,
        server_header=False,
        workers=1,
        backlog=BACKLOG_CONNECTIONS,
        timeout_graceful_shutdown=math.ceil(settings.drain_seconds),
    )


def _load(app: str) -> ASGIApp:
    sys.path.insert(0, str(Path.cwd()))
    try:
        loaded: ASGIApp = import_from_string(app)
    except ImportFromStringError as error:
        raise CannotStart(f"--app: {error}") from None
    return loaded


def _listen(host: str, port: int, ping_seconds: float) -> socket.socket:
    """Listen before anything else is opened: a port that is taken is known at once.

    A peer that is dead, or takes nothing, is dropped by the kernel when it has acknowledged nothing for
    `ping_seconds`: within two heartbeats, since a ping is due within the first.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror as error:
        raise Misconfigured([(variable("host"), f"cannot be resolved: {error.strerror}")]) from None
    family, kind, protocol, _, address = min(found, key=lambda one: one[0] is not socket.AF_INET)
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if sys.platform == "linux":  # what is accepted inherits it
            silent_ms = round(max(ping_seconds, MIN_SILENT_SECONDS) * 1000)
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, silent_ms)
        listener.bind(address)
        listener.listen(BACKLOG_CONNECTIONS)
    except OSError as error:
        listener.close()
        raise Misconfigured([_bind_problem(error, host, port)]) from None
    return listener


def _bind_problem(error: OSError, host: str, port: int) -> tuple[str, str]:
    if error.errno == errno.EADDRINUSE:
        return variable("port"), f"{port} is taken: another process listens on it at {host}"
    name = "host" if error.errno == errno.EADDRNOTAVAIL else "port"
    return variable(name), f"cannot listen on port {port} at {host}: {error.strerror}"


def _allow_many_files() -> None:
    """Raise the number of open files to what the system lets us have: a stream takes one each."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):  # macOS says "unlimited" and then refuses it
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
