"""`lumen-notify token`."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path

import httpx
import pytest

from conftest import StartServer
from lumen_notify.auth import Principal, Verifier
from lumen_notify.settings import Secret, Settings

from ..conftest import RunCommand

SECRET = "a secret of at least thirty-two bytes"


def verify(token: str, settings: Settings) -> Principal:
    return asyncio.run(Verifier.from_settings(settings).verify(token))


def test_token_prints_a_token_and_nothing_else(run_command: RunCommand) -> None:
    done = run_command(
        "token", "alice", "--scope", "notify:publish", "--scope", "notify:admin", "--name", "Alice",
        "--ttl", "60", LUMEN_JWT_SECRET=SECRET, LUMEN_JWT_AUDIENCE="aud", LUMEN_JWT_ISSUER="iss",
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    (token,) = done.stdout.splitlines()
    settings = Settings(jwt_secret=Secret(SECRET), jwt_audience="aud", jwt_issuer="iss")
    principal = verify(token, settings)
    assert (principal.user_id, principal.display_name) == ("alice", "Alice")
    assert principal.scopes == {"notify:publish", "notify:admin"}


def test_token_uses_the_secret_that_the_server_has_made(
    run_command: RunCommand, start_server: StartServer
) -> None:
    server = start_server()
    token = run_command("token", "alice", folder=server.folder).stdout.strip()
    (secret,) = server.folder.glob("*.secret")
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    answer = httpx.get(
        f"{server.url}/api/v1/notifications/counts",
        headers={"Authorization": f"Bearer {token}"},
        trust_env=False,
    )
    assert answer.status_code == 200


def test_token_is_refused_where_only_a_public_key_is_set(run_command: RunCommand) -> None:
    done = run_command("token", "alice", LUMEN_JWT_JWKS_URL="https://keys.example/set")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("LUMEN_JWT_JWKS_URL: is set, so only the owner of its private key")


@pytest.mark.parametrize(
    "verb", [["token", "a"], ["send", "a", "b"], ["tail", "a"], ["bench", "--url", "http://x"]]
)
def test_without_a_secret_it_says_where_to_run_and_makes_none(
    run_command: RunCommand, tmp_path: Path, verb: list[str]
) -> None:
    done = run_command(*verb)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"lumen-notify: No lumen-notify.db.secret in {tmp_path}. "
        "Run this where the server runs, or set LUMEN_JWT_SECRET.\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_scope_is_warned_about_and_the_token_stands_alone(run_command: RunCommand) -> None:
    done = run_command("token", "a", "--scope", "notify:pubish", "--scope", "x", LUMEN_JWT_SECRET=SECRET)
    assert done.returncode == 0
    assert done.stdout.count(".") == 2
    assert done.stderr.splitlines() == [
        f"lumen-notify: warning: the server does not know the scope {rest}"
        for rest in (
            "notify:pubish. Did you mean notify:publish?",
            "x. It knows notify:publish and notify:admin.",
        )
    ]


def test_token_for_an_impossible_user_names_the_limit(run_command: RunCommand) -> None:
    done = run_command("token", "x" * 129, LUMEN_JWT_SECRET=SECRET)
    assert (done.returncode, done.stdout) == (2, "")
    assert "the limit is 128" in done.stderr
    assert "Traceback" not in done.stderr
