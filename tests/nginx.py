"""Nginx: a reverse proxy in front of a server, for the tests that look at what it does to requests."""

from __future__ import annotations

import signal
import socket
import subprocess
from pathlib import Path

from programs import program
from servers import PLAIN_ENVIRONMENT, Server, free_port

WEBSOCKET_LINES = """
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection "upgrade";
"""
"""What most sites have in front of servers that may speak WebSocket."""

MAIN = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {servers}
}}
"""
"""A main configuration that writes to its own folder only."""

_SERVERS = """
    upstream behind {{ server 127.0.0.1:{upstream}; keepalive 1; }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://behind;
            {lines}
        }}
    }}
"""


class Nginx(Server):
    """An nginx in front of the server at a port. lines: of its `location`."""

    name = "nginx"
    _stop_signal = signal.SIGTERM

    def __init__(self, folder: Path, upstream_port: int, lines: str = "proxy_http_version 1.1;") -> None:
        super().__init__(folder)
        self.program = program("nginx")
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._configuration = folder / "nginx.conf"
        servers = _SERVERS.format(port=self.port, upstream=upstream_port, lines=lines)
        self._configuration.write_text(MAIN.format(folder=folder, servers=servers))

    def _spawn(self, log: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [self.program, "-p", str(self.folder), "-e", "stderr", "-c", str(self._configuration)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=PLAIN_ENVIRONMENT,
        )

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0
