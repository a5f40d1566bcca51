"""`lumen-notify token`."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path

import httpx

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


def test_token_creates_the_secret_that_the_server_then_uses(
    run_command: RunCommand, start_server: StartServer, tmp_path: Path
) -> None:
    folder = tmp_path / "server"
    folder.mkdir()
    token = run_command("token", "alice", folder=folder).stdout.strip()
    assert stat.S_IMODE((folder / "lumen-notify.db.secret").stat().st_mode) == 0o600
    server = start_server()
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


def test_token_for_an_impossible_user_names_the_limit(run_command: RunCommand) -> None:
    done = run_command("token", "x" * 129)
    assert (done.returncode, done.stdout) == (2, "")
    assert "the limit is 128" in done.stderr
    assert "Traceback" not in done.stderr
