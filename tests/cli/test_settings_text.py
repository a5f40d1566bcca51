"""Settings text: values, sources, masks, and a file that says what is the default."""

from __future__ import annotations

from pathlib import Path

import pytest

from lumen_notify.cli.settings_text import env_file, table
from lumen_notify.settings import Secret, Settings
from lumen_notify.settings.env_file import EnvFile, read_env_file

SECRET = "a secret of at least thirty-two bytes"


def rows(text: str) -> dict[str, list[str]]:
    return {line.split()[0]: line.split()[1:] for line in text.splitlines()}


def test_each_setting_has_its_value_and_its_source() -> None:
    environ = {"LUMEN_PORT": "1", "LUMEN_CORS_ORIGINS": "https://a.example,https://b.example"}
    file = EnvFile(path=Path(".env"), variables={"LUMEN_PORT": "1"}, lines={"LUMEN_PORT": 3})
    shown = rows(table(Settings.from_env(environ), environ, file))
    assert list(shown) == [name for name, _, _ in Settings.table()]
    assert shown["LUMEN_PORT"] == ["1", ".env:3", "(default:", "8000)"]
    assert shown["LUMEN_CORS_ORIGINS"][:2] == ["https://a.example,https://b.example", "environment"]
    assert shown["LUMEN_PING_SECONDS"] == ["30", "default"]


def test_secrets_are_masked() -> None:
    settings = Settings(jwt_secret=Secret(SECRET), database_url="postgresql://u:hunter2@db/name")
    shown = table(settings, {}, None)
    assert SECRET not in shown
    assert "hunter2" not in shown
    assert rows(shown)["LUMEN_JWT_SECRET"][0] == "***"


def test_the_file_has_every_default_and_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = env_file()
    Path(".env").write_text(text)
    as_it_is = read_env_file({})
    Path(".env").write_text(
        "\n".join(line.removeprefix("#") for line in text.splitlines() if line[:2] != "# ")
    )
    uncommented = read_env_file({})
    assert as_it_is is not None
    assert uncommented is not None
    assert as_it_is.variables == {}
    assert uncommented.variables.keys() == {name for name, _, _ in Settings.table()}
    assert Settings.from_env(uncommented.variables) == Settings()
    assert max(map(len, text.splitlines())) <= 100
