"""Config: settings from the environment, the signing secret, and the addresses of the local server."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from lumen_notify.auth import Verifier, load_or_create_secret
from lumen_notify.cli.config import (
    NoSecret,
    base_url,
    make_token,
    read_settings,
    require_shared,
    server_url,
    signing_secret,
)
from lumen_notify.errors import Misconfigured
from lumen_notify.settings import Secret, Settings
from lumen_notify.settings.backplane_url import NEEDS_ONE_PROCESS

SECRET = "a secret of at least thirty-two bytes"


def test_arguments_override_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LUMEN_HOST", "192.0.2.1")
    monkeypatch.setenv("LUMEN_PORT", "1")
    monkeypatch.setenv("LUMEN_JWT_SECRET", SECRET)
    settings = read_settings()
    assert (settings.host, settings.port) == ("192.0.2.1", 1)
    settings = read_settings(host="127.0.0.1", port=0)
    assert (settings.host, settings.port) == ("127.0.0.1", 0)


def test_the_signing_secret_is_the_setting_or_the_secret_file(tmp_path: Path) -> None:
    assert signing_secret(Settings(jwt_secret=Secret(SECRET))).reveal() == SECRET
    settings = Settings(database_url=f"sqlite:///{tmp_path}/lumen.db")
    made = load_or_create_secret(tmp_path / "lumen.db.secret")
    assert signing_secret(settings) == made


def test_a_missing_secret_is_not_made(tmp_path: Path) -> None:
    settings = Settings(database_url=f"sqlite:///{tmp_path}/lumen.db")
    with pytest.raises(NoSecret) as caught:
        signing_secret(settings)
    assert caught.value.message == (
        f"No lumen.db.secret in {tmp_path}. Run this where the server runs, or set LUMEN_JWT_SECRET."
    )
    assert list(tmp_path.iterdir()) == []


def test_a_server_with_a_public_key_has_no_signing_secret() -> None:
    with pytest.raises(Misconfigured, match="LUMEN_JWT_JWKS_URL: is set, so only the owner"):
        signing_secret(Settings(jwt_jwks_url="https://keys.example/set"))


def test_a_token_is_accepted_with_the_same_settings() -> None:
    settings = Settings(jwt_secret=Secret(SECRET), jwt_audience="aud", jwt_issuer="iss")
    token = make_token(settings, "alice", ttl_seconds=60, scopes=["notify:publish"], display_name="Alice")
    principal = asyncio.run(Verifier.from_settings(settings).verify(token))
    assert (principal.user_id, principal.display_name) == ("alice", "Alice")
    assert principal.scopes == {"notify:publish"}


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),  # noqa: S104 - compared, not bound
        ("::", "http://[::1]:8000"),
        ("example.com", "http://example.com:8000"),
    ],
)
def test_the_server_url_is_reachable_from_this_machine(host: str, url: str) -> None:
    assert server_url(host, 8000) == url


def test_a_url_that_is_given_takes_the_place_of_the_local_server() -> None:
    settings = Settings(jwt_secret=Secret(SECRET), host="127.0.0.1", port=8000)
    assert base_url(None, settings) == "http://127.0.0.1:8000"
    assert base_url("https://x.example/notify/", settings) == "https://x.example/notify/"


def test_workers_share_postgresql_and_not_sqlite() -> None:
    require_shared(Settings(database_url="sqlite:///x.db"), 1)
    require_shared(Settings(database_url="postgresql://x@y/z"), 2)
    with pytest.raises(Misconfigured) as raised:
        require_shared(Settings(database_url="sqlite:///x.db"), 2)
    ((name, problem),) = raised.value.problems
    assert name == "LUMEN_WORKERS"
    assert problem.startswith("is 2, but SQLite serves one process")
    assert problem.endswith("Set LUMEN_DATABASE_URL=postgresql://user:password@host/name, or LUMEN_WORKERS=1")


def test_workers_need_a_backplane_that_reaches_the_others() -> None:
    settings = Settings(database_url="postgresql://x@y/z", backplane_url="memory://")
    require_shared(settings, 1)
    with pytest.raises(Misconfigured) as raised:
        require_shared(settings, 2)
    assert raised.value.problems == (("LUMEN_BACKPLANE_URL", NEEDS_ONE_PROCESS),)
