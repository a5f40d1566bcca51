"""`lumen-notify account`: creates an account, sets its scopes and its password, beside a running server."""

from __future__ import annotations

import os
import pty
import subprocess
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest

from conftest import StartServer
from lumen_notify.auth import ADMIN, PUBLISH
from servers import RunningServer

from .conftest import COMMAND, environment

SECRET = "a secret of at least thirty-two bytes"
GOOD = "correct horse battery"


def account(
    folder: Path, *arguments: str, typed: str | bytes = "", **environ: str
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*COMMAND, "account", *arguments],
        input=typed if isinstance(typed, bytes) else typed.encode(),
        capture_output=True,
        cwd=folder,
        env=environment(environ),
        timeout=60,
        check=False,
    )


@pytest.fixture
def server(start_server: StartServer, database_url: str) -> RunningServer:
    return start_server(database_url=database_url, LUMEN_JWT_SECRET=SECRET, LUMEN_ACCOUNTS="on")


def post(server: RunningServer, path: str, **body: Any) -> httpx.Response:
    return httpx.post(f"{server.url}/api/v1/auth/{path}", json=body, trust_env=False, timeout=20)


def scopes(session: dict[str, Any]) -> list[str]:
    claims: dict[str, str] = jwt.decode(session["access_token"], SECRET, algorithms=["HS256"])
    return claims.get("scope", "").split()


def test_an_account_is_created_and_changed_while_the_server_runs(
    server: RunningServer, database_url: str, tmp_path: Path
) -> None:
    def run(*arguments: str, typed: str = "") -> str:
        done = account(tmp_path, *arguments, typed=typed, LUMEN_DATABASE_URL=database_url)
        assert (done.returncode, done.stderr) == (0, b"")
        (user_id,) = done.stdout.decode().splitlines()
        return user_id

    user_id = run("Ann", "--scope", PUBLISH, typed=GOOD + "\nmore\n")
    session = post(server, "login", username="ann", password=GOOD).json()
    assert (session["user_id"], scopes(session)) == (user_id, [PUBLISH])

    assert run("ann") == user_id
    assert run("ann", "--scope", ADMIN, "--scope", PUBLISH) == user_id
    session = post(server, "refresh", refresh_token=session["refresh_token"]).json()
    assert scopes(session) == [ADMIN, PUBLISH]

    assert run("ann", "--password", typed="staple of another kind\r\n") == user_id
    assert post(server, "refresh", refresh_token=session["refresh_token"]).status_code == 401
    assert post(server, "login", username="ann", password=GOOD).status_code == 401
    session = post(server, "login", username="ann", password="staple of another kind").json()
    assert scopes(session) == [ADMIN, PUBLISH]


@pytest.mark.parametrize("encoding", ["utf-8:strict", "utf-8:surrogateescape"])
@pytest.mark.parametrize(
    ("name", "typed", "problem"),
    [
        ("an", GOOD, "The username must be 3 to 64 characters of a-z"),
        ("ann", "1234567", "The password must have 8 to 1024 characters; this has 7"),
        ("ann", "", "The password must have 8 to 1024 characters; this has 0"),
        ("annabell", "AnnaBell", "The password must not be the username."),
        ("ann", b"\xff\xfe\xfd1234567", "The password must be UTF-8 text."),
    ],
)
@pytest.mark.server
def test_invalid_input_is_reported_without_a_traceback(
    sqlite_url: str, name: str, typed: str | bytes, problem: str, encoding: str
) -> None:
    folder = Path(sqlite_url.removeprefix("sqlite:///")).parent
    environ = {"PYTHONIOENCODING": encoding, "LUMEN_DATABASE_URL": sqlite_url}
    done = account(folder, name, typed=typed, **environ)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode().startswith(f"lumen-notify: {problem}")
    assert "1234567" not in done.stderr.decode()
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.server
def test_a_terminal_does_not_show_the_password(tmp_path: Path, sqlite_url: str) -> None:
    terminal, end = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "account", "ann"],
        stdin=end,
        stdout=subprocess.PIPE,
        stderr=end,
        cwd=tmp_path,
        env=environment({"LUMEN_DATABASE_URL": sqlite_url}),
    )
    os.close(end)
    shown = b""
    for _ in range(2):
        while not shown.endswith(b": "):
            shown += os.read(terminal, 1000)
        os.write(terminal, GOOD.encode() + b"\n")
        shown += b"\n"
    out, _ = process.communicate(timeout=60)
    os.close(terminal)
    assert process.returncode == 0
    assert len(out.decode().strip()) == 36
    assert GOOD.encode() not in shown
