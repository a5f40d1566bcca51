from __future__ import annotations

import asyncio
import stat
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from conftest import StartServer
from lumen_notify.auth import Principal, Verifier
from lumen_notify.cli import COMMANDS, app
from lumen_notify.settings import Secret, Settings

from .conftest import RunCommand, environment

SECRET = "a secret of at least thirty-two bytes"


def verify(token: str, settings: Settings) -> Principal:
    return asyncio.run(Verifier.from_settings(settings).verify(token))


def test_token_prints_a_token_alone(run_command: RunCommand) -> None:
    done = run_command(
        "token", "alice", "--scope", "notify:publish", "--scope", "notify:admin", "--name", "Alice",
        "--ttl", "60", LUMEN_JWT_SECRET=SECRET, LUMEN_JWT_AUDIENCE="aud", LUMEN_JWT_ISSUER="iss",
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    (token,) = done.stdout.splitlines()
    settings = Settings(jwt_secret=Secret(SECRET), jwt_audience="aud", jwt_issuer="iss")
    principal = verify(token, settings)
    assert (principal.user_id, principal.username) == ("alice", "Alice")
    assert principal.scopes == {"notify:publish", "notify:admin"}


def test_token_makes_the_secret_that_the_server_then_takes(
    run_command: RunCommand, start_server: StartServer, tmp_path: Path
) -> None:
    folder = tmp_path / "server"
    folder.mkdir()
    token = run_command("token", "alice", folder=folder).stdout.strip()
    assert stat.S_IMODE((folder / "lumen-notify.db.secret").stat().st_mode) == 0o600
    server = start_server()
    answer = httpx.get(
        f"{server.url}/api/v1/notifications/unread",
        headers={"Authorization": f"Bearer {token}"},
        trust_env=False,
    )
    assert answer.status_code == 200


def test_token_is_refused_where_only_a_public_key_is_set(run_command: RunCommand) -> None:
    done = run_command("token", "alice", LUMEN_JWT_JWKS_URL="https://keys.example/set")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("LUMEN_JWT_JWKS_URL: is set, so tokens come from whoever holds")


def test_token_for_an_impossible_user_names_the_limit(run_command: RunCommand) -> None:
    done = run_command("token", "x" * 129)
    assert (done.returncode, done.stdout) == (2, "")
    assert "the limit is 128" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("verb", [["serve"], ["migrate"], ["token", "a"], ["send", "a", "b"], ["tail", "a"]])
def test_wrong_settings_are_told_one_a_line_without_values(run_command: RunCommand, verb: list[str]) -> None:
    done = run_command(*verb, LUMEN_PORT="eighty", LUMEN_JWT_SECRET="short", LUMEN_HOTS="x")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == [
        "LUMEN_HOTS: is not a known setting. Did you mean LUMEN_HOST?",
        "LUMEN_PORT: must be a valid integer",
        "LUMEN_JWT_SECRET: is 5 bytes long; HS256 needs at least 32",
    ]


def test_token_variable_is_no_wrong_setting(run_command: RunCommand) -> None:
    assert run_command("token", "alice", LUMEN_TOKEN="x").returncode == 0


def test_migrate_says_what_it_did(run_command: RunCommand, unmigrated_url: str) -> None:
    first = run_command("migrate", LUMEN_DATABASE_URL=unmigrated_url)
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout.splitlines()[0] == "made 0001 log_and_notifications"
    second = run_command("migrate", LUMEN_DATABASE_URL=unmigrated_url)
    assert (second.returncode, second.stdout) == (0, "nothing to do\n")


def test_migrate_without_a_database_says_so_without_a_traceback(run_command: RunCommand) -> None:
    done = run_command("migrate", LUMEN_DATABASE_URL="postgresql://nobody@127.0.0.1:9/none")
    assert done.returncode == 1
    assert "the database does not answer" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.postgresql
@pytest.mark.parametrize("verb", [["migrate"], ["serve", "--port", "0"]])
def test_database_that_the_server_does_not_know_is_a_wrong_setting(
    run_command: RunCommand, postgresql_url: str, verb: list[str]
) -> None:
    wrong = postgresql_url.replace("lumen_test_", "there_is_none_", 1)
    done = run_command(*verb, LUMEN_DATABASE_URL=wrong)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("LUMEN_DATABASE_URL: is refused by the server: database ")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("kind", ["text", "missing folder"])
def test_file_that_is_no_database_is_a_wrong_setting(
    run_command: RunCommand, tmp_path: Path, kind: str
) -> None:
    path = tmp_path / "notes.txt" if kind == "text" else tmp_path / "nowhere" / "lumen.db"
    if kind == "text":
        path.write_text("no database at all\n" * 100)
    done = run_command("migrate", LUMEN_DATABASE_URL=f"sqlite:///{path}")
    assert done.returncode == 2
    assert done.stderr.startswith("LUMEN_DATABASE_URL: names a file that cannot be used: ")
    assert "Traceback" not in done.stderr


def test_send_publishes(run_command: RunCommand, start_server: StartServer) -> None:
    server = start_server()
    port = str(server.port)
    done = run_command(
        "send", "alice", "the text", "--category", "news", "--title", "the title",
        folder=server.folder, LUMEN_PORT=port,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("sent 0")
    assert done.stdout.endswith(" to alice at position 1\n")

    token = run_command("token", "alice", folder=server.folder).stdout.strip()
    headers = {"Authorization": f"Bearer {token}"}
    listed = httpx.get(f"{server.url}/api/v1/notifications", headers=headers, trust_env=False).json()["items"]
    shown = {name: listed[0][name] for name in ("category", "title", "content", "sender")}
    system = {"id": "system", "username": "system", "avatar": None}
    assert shown == {"category": "news", "title": "the title", "content": "the text", "sender": system}

    # A token given goes before one made here, and needs the scope.
    refused = run_command("send", "bob", "x", "--url", server.url, LUMEN_TOKEN=token)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("lumen-notify: not sent: 403 forbidden: ")
    own = run_command("send", "alice", "x", "--url", server.url, "--token", token, LUMEN_TOKEN="not this")
    assert own.returncode == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--category", "No Slug"], "422 invalid: category "),
        (["--token", "abc"], "401 token_invalid: The token is not a well-formed JWT."),
        (["--url", "http://127.0.0.1:9"], "does not answer"),
        (["--url", "ftp://127.0.0.1"], "does not answer"),
        (["--url", "http://127.0.0.1:x"], "is no URL"),
    ],
)
def test_send_says_why_it_did_not(
    run_command: RunCommand, start_server: StartServer, arguments: list[str], says: str
) -> None:
    server = start_server()
    done = run_command("send", "alice", "x", *arguments, folder=server.folder, LUMEN_PORT=str(server.port))
    assert (done.returncode, done.stdout) == (1, "")
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_version_and_help(run_command: RunCommand) -> None:
    assert run_command("--version").stdout.startswith("lumen-notify ")
    shown = run_command("--help").stdout
    for verb, text in COMMANDS.items():
        assert verb in shown
        assert text in shown


@pytest.mark.parametrize("verb", COMMANDS)
def test_each_command_tells_its_own_arguments(verb: str) -> None:
    shown = CliRunner().invoke(app, [verb, "--help"], env={"COLUMNS": "200", "TERM": "dumb"})
    assert shown.exit_code == 0, shown.output
    assert f"{verb} [OPTIONS]" in shown.output
    assert COMMANDS[verb] in shown.output


@pytest.mark.server
def test_token_is_made_without_what_the_server_is_made_of(tmp_path: Path) -> None:
    program = """
import sys
from lumen_notify.cli import app
app(["token", "alice"], standalone_mode=False)
print(*sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment({"LUMEN_JWT_SECRET": SECRET}),
        timeout=60,
        check=True,
    )
    token, modules = done.stdout.splitlines()
    assert token.count(".") == 2
    assert not {"starlette", "uvicorn", "sqlalchemy", "databases", "httpx"} & set(modules.split())
