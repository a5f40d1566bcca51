"""Proxies: nginx, Caddy and HAProxy in front of some instances, as `deploy/` sets them up, below /notify/."""

from __future__ import annotations

import asyncio
import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path

import httpx

from certificates import CertificateFiles
from clients import NOTIFICATIONS, WAIT_SECONDS, token
from lumen_notify.auth import PUBLISH
from nginx import MAIN
from programs import program
from servers import PLAIN_ENVIRONMENT, Server, free_port

RECIPES = Path(__file__).parents[1] / "deploy"

PREFIX = "/notify"
"""What the recipes strip from paths."""


UPSTREAM = "127.0.0.1:8000"
"""The address of the instance in the recipes."""


class Proxy(Server):
    """A proxy in front of the instances at some ports. kind: a key of KINDS. url: with the prefix.

    certificate: speak TLS, by the lines that the recipe has as comments.
    """

    name = "proxy"
    _stop_signal = signal.SIGTERM

    def __init__(
        self, kind: str, folder: Path, *upstream_ports: int, certificate: CertificateFiles | None = None
    ) -> None:
        super().__init__(folder)
        file, *command = KINDS[kind]
        self.port = free_port()
        self.url = f"{'http' if certificate is None else 'https'}://127.0.0.1:{self.port}{PREFIX}"
        self._command = [program(command[0]), *(one.format(folder=folder) for one in command[1:])]
        recipe = (RECIPES / file).read_text()
        assert UPSTREAM in recipe
        address = f"127.0.0.1:{self.port}"
        if kind == "nginx":
            recipe = _for_each(upstream_ports, recipe)
            recipe = recipe.replace("listen 80;", "" if certificate else f"listen {address};")
            if certificate is not None:
                recipe = re.sub("# (listen 443|ssl_)", r"\1", recipe)
                recipe = recipe.replace("listen 443", f"listen {address}")
                recipe = recipe.replace("/etc/ssl/fullchain.pem", str(certificate.cert))
                recipe = recipe.replace("/etc/ssl/privkey.pem", str(certificate.key))
            recipe = MAIN.format(folder=folder, servers=recipe)
        elif kind == "caddy":
            upstreams = " ".join(f"127.0.0.1:{port}" for port in upstream_ports)
            recipe = recipe.replace("{$LUMEN_UPSTREAMS:" + UPSTREAM + "}", upstreams)
            tls = f"tls {certificate.cert} {certificate.key}" if certificate else ""
            recipe = recipe.replace(
                "{$LUMEN_SITE::80} {", f"{self.url.removesuffix(PREFIX)} {{\n\tbind 127.0.0.1\n\t{tls}"
            )
            recipe = "{\n\tadmin off\n\tauto_https disable_redirects\n}\n" + recipe
        else:
            recipe = _for_each(upstream_ports, recipe)
            recipe = recipe.replace("bind :80", "" if certificate else f"bind {address}")
            if certificate is not None:
                both = folder / "site.pem"
                both.write_bytes(certificate.cert.read_bytes() + certificate.key.read_bytes())
                recipe = recipe.replace(
                    "# bind :443 ssl crt /etc/ssl/site.pem", f"bind {address} ssl crt {both}"
                )
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


def _for_each(ports: Sequence[int], recipe: str) -> str:
    """Repeat the lines of a server for each port, as the recipe says; `one` is its name."""
    lines = []
    for line in recipe.splitlines():
        if UPSTREAM in line:
            for number, port in enumerate(ports, start=1):
                copy = line.replace(UPSTREAM, f"127.0.0.1:{port}")
                lines.append(re.sub(r"\bone\b", f"server-{number}", copy.partition("#")[0]))
        else:
            lines.append(line)
    return "\n".join([*lines, ""])


async def publish(http: httpx.AsyncClient, content: str) -> None:
    """Publish to bob through a proxy as clients should: again, with the same key, if there was no answer.

    A proxy answers 502 for a request whose connection broke, and 503 until it has noticed that an instance is
    back.
    """
    headers = {"Authorization": f"Bearer {token('alice', PUBLISH)}", "Idempotency-Key": f"key-{content}"}
    body = {"to": "bob", "category": "like", "content": content}
    async with asyncio.timeout(WAIT_SECONDS):
        while (answer := await http.post(NOTIFICATIONS, json=body, headers=headers)).status_code != 201:
            assert answer.status_code in {502, 503, 504}
            await asyncio.sleep(0.05)
