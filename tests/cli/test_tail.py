"""Tail against a scripted server, and once against the real one."""

from __future__ import annotations

import io
import json
import re
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from rich.console import Console

from conftest import StartServer
from lumen_notify.cli.client import CallFailed
from lumen_notify.cli.tail import MAX_WAIT_SECONDS, Backoff, StreamTail
from servers import wait_until

from .conftest import RunCommand, StartCommand

READY = 'id: e-4\nevent: ready\ndata: {"unread_count":0,"recovered":false,"replayed":0}\n\n'
NEWS = 'id: e-5\ndata: {"type":"like","unread_count":1,"data":{"content":"hi \u2028 there"}}\n\n'


def closing(reason: str, *, reconnect: bool) -> str:
    return f"retry: 70\nevent: closing\ndata: {json.dumps({'reason': reason, 'reconnect': reconnect})}\n\n"


@dataclass
class Script:
    """answers: (status, body) per connection. cursors, tokens: what each connection sent."""

    url: str = ""
    answers: list[tuple[int, str]] = field(default_factory=list)
    cursors: list[str | None] = field(default_factory=list)
    tokens: list[str | None] = field(default_factory=list)


@pytest.fixture(name="script")
def scripted_server() -> Iterator[Script]:
    script = Script()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            query = parse_qs(urlsplit(self.path).query)
            script.cursors.append(query.get("last_event_id", [None])[0])
            script.tokens.append(self.headers.get("Authorization"))
            status, body = script.answers.pop(0)
            self.send_response(status)
            kind = "application/problem+json" if body.startswith("{") else "text/event-stream"
            self.send_header("content-type", "text/html" if body.startswith("<") else kind)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        script.url = f"http://127.0.0.1:{server.server_port}/api/v1/notifications"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield script
        server.shutdown()
        thread.join()


class Followed:
    """A StreamTail that has run to the end of the script. waits: the seconds between its connections."""

    def __init__(self, script: Script, *, can_renew: bool = False, cursor: str | None = None) -> None:
        self.waits: list[float] = []
        self.failure = ""
        numbers = iter(range(100))
        out = io.StringIO()

        def sleep(seconds: float) -> None:
            self.waits.append(seconds)
            if not script.answers:
                raise KeyboardInterrupt

        token: Callable[[], str] = (lambda: f"token-{next(numbers)}") if can_renew else (lambda: "the-token")
        console = Console(file=out, highlight=False, markup=False, width=40)
        tail = StreamTail(script.url, token, can_renew=can_renew, cursor=cursor, console=console, sleep=sleep)
        try:
            tail.run()
        except KeyboardInterrupt:
            pass
        except CallFailed as error:
            self.failure = error.message
        self.lines = [re.sub(r"^\d\d:\d\d:\d\d ", "", line) for line in out.getvalue().split("\n")[:-1]]


def test_it_reconnects_with_its_cursor_after_the_retry_time(script: Script) -> None:
    script.answers = [
        (200, READY + NEWS + closing("shutdown", reconnect=True)),
        (200, READY + closing("slow", reconnect=True)),
    ]
    followed = Followed(script)
    assert script.cursors == [None, "e-5"]
    assert followed.waits == [0.07, 0.07]
    assert followed.lines == [
        "connected: 0 unread  e-4",
        "like · hi   there · 1 unread  e-5",
        "closing: shutdown; reconnecting in 0.1 s",
        "connected: 0 unread  e-4",
        "closing: slow; reconnecting in 0.1 s",
    ]


def test_it_starts_at_the_given_cursor(script: Script) -> None:
    script.answers = [(200, READY)]
    Followed(script, cursor="e-ü 2")
    assert script.cursors == ["e-ü 2"]


def test_a_lost_connection_is_resumed(script: Script) -> None:
    script.answers = [(200, READY + NEWS), (200, READY)]
    followed = Followed(script)
    assert script.cursors == [None, "e-5"]
    assert followed.lines[2].startswith("lost: ")


