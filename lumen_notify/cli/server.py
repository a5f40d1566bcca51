"""Server: run our application, or one that mounts it, on uvicorn (`lumen-notify serve`).

Promises: SIGTERM and SIGINT end all streams with `closing`, let
requests in flight finish within the drain time and exit with status 0; a second signal exits at once.
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
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Any, Literal

import uvicorn
import uvloop
from starlette.types import ASGIApp
from uvicorn.importer import ImportFromStringError, import_from_string
from uvicorn.server import HANDLED_SIGNALS

from lumen_notify.app import ON_OPEN, Lumen
from lumen_notify.auth import secret_path
from lumen_notify.cli.config import server_url
from lumen_notify.cli.tls import Certificate, certificate
from lumen_notify.deliver.connection.handover import HandoverProtocol
from lumen_notify.errors import LumenError, Misconfigured
from lumen_notify.settings import Settings, variable

COLLECT_OBJECTS = 10_000
"""Garbage collector threshold, generation 0. Requests leave no cycles; Python's default of 700 cost 7 % of
the time of 64 concurrent publishes."""

BACKLOG_CONNECTIONS = 4096
"""The listen backlog: after a restart all clients reconnect at once."""

MIN_SILENT_SECONDS = 5.0
"""The shortest TCP user timeout, however short the heartbeat: a few lost packets must not drop a peer."""

TLS_HANDSHAKE_SECONDS = 20.0
TLS_SHUTDOWN_SECONDS = 2.0
"""How long a TLS connection waits for the client in the handshake, and when it is closed. uvicorn has no
parameters for them. By default they are 60 and 30: a client that sleeps would hold up every shutdown."""

_log = logging.getLogger("lumen_notify.server")


class CannotStart(LumenError):
    """The server did not start. The message says why."""

    code = "cannot_start"


class CannotContinue(LumenError):
    """The server has ended by itself. The message says why."""

    code = "cannot_continue"


class _Loop(uvloop.Loop):
    """uvloop with the time-outs of TLS."""

    async def create_server(self, *arguments: Any, **options: Any) -> Any:
        """Listen, for uvicorn."""
        if options.get("ssl") is not None:
            options["ssl_handshake_timeout"] = TLS_HANDSHAKE_SECONDS
            options["ssl_shutdown_timeout"] = TLS_SHUTDOWN_SECONDS
        return await super().create_server(*arguments, **options)


class _Server(uvicorn.Server):
    """A uvicorn server with our signal handling. on_started: called once it listens.

    signals: those that shut it down. lumens: those that the application has opened. has_given_up: one of them
    needs a new process.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        on_started: Callable[[], None],
        signals: Sequence[signal.Signals] = HANDLED_SIGNALS,
    ) -> None:
        super().__init__(config)
        self._signals = signals
        self.lumens: list[Lumen] = []
        self.has_given_up = False
        self._on_started = on_started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start listening, then call `on_started`."""
        await super().startup(sockets)
        # Everything allocated so far is permanent: keep the collector from scanning it again.
        gc.collect()
        gc.freeze()
        gc.set_threshold(COLLECT_OBJECTS)
        self._on_started()

    async def on_tick(self, counter: int) -> bool:
        """Return whether to shut down: at a signal, or when a task cannot be helped, so that whoever started
        the process starts a new one. Called ten times a second."""
        self.has_given_up = any(lumen.has_given_up for lumen in self.lumens)
        return await super().on_tick(counter) or self.has_given_up

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Tell each Lumen that its streams and writes are about to end, then end the connections."""
        for lumen in self.lumens:
            lumen.start_drain()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handle signals while the server runs. Unlike uvicorn's method, do not raise them again afterwards:
        a requested shutdown is not a failure."""
        before = {number: signal.signal(number, self.handle_exit) for number in self._signals}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Shut down gracefully at the first signal, at once at the second."""
        if self.should_exit:
            self.force_exit = True
        super().handle_exit(sig, frame)


def serve(settings: Settings, *, app: str | None, on_started: Callable[[str], None]) -> None:
    """Serve until a signal.

    app: `module:name` of an application that mounts ours; None serves ours alone. on_started: called with the
    URL. Raises Misconfigured, Unavailable, CannotStart.
    """
    with listen(settings) as listener:
        serve_on(listener, settings, app=app, on_started=on_started)


def listen(settings: Settings) -> socket.socket:
    """Listen at the host and port of the settings. Raises Misconfigured."""
    if not (settings.has_verification_key or settings.is_loopback):
        keys = ", ".join(map(variable, ("jwt_secret", "jwt_public_key_file", "jwt_jwks_url")))
        problem = f"must be a loopback address such as 127.0.0.1 unless a key is set (one of {keys})"
        raise Misconfigured([(variable("host"), problem)])
    return _listen(settings.host, settings.port, settings.ping_seconds)


