from __future__ import annotations

import asyncio
import json
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Self

import httpx
import httpx_sse
import pytest
import uvicorn
from starlette.responses import PlainTextResponse

from clients import eventually
from conftest import StartServer
from lumen_notify.cli import server as server_module
from lumen_notify.cli.listener import listen_at
from lumen_notify.cli.server import Server
from servers import RunningServer, wait_until

from .conftest import RunCommand, StartCommand, environment

SECRET = "a secret of at least thirty-two bytes"


@contextmanager
def open_stream(server: RunningServer, token: str) -> Iterator[Iterator[httpx_sse.ServerSentEvent]]:
    """Open a stream and read it up to `ready`."""
    url = f"{server.url}/api/v1/notifications/stream"
    with (
        httpx.Client(timeout=20, trust_env=False) as client,
        httpx_sse.connect_sse(client, "GET", url, params={"token": token}) as source,
    ):
        frames = source.iter_sse()
        assert next(frames).event == "ready"
        yield frames


def test_sigterm_ends_streams_with_closing_and_the_process_with_status_0(
    run_command: RunCommand, start_server: StartServer
) -> None:
    server = start_server(LUMEN_DRAIN_SECONDS="8")
    with ExitStack() as streams:
        opened = []
        for user in ("alice", "alice", "bob", "carol"):
            token = run_command("token", user, folder=server.folder).stdout.strip()
            opened.append(streams.enter_context(open_stream(server, token)))
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        for frames in opened:
            (last,) = frames
            assert last.event == "closing"
            assert json.loads(last.data) == {"reason": "shutdown", "reconnect": True}
            assert last.retry is not None
        assert server.process.wait(timeout=20) == 0
        assert time.monotonic() - began < 8
    assert "Traceback" not in server.log()


def test_sigint_ends_it_with_status_0_too(start_server: StartServer) -> None:
    server = start_server()
    server.process.send_signal(signal.SIGINT)
    assert server.process.wait(timeout=20) == 0
    assert "Traceback" not in server.log()


class HalfSent:
    """A publish request of which only half of the body has been sent."""

    def __init__(self, server: RunningServer, token: str) -> None:
        self._body = b'{"to": {"user": "alice"}, "category": "news", "content": "in flight"}'
        self.connection = socket.create_connection(("127.0.0.1", server.port), timeout=20)
        self.connection.sendall(
            b"POST /api/v1/notifications HTTP/1.1\r\nhost: x\r\nconnection: close\r\n"
            b"expect: 100-continue\r\nauthorization: Bearer %b\r\ncontent-length: %d\r\n\r\n"
            % (token.encode(), len(self._body))
        )
        assert self.connection.recv(1000).startswith(b"HTTP/1.1 100 ")  # the server is reading the body
        self.connection.sendall(self._body[:20])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def finish(self) -> bytes:
        self.connection.sendall(self._body[20:])
        answer = b""
        while part := self.connection.recv(10_000):
            answer += part
        return answer


def wait_until_it_stops_accepting(server: RunningServer) -> None:
    def is_closed() -> bool:
        try:
            socket.create_connection(("127.0.0.1", server.port), timeout=5).close()
        except ConnectionRefusedError:
            return True
        return False

    wait_until(is_closed, within_seconds=20, what="the server to stop accepting connections")


def test_request_in_flight_is_finished_after_sigterm(
    run_command: RunCommand, start_server: StartServer
) -> None:
    server = start_server(LUMEN_DRAIN_SECONDS="30")
    token = run_command("token", "alice", folder=server.folder).stdout.strip()
    with HalfSent(server, token) as request:
        server.process.send_signal(signal.SIGTERM)
        wait_until_it_stops_accepting(server)
        assert request.finish().startswith(b"HTTP/1.1 201 ")
        assert server.process.wait(timeout=20) == 0
    server.start()
    headers = {"Authorization": f"Bearer {token}"}
    listed = httpx.get(f"{server.url}/api/v1/notifications", headers=headers, trust_env=False).json()
    assert [item["content"] for item in listed["items"]] == ["in flight"]


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
def test_second_signal_ends_it_at_once(
    run_command: RunCommand, start_server: StartServer, second: signal.Signals
) -> None:
    server = start_server(LUMEN_DRAIN_SECONDS="3000")
    token = run_command("token", "alice", folder=server.folder).stdout.strip()
    with HalfSent(server, token):
        server.process.send_signal(signal.SIGTERM)
        wait_until_it_stops_accepting(server)
        server.process.send_signal(second)
        assert server.process.wait(timeout=20) == 0