def test_waits_double_until_a_connection_succeeds(script: Script) -> None:
    script.answers = [(503, "{}"), (503, "{}"), (429, "{}"), (200, READY), (503, "{}")]
    waits = Followed(script).waits
    assert waits[0] == 1
    assert 1 <= waits[1] <= 2
    assert 2 <= waits[2] <= 4
    assert waits[3] == 1


def test_a_refusal_ends_it_with_the_servers_message(script: Script) -> None:
    problem = {"code": "token_expired", "detail": "The token expired.", "status": 401}
    script.answers = [(401, json.dumps(problem))]
    assert Followed(script).failure == "401 token_expired: The token expired."


@pytest.mark.parametrize("reason", ["expired", "revoked", "replaced"])
def test_closing_without_reconnect_ends_it(script: Script, reason: str) -> None:
    script.answers = [(200, READY + closing(reason, reconnect=False))]
    assert Followed(script).failure == f"The server closed the stream: {reason}."


def test_an_expired_token_is_renewed_if_possible(script: Script) -> None:
    script.answers = [(200, READY + closing("expired", reconnect=False)), (200, READY)]
    assert Followed(script, can_renew=True).failure == ""
    assert script.tokens == ["Bearer token-0", "Bearer token-1"]


def test_a_response_that_is_no_event_stream_ends_it(script: Script) -> None:
    script.answers = [(200, "<html>")]
    assert Followed(script).failure.endswith("is not an event stream. Check the URL.")


def test_an_unreachable_server_is_retried() -> None:
    followed = Followed(Script(url="http://127.0.0.1:9/api/v1/notifications"))
    (line,) = followed.lines
    assert line.startswith("lost: ")
    assert line.endswith("; reconnecting in 1.0 s")


@pytest.mark.parametrize("url", ["ftp://127.0.0.1", "127.0.0.1:8000", "http://127.0.0.1:x"])
def test_an_invalid_url_ends_it(url: str) -> None:
    assert "URL" in Followed(Script(url=url)).failure


def test_waits_have_an_upper_bound_and_jitter() -> None:
    backoff = Backoff(jitter=lambda: 0.0)
    waits = [backoff.next_seconds() for _ in range(40)]
    assert waits[:4] == [1, 1, 2, 4]
    assert waits[-1] == MAX_WAIT_SECONDS / 2
    backoff.reset()
    assert backoff.next_seconds() == 1


@pytest.mark.slow
def test_tail_follows_a_server_across_a_kill_and_ends_quietly(
    run_command: RunCommand, start_command: StartCommand, start_server: StartServer
) -> None:
    server = start_server()
    port = str(server.port)

    def send(text: str) -> None:
        done = run_command("send", "alice", text, folder=server.folder, LUMEN_PORT=port)
        assert done.returncode == 0, done.stderr

    def wait_for(text: str) -> None:
        wait_until(lambda: text in tail.output(), within_seconds=60, what=f"tail to say {text!r}")

    tail = start_command("tail", "alice", folder=server.folder, LUMEN_PORT=port)
    wait_for("connected: 0 unread")
    send("first")
    wait_for("system · system: first · 1 unread")
    server.kill()
    wait_for("lost: ")
    server.start()
    send("second")
    wait_for("system · system: second · 2 unread")
    assert re.search(r"resumed, [01] replayed: [12] unread", tail.output())
    assert tail.output().count("first") == 1

    tail.process.send_signal(signal.SIGINT)
    assert tail.process.wait(timeout=20) == 0
    assert "Traceback" not in tail.output()
    assert "Aborted" not in tail.output()

    # A second tail starts at the id that the first one printed.
    found = re.search(r"first · 1 unread  (\S+)", tail.output())
    assert found is not None
    tail = start_command("tail", "alice", "--since", found[1], folder=server.folder, LUMEN_PORT=port)
    wait_for("system · system: second · 2 unread")
    assert "resumed, 1 replayed: 2 unread" in tail.output()
