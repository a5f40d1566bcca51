"""Host: disk, clock and files of keys, each with what to do."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from lumen_notify.cli.checks import host
from lumen_notify.cli.checks.host import check_clock, free_space, warnings_of_keys
from lumen_notify.errors import DatabaseUnusable
from lumen_notify.settings import Secret, Settings


def test_free_space_beside_the_database_is_told(tmp_path: Path) -> None:
    text = free_space(Settings(database_url=f"sqlite:///{tmp_path}/not/yet/lumen.db"))
    assert text.endswith(f" are free in {tmp_path}/not/yet.")


def test_too_little_space_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=200 * 2**20))
    settings = Settings(database_url=f"sqlite:///{tmp_path}/lumen.db")
    with pytest.raises(DatabaseUnusable, match=r"200 MiB are free .* may need 256 MiB. Free some space."):
        free_space(settings)


async def test_clock_of_the_database_is_compared(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(database_url=postgresql_url)
    assert "that of PostgreSQL" in await check_clock(settings)
    monkeypatch.setattr(host, "now_ms", lambda: int(time.time() * 1000) - 3_600_000)
    with pytest.raises(DatabaseUnusable, match=r"This clock is 3[56]\d\d\.\d s behind .* time server"):
        await check_clock(settings)


async def test_postgresql_that_is_too_old_is_a_problem(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host, "MIN_POSTGRESQL", 990_000)
    with pytest.raises(DatabaseUnusable, match=r"made for 99 or newer. Upgrade it."):
        await check_clock(Settings(database_url=postgresql_url))


def test_files_that_others_may_read_are_warned_of(tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    key.write_text("key")
    key.chmod(0o644)
    settings = Settings(
        database_url=f"sqlite:///{tmp_path}/lumen.db",
        jwt_secret=Secret("a secret of at least thirty-two bytes"),
        push_vapid_key_file=key,
    )
    expected = f"LUMEN_PUSH_VAPID_KEY_FILE: others may read {key} (mode 644). Run: chmod 600 {key}"
    assert list(warnings_of_keys(settings)) == [expected]
    key.chmod(0o600)
    assert list(warnings_of_keys(settings)) == []


def test_old_secret_is_warned_of(tmp_path: Path) -> None:
    secret = tmp_path / "lumen.db.secret"
    secret.write_text("x" * 64)
    secret.chmod(0o600)
    settings = Settings(database_url=f"sqlite:///{tmp_path}/lumen.db")
    assert list(warnings_of_keys(settings)) == []
    before = time.time() - 400 * 86_400
    os.utime(secret, (before, before))
    (text,) = warnings_of_keys(settings)
    assert "is 400 days old: replace it" in text
