"""Proxies: nginx, Caddy and HAProxy in front of a server, as `deploy/` sets them up, below /notify/."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
from pathlib import Path

from nginx import MAIN, program
from servers import PLAIN_ENVIRONMENT, Server, free_port

RECIPES = Path(__file__).parents[1] / "deploy"

PREFIX = "/notify"
"""What the recipes strip from paths."""


class Proxy(Server):
    """A proxy in front of the server at a port. kind: a key of KINDS. url: with the prefix."""

    name = "proxy"
    _stop_signal = signal.SIGTERM

    def __init__(self, kind: str, folder: Path, upstream_port: int) -> None:
        super().__init__(folder)
        file, *command = KINDS[kind]
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}{PREFIX}"
        self._command = [program(command[0]), *(one.format(folder=folder) for one in command[1:])]
        recipe = (RECIPES / file).read_text()
        assert "127.0.0.1:8000" in recipe
        recipe = recipe.replace("127.0.0.1:8000", f"127.0.0.1:{upstream_port}")
        if kind == "nginx":
            recipe = recipe.replace("listen 80;", f"listen 127.0.0.1:{self.port};")
            recipe = MAIN.format(folder=folder, servers=recipe)
        elif kind == "caddy":
            recipe = recipe.replace(":80 {", f"http://127.0.0.1:{self.port} {{")
            recipe = "{\n\tadmin off\n}\n" + recipe
        else:
            recipe = recipe.replace("bind :80", f"bind 127.0.0.1:{self.port}")
            shutil.copy(RECIPES / "away.http", folder)
        (folder / file).write_text(recipe)

    def _spawn(self, log: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self._command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=self.folder,
            env={**PLAIN_ENVIRONMENT, "HOME": str(self.folder)},
        )

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


KINDS: dict[str, tuple[str, ...]] = {
    "nginx": ("nginx.conf", "nginx", "-p", "{folder}", "-e", "stderr", "-c", "{folder}/nginx.conf"),
    "caddy": ("Caddyfile", "caddy", "run", "--config", "{folder}/Caddyfile", "--adapter", "caddyfile"),
    "haproxy": ("haproxy.cfg", "haproxy", "-db", "-f", "{folder}/haproxy.cfg"),
}
"""The file of the recipe, and the command that runs it."""