def test_request_that_never_ends_is_cut_off_after_the_drain_time(
    run_command: RunCommand, start_server: StartServer
) -> None:
    server = start_server(LUMEN_DRAIN_SECONDS="1")
    token = run_command("token", "alice", folder=server.folder).stdout.strip()
    with HalfSent(server, token):
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(timeout=15) == 0


GIVES_UP = """
from lumen_notify import supervisor
from lumen_notify.cli import main
from lumen_notify.commit.jobs.retention import Retention

async def fail(self):
    raise OSError("no such luck")

supervisor.MAX_FAILURES = 3
Retention.run = fail
main()
"""

APPLICATION = """
from starlette.applications import Starlette
from starlette.routing import Mount
from lumen_notify import Lumen

notify = Lumen()
app = Starlette(routes=[Mount("/", notify.app)], lifespan=notify.lifespan)
"""


@pytest.mark.server
@pytest.mark.parametrize("arguments", [(), ("--app", "application:app")], ids=["alone", "mounted"])
def test_task_that_fails_for_good_ends_the_process_with_one_line_and_status_1(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    (tmp_path / "application.py").write_text(APPLICATION)
    done = subprocess.run(
        [sys.executable, "-c", GIVES_UP, "serve", "--port", "0", *arguments],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment({"LUMEN_JWT_SECRET": SECRET}),
        timeout=60,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert done.stderr.splitlines()[-1] == (
        "lumen-notify: A task of the server fails again and again. The log says why."
    )
    assert done.stderr.count("task retention: failing: no such luck") == 1
    assert done.stderr.count("The task retention has failed 3 times in a row.") == 1


def test_a_port_in_use_is_reported_before_anything_is_opened(
    run_command: RunCommand, start_server: StartServer
) -> None:
    server = start_server()
    done = run_command(
        "serve", LUMEN_PORT=str(server.port), LUMEN_DATABASE_URL="postgresql://x@127.0.0.1:9/none"
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"LUMEN_PORT: {server.port} is in use by another process at 127.0.0.1. "
        "Choose another one with --port or LUMEN_PORT\n"
    )


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])  # noqa: S104 - refused
def test_without_a_key_only_this_machine_can_connect(run_command: RunCommand, host: str) -> None:
    done = run_command("serve", "--host", host)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("--host: must be a loopback address such as 127.0.0.1 unless a key is set")
    assert "LUMEN_JWT_SECRET" in done.stderr


def test_with_a_key_it_listens_on_any_address(run_command: RunCommand) -> None:
    done = run_command("serve", "--host", "192.0.2.1", "--port", "0", LUMEN_JWT_SECRET=SECRET)
    assert done.returncode == 2
    assert done.stderr.startswith("--host: cannot listen on port 0 at 192.0.2.1: ")


def test_an_unknown_host_is_reported(run_command: RunCommand) -> None:
    done = run_command("serve", "--host", "no-such-host.invalid", LUMEN_JWT_SECRET=SECRET)
    assert done.returncode == 2
    assert done.stderr.startswith("--host: cannot be resolved: ")


def test_it_logs_where_the_secret_was_created(start_server: StartServer) -> None:
    server = start_server()
    assert server.stop() == 0
    server.start()
    created, using = re.findall(r"no key is set: (\w+) the secret in ([\w.-]+)", server.log())
    assert created == ("created", "lumen-notify.db.secret")
    assert using == ("using", "lumen-notify.db.secret")


def test_port_0_selects_a_free_port_and_logs_it(start_command: StartCommand) -> None:
    serving = start_command("serve", "--port", "0")
    wait_until(lambda: "serving at" in serving.output(), within_seconds=20, what="the server")
    found = re.search(r"serving at (http://127\.0\.0\.1:\d+)", serving.output())
    assert found is not None
    assert httpx.get(f"{found[1]}/healthz", trust_env=False).status_code == 200


