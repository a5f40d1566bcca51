"""Nchan: nginx with libnginx-mod-nchan, one worker.

For deliveries all streams subscribe to one channel. nchan cannot put a user's own unread count into a
broadcast, so every subscriber gets the same count. For memory each stream subscribes to its user's own
channel and to the shared one, which nchan calls multiplexing. It checks no tokens; messages stay in its
memory.

    python -m bench.nchan PORT FOLDER       writes the configuration into the folder and executes nginx
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from bench import frame_bytes

MODULE = "ngx_nchan_module.so"
FOLDERS = ("/usr/lib/nginx/modules", "/usr/lib64/nginx/modules", "/usr/local/nginx/modules")
MAX_CONNECTIONS = 16_000

CONFIGURATION = """\
load_module {module};
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections {connections}; multi_accept on; }}
http {{
    access_log off;
    tcp_nodelay on;
    keepalive_timeout 1h;
    keepalive_requests 1000000;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    client_body_buffer_size 64k;
    nchan_shared_memory_size 512M;
    nchan_store_messages on;
    nchan_message_buffer_length 100;
    nchan_message_timeout 1h;
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location = /publish {{ nchan_publisher; nchan_channel_id all; }}
        location = /shared {{
            nchan_subscriber eventsource;
            nchan_channel_id all;
            nchan_subscriber_first_message newest;
        }}
        location = /own {{
            nchan_subscriber eventsource;
            nchan_channel_id "user-$arg_user" all;
            nchan_subscriber_first_message newest;
        }}
    }}
}}
"""


def module_path() -> Path | None:
    """Return the path of the nchan module, or None if nginx or the module is not installed."""
    if shutil.which("nginx") is None:
        return None
    return next((path for folder in FOLDERS if (path := Path(folder, MODULE)).is_file()), None)


class NchanProtocol:
    """The requests for nchan. own_channels: each stream has its own channel besides the shared one."""

    ready_marker = b": hi"

    def __init__(self, host: str, port: int, *, own_channels: bool = False) -> None:
        self.host, self.port = host, port
        self._own_channels = own_channels

    def subscribe_request(self, index: int, cursor: str | None) -> bytes:
        """Return a GET of a stream; nchan accepts a cursor in `Last-Event-ID`, as we do."""
        path = f"/own?user=bench-{index}" if self._own_channels else "/shared"
        resume = f"Last-Event-ID: {cursor}\r\n" if cursor else ""
        return (
            f"GET {path} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\n"
            f"Accept: text/event-stream\r\n{resume}\r\n"
        ).encode()

    def publish_request(self, content: str) -> bytes:
        """Return a POST of the payload, which the streams receive unchanged."""
        body = frame_bytes.notification_json(content, 1).encode()
        return (
            f"POST /publish HTTP/1.1\r\nHost: {self.host}:{self.port}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        ).encode() + body


def main(port: int, folder: Path) -> None:
    """Write the configuration and execute nginx in the foreground. Raises SystemExit if it is not
    installed."""
    module = module_path()
    if module is None:
        raise SystemExit("nginx with the nchan module is not installed (on Debian: libnginx-mod-nchan).")
    configuration = folder / "nginx.conf"
    configuration.write_text(
        CONFIGURATION.format(module=module, folder=folder, port=port, connections=MAX_CONNECTIONS)
    )
    command = ["nginx", "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(configuration)]
    os.execvp(command[0], command)  # noqa: S606 - our own configuration


if __name__ == "__main__":
    os.umask(0o077)
    main(int(sys.argv[1]), Path(sys.argv[2]))
