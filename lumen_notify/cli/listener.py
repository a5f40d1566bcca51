"""Listener: the sockets that the server accepts connections at.

Promise: an address or a port that cannot be used is reported in one line, before anything else is opened.
"""

from __future__ import annotations

import contextlib
import errno
import resource
import socket
import sys
from contextlib import ExitStack

from lumen_notify.errors import Misconfigured
from lumen_notify.settings import Settings, variable

BACKLOG_CONNECTIONS = 4096
"""The listen backlog: after a restart all clients reconnect at once."""

MIN_SILENT_SECONDS = 5.0
"""The shortest TCP user timeout, however short the heartbeat: a few lost packets must not drop a peer."""


def listen(settings: Settings) -> socket.socket:
    """Listen at the host and port of the settings. Raises Misconfigured."""
    if not (settings.has_verification_key or settings.is_loopback):
        keys = ", ".join(map(variable, ("jwt_secret", "jwt_public_key_file", "jwt_jwks_url")))
        problem = f"must be a loopback address such as 127.0.0.1 unless a key is set (one of {keys})"
        raise Misconfigured([(variable("host"), problem)])
    return listen_at(settings.host, settings.port, settings.ping_seconds)


def listen_for_workers(settings: Settings) -> list[socket.socket]:
    """Listen with a socket for each worker, all at one address. Raises Misconfigured.

    The kernel chooses the socket of a connection by its addresses (SO_REUSEPORT), and so spreads connections
    evenly: of 200 streams, two workers got from 89 to 111, and three from 57 to 77. At one socket that all
    share, the worker that wakes up first accepts: two got from 72 to 128, and three from 28 to 135. Systems
    other than Linux do not spread over sockets: there, the workers share one.
    """
    listener = listen(settings)
    if sys.platform != "linux":
        return [listener, *(listener.dup() for _ in range(settings.workers - 1))]
    family, address = listener.family, listener.getsockname()
    # Closed only now: a first socket with SO_REUSEPORT would join those of another server unnoticed.
    listener.close()
    with ExitStack() as stack:
        try:
            sockets = [
                stack.enter_context(_listening(family, address, settings.ping_seconds, is_in_group=True))
                for _ in range(settings.workers)
            ]
        except OSError as error:
            raise Misconfigured([_bind_problem(error, settings.host, settings.port)]) from None
        stack.pop_all()
    return sockets


def listen_at(host: str, port: int, ping_seconds: float) -> socket.socket:
    """Listen at an address. Raises Misconfigured.

    The kernel drops a peer that is dead or does not read once it has acknowledged nothing for `ping_seconds`:
    within two heartbeats, since a ping is sent within the first.
    """
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror as error:
        raise Misconfigured([(variable("host"), f"cannot be resolved: {error.strerror}")]) from None
    family, _, _, _, address = min(addresses, key=lambda info: info[0] is not socket.AF_INET)
    try:
        return _listening(family, address, ping_seconds)
    except OSError as error:
        raise Misconfigured([_bind_problem(error, host, port)]) from None


def _listening(
    family: int, address: object, ping_seconds: float, *, is_in_group: bool = False
) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if is_in_group:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if sys.platform == "linux":  # accepted sockets inherit it
            silent_ms = round(max(ping_seconds, MIN_SILENT_SECONDS) * 1000)
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, silent_ms)
        listener.bind(address)  # type: ignore[arg-type] # a tuple of the family
        listener.listen(BACKLOG_CONNECTIONS)
    except OSError:
        listener.close()
        raise
    return listener


def _bind_problem(error: OSError, host: str, port: int) -> tuple[str, str]:
    if error.errno == errno.EADDRINUSE:
        problem = (
            f"{port} is in use by another process at {host}. Choose another one with --port or LUMEN_PORT"
        )
        return variable("port"), problem
    name = "host" if error.errno == errno.EADDRNOTAVAIL else "port"
    return variable(name), f"cannot listen on port {port} at {host}: {error.strerror}"


def allow_many_files() -> None:
    """Raise the limit of open files to the hard limit: each stream needs one."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):  # macOS reports "unlimited" and then refuses it
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
