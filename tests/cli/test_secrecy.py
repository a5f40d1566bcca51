"""No token, ticket, cookie or content appears in any log line, however a request carries it or fails."""

from __future__ import annotations

import contextlib
import re
import signal
import socket
import sqlite3
from pathlib import Path

import httpx
import httpx_sse
import pytest

from conftest import StartServer
from lumen_notify.auth import mint
from servers import PostgreSQL, RunningServer
from test_example import FOLDER, PhotosServer

SECRET = "the secret of this very test, long enough"
CONTENT = "the-content-of-a-notification"
PASSWORD = "the-password of this very test"
OTHER_SECRET = "another secret, used to forge tokens"


class Run:
    """Makes requests of every kind to one server; remembers each credential sent or received."""

    def __init__(self, server: RunningServer, base: str = "") -> None:
        self.server = server
        self.api = f"{server.url}{base}/api/v1/notifications"
        self.good = mint(SECRET, "alice", ttl_seconds=600, scopes=["notify:publish"])
        self.bad = {
            "forged": mint(OTHER_SECRET, "alice", ttl_seconds=600),
            "expired": mint(SECRET, "alice", ttl_seconds=-600),
            "for another audience": mint(SECRET, "alice", ttl_seconds=600, audience="elsewhere"),
            "garbage": "gar.ba.ge-credential",
            "too long": "toolongcredential" * 1000,
        }
        self.auth = f"{server.url}{base}/api/v1/auth"
        self.shown = {self.good, SECRET, CONTENT, PASSWORD, *self.bad.values()}

    def make_requests(self) -> None:
        with httpx.Client(timeout=20, trust_env=False) as client:
            self._calls(client)
            self._streams(client)
            self._oddities(client)
            self._accounts(client)

    def _calls(self, client: httpx.Client) -> None:
        for name, token in {"good": self.good, **self.bad}.items():
            headers = {"Authorization": f"Bearer {token}"}
            body = {"to": {"user": "bob"}, "category": "news", "content": CONTENT}
            expected = 201 if name == "good" else 401
            assert client.post(self.api, headers=headers, json=body).status_code == expected, name
            assert client.get(f"{self.api}/{token[:2000]}", headers=headers).status_code in (401, 404)
            assert client.get(f"{self.api}?token={token[:2000]}", headers=headers).status_code in (401, 422)

    def _streams(self, client: httpx.Client) -> None:
        stream = f"{self.api}/stream"
        bearer = {"Authorization": f"Bearer {self.good}"}
        ticket = client.post(f"{stream}/tickets", headers=bearer).json()["ticket"]
        self.shown.add(ticket)
        self._open(client, stream, params={"token": self.good})
        self._open(client, stream, headers=bearer)
        response = self._open(client, stream, params={"ticket": ticket})
        cookie = re.search(r"lumen_stream=([^;]+)", response.headers["set-cookie"])
        assert cookie is not None
        self.shown.add(cookie[1])
        self._open(client, stream, headers={"Cookie": f"lumen_stream={cookie[1]}"})
        assert client.get(stream, params={"token": self.good, "device": "toaster"}).status_code == 422
        client.cookies.clear()
        for bad in (*self.bad.values(), ticket[:-4] + "AAAA"):
            self.shown.add(bad)
            for asked in (
                {"params": {"token": bad}},
                {"params": {"ticket": bad}},
                {"headers": {"Authorization": f"Bearer {bad}"}},
                {"headers": {"Cookie": f"lumen_stream={bad}"}},
            ):
                assert client.get(stream, **asked).status_code == 401

    def _open(self, client: httpx.Client, url: str, **asked: object) -> httpx.Response:
        with httpx_sse.connect_sse(client, "GET", url, **asked) as source:
            frames = (frame for frame in source.iter_sse() if frame.data)
            assert next(frames).event == "ready"
        client.cookies.clear()
        return source.response

    def _oddities(self, client: httpx.Client) -> None:
        assert client.get(self.server.url + "/" + self.good).status_code == 404
        assert client.request("BREW", self.api, params={"token": self.good}).status_code in (400, 405)
        for request in (
            f"GET {self.api}/stream?token={self.good} HTTP/1.1\r\n{self.good}\r\n\r\n",
            f"{self.good}\r\n\r\n",
            f"GET /?token={self.good} HTTP/7.7\r\n\r\n",
        ):
            with socket.create_connection(("127.0.0.1", self.server.port), timeout=20) as connection:
                connection.sendall(request.encode())
                connection.recv(1000)

    def _accounts(self, client: httpx.Client) -> None:
        ann = {"username": "ann", "password": PASSWORD}
        session = client.post(f"{self.auth}/register", json=ann).json()
        token = {"refresh_token": session["refresh_token"]}
        fresh = client.post(f"{self.auth}/refresh", json=token).json()
        for one in (session, fresh):
            self.shown |= {one["access_token"], one["refresh_token"]}
        for path, body, expected in (
            ("register", ann, 409),
            ("register", {**ann, "password": PASSWORD, "more": 1}, 422),
            ("login", {"username": "bob", "password": PASSWORD}, 401),
            ("login", {"username": PASSWORD, "password": "ann"}, 422),
            ("refresh", token, 401),
            ("refresh", {"refresh_token": PASSWORD}, 401),
        ):
            assert client.post(f"{self.auth}/{path}", json=body).status_code == expected, path

    def parts(self) -> set[str]:
        """Return what must not be found: each credential, and each part of one that tells anything."""
        # A JWT's head is the same for all, and says nothing.
        pieces = {piece for one in self.shown for piece in one.split(".")[1:] if len(piece) > 8}
        return self.shown | pieces

    def assert_nothing_is_in(self, log: str) -> None:
        found = {part for part in self.parts() if part in log}
        lines = [line[:300] for line in log.splitlines() if any(part in line for part in found)]
        assert lines == []


