"""Tail: against a scripted server, and once against the real one. The reconnects: `client/test_stream.py`."""

from __future__ import annotations

import io
import json
import re
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from rich.console import Console

from conftest import StartServer
from lumen_notify.cli.client import CallFailed
from lumen_notify.cli.tail import StreamTail, delay_seconds
from lumen_notify.client import Client
from lumen_notify.model import from_rfc3339
from scripted import NEWS, READY, Script, closing, scripted_server
from servers import wait_until

from .conftest import RunCommand, StartCommand


@pytest.fixture(name="script")
def start_scripted_server() -> Iterator[Script]:
    with scripted_server() as script:
        yield script


class Followed:
    """A StreamTail that has run to the end of the script. waits: the seconds between its connections."""

    def __init__(self, script: Script, **options: Any) -> None:
        self.waits: list[float] = []
        self.failure = ""
        out = io.StringIO()

        def sleep(seconds: float) -> None:
            self.waits.append(seconds)
            if not script.answers:
                raise KeyboardInterrupt

        console = Console(file=out, highlight=False, markup=False, width=40)
        with Client(script.url, token="the-token", sleep=sleep) as client:
            tail = StreamTail(client, cursor=None, console=console, silence_seconds=60, **options)
            try:
                tail.run()
            except KeyboardInterrupt:
                pass
            except CallFailed as error:
                self.failure = error.message
        self.lines = [re.sub(r"^\d\d:\d\d:\d\d ", "", line) for line in out.getvalue().split("\n")[:-1]]


def test_each_frame_is_a_line_and_so_is_each_reconnect(script: Script) -> None:
    script.answers = [
        (200, READY + NEWS + closing("shutdown", reconnect=True)),
        (200, READY + NEWS),
    ]
    followed = Followed(script)
    assert script.cursors == [None, "e-5"]
    assert followed.waits == [0.07, 0.07]
    assert followed.lines == [
        "connected: 0 unread  e-4",
        "like · hi   there · 1 unread  e-5",
        "The server closed the stream: shutdown. Reconnecting in 0.1 s.",
        "connected: 0 unread  e-4",
        "like · hi   there · 1 unread  e-5",
        followed.lines[-1],
    ]
    assert followed.lines[-1].startswith("The connection was lost: ")


CREATED_AT = "2026-11-29T08:00:00.250Z"


def test_delay_of_what_is_new_is_shown_if_asked_for(script: Script) -> None:
    created = NEWS.replace('"content"', f'"created_at":"{CREATED_AT}","content"')
    script.answers = [(200, READY + created + NEWS + closing("replaced", reconnect=False))]
    followed = Followed(script, has_delays=True, wall_clock=lambda: from_rfc3339(CREATED_AT) + 42)
    assert followed.lines == [
        "connected: 0 unread  e-4",
        "like · hi   there · 1 unread  e-5  +0.042 s",
        "like · hi   there · 1 unread  e-5",
    ]


@pytest.mark.parametrize(
    "document", [{}, {"data": None}, {"data": {"content": "hi"}}, {"data": {"created_at": "yesterday"}}]
)
def test_frame_that_does_not_say_when_it_was_created_has_no_delay(document: dict[str, Any]) -> None:
    assert delay_seconds(document, 0) is None


def test_a_refusal_ends_it_with_the_servers_message(script: Script) -> None:
    problem = {"code": "token_expired", "detail": "The token expired.", "status": 401}
    script.answers = [(401, json.dumps(problem))]
    assert Followed(script).failure == "token_expired: The token expired."


def test_closing_without_reconnect_ends_it(script: Script) -> None:
    script.answers = [(200, READY + closing("replaced", reconnect=False))]
    assert Followed(script).failure == "The server closed the stream: replaced."


def test_a_response_that_is_no_event_stream_ends_it(script: Script) -> None:
    script.answers = [(200, "<html>")]
    assert Followed(script).failure.endswith("is not an event stream. Check the URL.")


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
    wait_for("The connection was lost: ")
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