def test_an_unreachable_database_is_reported_in_one_line(run_command: RunCommand) -> None:
    done = run_command("serve", "--port", "0", LUMEN_DATABASE_URL="postgresql://x@127.0.0.1:9/none")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(
        "lumen-notify: PostgreSQL at 127.0.0.1 port 9 does not answer"
    )
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--app", "nowhere:app"], 'lumen-notify: --app: Could not import module "nowhere".'),
        (["--app", "nowhere"], "must be in format"),
    ],
)
def test_an_app_that_cannot_be_imported_is_reported(
    run_command: RunCommand, arguments: list[str], says: str
) -> None:
    done = run_command("serve", "--port", "0", *arguments)
    assert done.returncode == 1
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_the_demo_needs_accounts(run_command: RunCommand) -> None:
    done = run_command("serve", "--demo", LUMEN_JWT_JWKS_URL="https://keys.example/set")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("LUMEN_JWT_JWKS_URL: is set, so only the owner of its private key")
    assert "--demo needs accounts" in done.stderr


def test_the_demo_is_for_this_machine_only(run_command: RunCommand) -> None:
    done = run_command("serve", "--demo", "--host", "192.0.2.1", LUMEN_JWT_SECRET="x" * 40)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("--host: must be a loopback address such as 127.0.0.1 with --demo")


def test_the_demo_works_as_the_terminal_says(start_server: StartServer) -> None:
    server = start_server("--demo")
    wait_until(lambda: "liked your photo" in server.log(), within_seconds=20, what="the demo text")
    (publish,) = re.findall(r"^  (curl .*)$", server.log(), re.MULTILINE)
    page, admin = re.findall(r"^  (http://\S+)$", server.log(), re.MULTILINE)
    assert page == f"{server.url}/"
    assert admin.startswith(f"{server.url}/admin#token=")
    done = subprocess.run(
        ["bash", "-c", publish],
        env={**server.environ, "no_proxy": "*"},
        capture_output=True,
        check=True,
        timeout=30,
    )
    assert json.loads(done.stdout)["recipients"] == 1
    with httpx.Client(base_url=page, trust_env=False, timeout=30) as client:
        config = client.get("page/config.json").json()
        assert config["accounts"]
        assert [user["name"] for user in config["demo_users"]] == ["Alice", "Bob"]
        alice = config["demo_users"][0]
        credentials = {"username": alice["username"], "password": alice["password"]}
        session = client.post("api/v1/auth/login", json=credentials).json()
        listed = client.get(
            "api/v1/notifications", headers={"Authorization": f"Bearer {session['access_token']}"}
        )
    newest = listed.json()["items"][0]
    assert (newest["content"], newest["sender"]["username"]) == ("liked your photo", "Bob")


def test_without_the_demo_nobody_is_offered(start_server: StartServer) -> None:
    server = start_server("--demo")
    server.stop()
    server = start_server()
    config = httpx.get(f"{server.url}/page/config.json", trust_env=False).json()
    assert config["demo_users"] == []


def test_responses_do_not_name_the_server(start_server: StartServer) -> None:
    server = start_server()
    assert "server" not in httpx.get(f"{server.url}/healthz", trust_env=False).headers


async def test_replaced_server_answers_connections_that_it_has_accepted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(server_module, "LINGER_SECONDS", 1.0)
    with listen_at("127.0.0.1", 0, 30.0) as listener:
        address = listener.getsockname()
        config = uvicorn.Config(PlainTextResponse("here"), lifespan="off", log_config=None, ws="none")
        config.load()
        started = asyncio.Event()
        server = Server(config, started.set, signals=[])
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        await asyncio.wait_for(started.wait(), 20)
        reader, writer = await asyncio.open_connection(*address)
        server.end(is_replaced=True)

        def is_refused() -> bool:
            try:
                socket.create_connection(address, timeout=5).close()
            except ConnectionRefusedError:
                return True
            return False

        await eventually(is_refused, what="the end of listening")
        writer.write(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        assert (await reader.read()).endswith(b"here")
        writer.close()
        await asyncio.wait_for(serving, 20)
