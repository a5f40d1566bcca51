"""Server: run our application, or one that mounts it, on uvicorn (`lumen-notify serve`).

Promises: SIGTERM and SIGINT end all streams with `closing`, let
requests in flight finish within the drain time and exit with status 0; a second signal exits at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import math
import signal
import socket
import sys
from collections.abc import Callable, Coroutine, Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Any, Literal, Protocol

import uvicorn
import uvloop
from starlette.types import ASGIApp
from uvicorn.importer import ImportFromStringError, import_from_string
from uvicorn.server import HANDLED_SIGNALS

from lumen_notify.app import ON_OPEN, Lumen
from lumen_notify.auth import secret_path
from lumen_notify.cli.config import server_url
from lumen_notify.cli.listener import BACKLOG_CONNECTIONS, allow_many_files, listen
from lumen_notify.cli.tls import Certificate, certificate
from lumen_notify.deliver.connection.handover import HandoverProtocol
from lumen_notify.errors import LumenError, Misconfigured
from lumen_notify.settings import Settings, variable

COLLECT_OBJECTS = 10_000
"""Garbage collector threshold, generation 0. Requests leave no cycles; Python's default of 700 cost 7 % of
the time of 64 concurrent publishes."""

TLS_HANDSHAKE_SECONDS = 20.0
TLS_SHUTDOWN_SECONDS = 2.0
"""How long a TLS connection waits for the client in the handshake, and when it is closed. uvicorn has no
parameters for them. By default they are 60 and 30: a client that sleeps would hold up every shutdown."""

LINGER_SECONDS = 1.0
"""How long a server that is replaced still answers connections that it has accepted, before it drains: their
requests may be on the way. Since it listens no more, new ones go to its successor."""

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


class Link(Protocol):
    """What connects a server to the process that has started it: see `workers/parent_link`."""

    def opened(self, lumen: Lumen) -> None:
        """Learn of a Lumen that the application opens. Raises Misconfigured if it cannot run here."""

    async def run(self, server: Server) -> None:
        """Run as a task from before the server's start to after its end; then it is cancelled."""


class Server(uvicorn.Server):
    """A uvicorn server with our signal handling. on_started: called once it listens.

    signals: those that shut it down. lumens: those that the application has opened. has_given_up: one of them
    needs a new process. problem: why one of them cannot run here.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        on_started: Callable[[], None],
        signals: Sequence[signal.Signals] = HANDLED_SIGNALS,
        link: Link | None = None,
    ) -> None:
        super().__init__(config)
        self._signals = signals
        self.lumens: list[Lumen] = []
        self.has_given_up = False
        self.problem: Misconfigured | None = None
        self._on_started = on_started
        self._link = link
        self._is_replaced = False

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
        return await super().on_tick(counter) or self.has_given_up or self.problem is not None

    def opened(self, lumen: Lumen) -> None:
        """Learn of a Lumen that the application opens. Raises Misconfigured if it cannot run here."""
        if self._link is not None:
            try:
                self._link.opened(lumen)
            except Misconfigured as problem:
                self.problem = problem
                raise
        self.lumens.append(lumen)

    def end(self, *, is_replaced: bool = False) -> None:
        """Shut down, as at the first signal. is_replaced: whether another process accepts connections."""
        self._is_replaced = is_replaced
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Tell each Lumen that its streams and writes are about to end, then end the connections."""
        if self._is_replaced:
            for server in self.servers:
                server.close()
            await asyncio.sleep(LINGER_SECONDS)
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


Prepare = Callable[[Lumen], Coroutine[Any, Any, None]]


def serve(
    settings: Settings,
    *,
    app: str | None,
    on_started: Callable[[str], None],
    prepare: Prepare | None = None,
) -> None:
    """Serve until a signal.

    app: `module:name` of an application that mounts ours; None serves ours alone. on_started: called with the
    URL. prepare: called with our application before it opens. Raises Misconfigured, Unavailable, CannotStart.
    """
    with listen(settings) as listener:
        serve_on(listener, settings, app=app, on_started=on_started, prepare=prepare)


def serve_on(
    listener: socket.socket,
    settings: Settings,
    *,
    app: str | None,
    on_started: Callable[[str], None],
    signals: Sequence[signal.Signals] = HANDLED_SIGNALS,
    link: Link | None = None,
    prepare: Prepare | None = None,
) -> None:
    """Serve at a socket that listens, until one of the signals; see `serve`. link: to the process that has
    started this one."""
    tls = certificate(settings)
    with asyncio.Runner(loop_factory=_Loop) as runner:
        allow_many_files()
        url = server_url(settings.host, listener.getsockname()[1], is_tls=tls is not None)
        if tls is not None:
            runner.get_loop().add_signal_handler(signal.SIGHUP, tls.reload)

        def started() -> None:
            if link is None:
                _log.info("serving at %s", url)
            on_started(url)

        if app is None:
            lumen = _new_lumen(settings)
            config = _config(lumen.app, settings, tls, "off")
        else:
            lumen = None
            config = _config(_load(app), settings, tls, "auto")
        if lumen is not None and prepare is not None:
            runner.run(prepare(lumen))
        runner.run(_run(Server(config, started, signals, link), listener, lumen, link))
    if link is None:
        _log.info("ended")


async def _run(server: Server, listener: socket.socket, lumen: Lumen | None, link: Link | None) -> None:
    ON_OPEN.set(server.opened)
    linked = None if link is None else asyncio.create_task(link.run(server), name="link")
    try:
        # Opened here rather than by uvicorn's lifespan, so that errors keep our own messages.
        async with lumen or contextlib.nullcontext():
            await server.serve(sockets=[listener])
    except SystemExit:
        if server.problem is not None:
            raise server.problem from None
        raise CannotStart("The application did not start.") from None  # uvicorn has logged the reason
    finally:
        if linked is not None:
            linked.cancel()
            await asyncio.gather(linked, return_exceptions=True)
    if server.problem is not None:
        raise server.problem
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
