"""Check: it finds what would keep a server from starting, and changes nothing."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest

from lumen_notify.cli.checks.check import Finding, check
from lumen_notify.deliver.backplane import remote
from lumen_notify.errors import Misconfigured
from lumen_notify.push.providers.log import LogProvider
from lumen_notify.settings import Secret, Settings
from valkey import Valkey

SECRET = "a secret of at least thirty-two bytes"


def findings(settings: Settings) -> dict[str, Finding]:
    return {finding.name: finding for finding in asyncio.run(check(settings))}


def problems(settings: Settings) -> dict[str, str]:
    return {name: one.text for name, one in findings(settings).items() if one.is_problem}


def test_a_first_start_is_possible_and_nothing_is_made(tmp_path: Path) -> None:
    found = findings(Settings(database_url=f"sqlite:///{tmp_path}/lumen.db", port=0))
    assert not any(finding.is_problem for finding in found.values())
    assert f"{tmp_path}/lumen.db does not exist yet" in found["database"].text
    assert f"{tmp_path}/lumen.db.secret will be made" in found["keys"].text
    assert list(tmp_path.iterdir()) == []


def test_the_version_of_a_database_is_compared(database_url: str) -> None:
    found = findings(Settings(database_url=database_url, port=0, jwt_secret=Secret(SECRET)))
    assert found["database"].text.endswith(", the newest.")
    assert found["keys"].text == "LUMEN_JWT_SECRET verifies tokens."


def test_workers_need_postgresql(tmp_path: Path) -> None:
    found = problems(Settings(database_url=f"sqlite:///{tmp_path}/lumen.db", port=0, workers=2))
    assert found["database"].startswith("LUMEN_WORKERS: is 2, but SQLite serves one process")


def test_a_database_without_tables_will_be_migrated(unmigrated_url: str) -> None:
    found = findings(Settings(database_url=unmigrated_url, port=0))["database"]
    assert not found.is_problem
    assert "does not exist yet" in found.text or "has version 0, " in found.text


def test_every_part_that_is_not_right_is_found(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text("no key")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        found = problems(
            Settings(
                database_url=f"sqlite:///{tmp_path}/missing/lumen.db",
                jwt_public_key_file=tmp_path / "key.pem",
                categories=tmp_path / "missing.toml",
                tls_cert_file=tmp_path / "missing.pem",
                tls_key_file=tmp_path / "key.pem",
                port=port,
            )
        )
    assert found.keys() == {"database", "keys", "categories", "TLS", "port"}
    assert f"{tmp_path}/missing" in found["database"]
    assert (
        f"{port} is in use by another process at 127.0.0.1. Choose another one with --port" in found["port"]
    )


def test_without_a_key_only_loopback_is_right(tmp_path: Path) -> None:
    found = problems(Settings(database_url=f"sqlite:///{tmp_path}/lumen.db", host="0.0.0.0", port=0))  # noqa: S104
    assert found.keys() == {"keys", "port"}


def test_an_issuer_that_does_not_answer_is_found(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    url = f"sqlite:///{tmp_path}/lumen.db"
    found = problems(Settings(database_url=url, jwt_jwks_url="http://127.0.0.1:9/keys", port=0))
    assert found == {"keys": "The key server of the token issuer does not answer."}


def test_a_backplane_that_delivers_is_right(postgresql_url: str) -> None:
    found = findings(Settings(database_url=postgresql_url, port=0))["backplane"]
    assert not found.is_problem
    assert found.text.startswith("LUMEN_BACKPLANE_URL (PostgreSQL at ")
    assert found.text.endswith(" delivers what is sent.")


def test_a_backplane_that_does_not_answer_is_found(tmp_path: Path, valkey: Valkey) -> None:
    url = valkey.url.replace("redis://", "redis://:hunter2@")
    settings = Settings(database_url=f"sqlite:///{tmp_path}/lumen.db", backplane_url=valkey.url, port=0)
    place = f"LUMEN_BACKPLANE_URL (Redis at 127.0.0.1 port {valkey.port})"
    assert findings(settings)["backplane"].text == f"{place} delivers what is sent."
    refused = problems(settings.with_(backplane_url=url))
    valkey.kill()
    gone = problems(settings)
    for found in (refused, gone):
        assert found.keys() == {"backplane"}
        assert found["backplane"].startswith(f"{place}: ")
        assert "hunter2" not in found["backplane"]
    assert list(tmp_path.iterdir()) == []


def test_a_backplane_on_another_database_is_found(
    postgresql_url: str, shared_postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "PROBE_WAIT_SECONDS", 0.3)
    settings = Settings(database_url=postgresql_url, backplane_url=shared_postgresql_url, port=0)
    assert "delivers nothing" in problems(settings)["backplane"]


def test_files_of_push_are_read_without_a_database(tmp_path: Path) -> None:
    settings = Settings(database_url=f"sqlite:///{tmp_path}/lumen.db", port=0)
    assert findings(settings)["push"].text == (
        "webpush can be used. Apple's push service refuses Web Push without LUMEN_PUSH_VAPID_SUBJECT."
    )
    reachable = settings.with_(push_vapid_subject="mailto:ops@example.com")
    assert findings(reachable)["push"].text == "webpush can be used."
    assert findings(settings.with_(push_providers=("log",)))["push"].text == "log can be used."
    assert findings(settings.with_(push_providers=("off",)))["push"].text == "Push is off."
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "vapid.pem").write_text("no key")
    (tmp_path / "fcm.json").write_text("{}")
    found = problems(
        settings.with_(
            push_vapid_key_file=tmp_path / "vapid.pem", push_fcm_credentials_file=tmp_path / "fcm.json"
        )
    )
    assert "LUMEN_PUSH_VAPID_KEY_FILE: must contain a private key" in found["push"]
    assert "LUMEN_PUSH_FCM_CREDENTIALS_FILE: " in found["push"]
    assert "no key" not in found["push"]
    assert problems(settings.with_(push_providers=("fmc",)))["push"].startswith(
        "LUMEN_PUSH_PROVIDERS: has fmc"
    )


def test_services_of_push_are_asked_only_on_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    class Refused(LogProvider):
        async def check(self) -> None:
            asked.append("asked")
            raise Misconfigured([("LUMEN_PUSH_FCM_CREDENTIALS_FILE", "gives no access token: invalid_grant")])

    async def opened(*_: object) -> dict[str, LogProvider]:
        return {"log": Refused()}

    monkeypatch.setattr("lumen_notify.cli.checks.check.open_providers", opened)
    settings = Settings(database_url=f"sqlite:///{tmp_path}/lumen.db", port=0, push_providers=("log",))
    assert not findings(settings)["push"].is_problem
    assert asked == []
    (finding,) = [one for one in asyncio.run(check(settings, asks_push=True)) if one.name == "push"]
    assert finding.text == "LUMEN_PUSH_FCM_CREDENTIALS_FILE: gives no access token: invalid_grant"
    assert finding.is_problem