def test_nothing_secret_is_in_any_line_of_our_server(start_server: StartServer, database_url: str) -> None:
    server = start_server(
        database_url=database_url,
        LUMEN_LOG_LEVEL="debug",
        LUMEN_ACCESS_LOG="on",
        LUMEN_JWT_SECRET=SECRET,
        LUMEN_ACCOUNTS="on",
    )
    run = Run(server)
    run.make_requests()
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(timeout=20) == 0
    log = server.log()
    assert "level=debug" in log
    assert 'logger=lumen_notify.access msg="POST /api/v1/notifications 201 from 127.0.0.1:' in log
    assert len(re.findall(r"msg=\"stream \S+ closed", log)) == 4
    run.assert_nothing_is_in(log)


def assert_fails(run: Run, status: int) -> None:
    headers = {"Authorization": f"Bearer {run.good}"}
    body = {"to": {"user": "bob"}, "category": "news", "content": CONTENT}
    with httpx.Client(timeout=60, trust_env=False) as client:
        assert client.post(run.api, headers=headers, json=body).status_code == status
        assert client.get(run.api, headers=headers).status_code == status
        assert client.get(f"{run.api}/stream", params={"token": run.good}).text.count("overloaded") == 1


@pytest.mark.postgresql
@pytest.mark.slow
def test_nothing_secret_is_logged_while_the_database_is_away(
    start_server: StartServer, postgresql: PostgreSQL
) -> None:
    server = start_server(database_url=postgresql.url(), LUMEN_LOG_LEVEL="debug", LUMEN_JWT_SECRET=SECRET)
    postgresql.kill()
    run = Run(server)
    assert_fails(run, 503)
    server.kill()
    assert "could not be opened" in server.log()
    run.assert_nothing_is_in(server.log())


def test_nothing_secret_is_in_a_traceback(start_server: StartServer, sqlite_url: str) -> None:
    server = start_server(database_url=sqlite_url, LUMEN_LOG_LEVEL="debug", LUMEN_JWT_SECRET=SECRET)
    with contextlib.closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as database:
        database.execute("ALTER TABLE lumen_notification RENAME TO lost_and_found")
        database.execute("ALTER TABLE lumen_active_total RENAME TO lost_total")
        database.commit()
    run = Run(server)
    assert_fails(run, 500)
    server.kill()
    assert "Traceback" in server.log()
    run.assert_nothing_is_in(server.log())


def test_the_check_for_secrets_finds_one(start_server: StartServer) -> None:
    server = start_server(LUMEN_JWT_SECRET=SECRET)
    run = Run(server)
    with pytest.raises(AssertionError):
        run.assert_nothing_is_in(f"a line with {run.good.split('.')[2]} in it")


@pytest.mark.server
def test_nothing_secret_is_in_the_access_log_of_a_plain_uvicorn(tmp_path: Path) -> None:
    environ = {"PYTHONPATH": str(FOLDER), "LUMEN_JWT_SECRET": SECRET}
    server = PhotosServer(tmp_path, environ=environ)
    server.is_ours = False
    with server, httpx.Client(timeout=20, trust_env=False) as client:
        run = Run(server, "/notify")
        run._streams(client)
    assert "token=redacted" in server.log()
    run.assert_nothing_is_in(server.log())