def serve_on(
    listener: socket.socket,
    settings: Settings,
    *,
    app: str | None,
    on_started: Callable[[str], None],
    signals: Sequence[signal.Signals] = HANDLED_SIGNALS,
) -> None:
    """Serve at a socket that listens, until one of the signals; see `serve`."""
    tls = certificate(settings)
    with asyncio.Runner(loop_factory=_Loop) as runner:
        _allow_many_files()
        url = server_url(settings.host, listener.getsockname()[1], is_tls=tls is not None)
        if tls is not None:
            runner.get_loop().add_signal_handler(signal.SIGHUP, tls.reload)

        def started() -> None:
            _log.info("serving at %s", url)
            on_started(url)

        if app is None:
            runner.run(_serve_alone(settings, tls, listener, started))
        else:
            server = _Server(_config(_load(app), settings, tls, "auto"), started, signals)
            runner.run(_run(server, listener))
    _log.info("ended")


async def _serve_alone(
    settings: Settings, tls: Certificate | None, listener: socket.socket, started: Callable[[], None]
) -> None:
    # Opened here rather than by uvicorn's lifespan, so that errors keep our own messages.
    async with _new_lumen(settings) as lumen:
        server = _Server(_config(lumen.app, settings, tls, "off"), started)
        server.lumens.append(lumen)
        await _run(server, listener)


async def _run(server: _Server, listener: socket.socket) -> None:
    ON_OPEN.set(server.lumens.append)
    try:
        await server.serve(sockets=[listener])
    except SystemExit:
        raise CannotStart("The application did not start.") from None  # uvicorn has logged the reason
    if server.has_given_up:
        raise CannotContinue("A task of the server fails again and again. The log says why.")


def _new_lumen(settings: Settings) -> Lumen:
    if settings.has_verification_key:
        return Lumen(settings)
    path = secret_path(settings)
    is_new = not path.exists()
    lumen = Lumen(settings)
    _log.info(
        "no key is set: %s the secret in %s; only this machine can connect",
        "created" if is_new else "using",
        path,
    )
    return lumen


def _config(
    app: ASGIApp, settings: Settings, tls: Certificate | None, lifespan: Literal["auto", "off"]
) -> uvicorn.Config:
    config = uvicorn.Config(
        app,
        http=_http_protocol(settings),
        ws="none",
        interface="asgi3",
        lifespan=lifespan,
        log_config=None,
        access_log=settings.access_log == "on",
        server_header=False,
        workers=1,
        backlog=BACKLOG_CONNECTIONS,
        timeout_graceful_shutdown=math.ceil(settings.drain_seconds),
    )
    config.load()
    config.ssl = tls.context if tls is not None else None
    return config


def _http_protocol(settings: Settings) -> type[asyncio.Protocol]:
    if settings.http2 == "off":
        return HandoverProtocol
    try:
        from lumen_notify.deliver.connection.negotiated import NegotiatedProtocol  # noqa: PLC0415
    except ModuleNotFoundError:
        problem = "needs a library that is not installed: pip install 'lumen-notify[http2]'"
        raise Misconfigured([(variable("http2"), problem)]) from None
    return NegotiatedProtocol


def _load(app: str) -> ASGIApp:
    sys.path.insert(0, str(Path.cwd()))
    try:
        loaded: ASGIApp = import_from_string(app)
    except ImportFromStringError as error:
        raise CannotStart(f"--app: {error}") from None
    return loaded


def _listen(host: str, port: int, ping_seconds: float) -> socket.socket:
    """Listen before anything else is opened, so that a port in use is reported at once.

    The kernel drops a peer that is dead or does not read once it has acknowledged nothing for `ping_seconds`:
    within two heartbeats, since a ping is sent within the first.
    """
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror as error:
        raise Misconfigured([(variable("host"), f"cannot be resolved: {error.strerror}")]) from None
    family, kind, protocol, _, address = min(addresses, key=lambda info: info[0] is not socket.AF_INET)
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if sys.platform == "linux":  # accepted sockets inherit it
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
        problem = (
            f"{port} is in use by another process at {host}. Choose another one with --port or LUMEN_PORT"
        )
        return variable("port"), problem
    name = "host" if error.errno == errno.EADDRNOTAVAIL else "port"
    return variable(name), f"cannot listen on port {port} at {host}: {error.strerror}"


def _allow_many_files() -> None:
    """Raise the limit of open files to the hard limit: each stream needs one."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):  # macOS reports "unlimited" and then refuses it
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
