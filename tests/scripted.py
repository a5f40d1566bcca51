"""Scripted: a server on a real port that answers requests by a list."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

READY = (
    'id: e-4\nevent: ready\ndata: {"connection_id":"c","unread_count":0,"recovered":false,"replayed":0}\n\n'
)
NEWS = 'id: e-5\ndata: {"type":"like","unread_count":1,"data":{"content":"hi \u2028 there"}}\n\n'


def closing(reason: str, *, reconnect: bool) -> str:
    return f"retry: 70\nevent: closing\ndata: {json.dumps({'reason': reason, 'reconnect': reconnect})}\n\n"


@dataclass
class Asked:
    """One request as it came."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: str


@dataclass
class Script:
    """answers: one per request, in order: status, body, further headers; None closes the connection without
    an answer. asked: the requests so far."""

    url: str = ""
    answers: list[tuple[int, str] | tuple[int, str, Mapping[str, str]] | None] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)

    @property
    def cursors(self) -> list[str | None]:
        return [one.query.get("last_event_id") for one in self.asked]

    @property
    def tokens(self) -> list[str | None]:
        return [one.headers.get("authorization") for one in self.asked]


@contextmanager
def scripted_server() -> Iterator[Script]:
    script = Script()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            split = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(split.query).items()}
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers.get("content-length", 0))).decode()
            script.asked.append(Asked(self.command, split.path, query, headers, body))
            answer: Any = script.answers.pop(0)
            if answer is None:
                self.close_connection = True
                return
            status, content, *more = answer
            self.send_response(status)
            kind = "application/json" if content.startswith(("{", "[")) else "text/event-stream"
            self.send_header("content-type", "text/html" if content.startswith("<") else kind)
            for name, value in (more[0] if more else {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content.encode())

        do_POST = do_PATCH = do_PUT = do_GET  # noqa: N815 - http.server calls them by these names

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        script.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield script
        server.shutdown()
        thread.join()
