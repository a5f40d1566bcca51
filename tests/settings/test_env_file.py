"""Env file: what a `.env` file may say, and where its mistakes are."""

from __future__ import annotations

from pathlib import Path

import pytest

from lumen_notify.errors import Misconfigured
from lumen_notify.settings.env_file import EnvFile, read_env_file


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder of the test's own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def read(text: str, name: str = "") -> EnvFile | None:
    Path(name or ".env").write_text(text, "utf-8")
    return read_env_file({"LUMEN_ENV_FILE": name} if name else {})


def test_it_has_our_variables_and_their_lines() -> None:
    found = read(
        "# a comment\n\nLUMEN_PORT=1 # one\nexport LUMEN_HOST='h h'\n"
        'DATABASE_URL=other\nLUMEN_A="a\\nb"\nLUMEN_EMPTY=\nLUMEN_E=${HOME}\n'
    )
    assert found is not None
    assert found.variables == {
        "LUMEN_PORT": "1",
        "LUMEN_HOST": "h h",
        "LUMEN_A": "a\nb",
        "LUMEN_EMPTY": "",
        "LUMEN_E": "${HOME}",
    }
    assert [found.place(name) for name in ("LUMEN_PORT", "LUMEN_HOST", "LUMEN_E")] == [
        ".env:3",
        ".env:4",
        ".env:8",
    ]
    assert "other" not in repr(found)


def test_without_a_file_nothing_is_read() -> None:
    assert read_env_file({}) is None


def test_another_file_takes_the_place_of_the_default() -> None:
    Path(".env").write_text("LUMEN_PORT=1\n")
    found = read("\ufeffLUMEN_PORT=2\n", "prod.env")
    assert found is not None
    assert (found.variables, found.place("LUMEN_PORT")) == ({"LUMEN_PORT": "2"}, "prod.env:1")


def test_all_lines_that_cannot_be_read_are_reported_without_their_text() -> None:
    with pytest.raises(Misconfigured) as caught:
        read("LUMEN_PORT=1\n\nnot a secret\nLUMEN_HOST\n")
    assert caught.value.problems == ((".env:3", "is not NAME=value"), (".env:4", "is not NAME=value"))


def test_a_file_that_is_named_must_be_there() -> None:
    with pytest.raises(Misconfigured, match=r"LUMEN_ENV_FILE: prod\.env: No such file or directory"):
        read_env_file({"LUMEN_ENV_FILE": "prod.env"})
    Path("bin.env").write_bytes(b"\xff\xfe")
    with pytest.raises(Misconfigured, match=r"bin\.env: is not UTF-8 text"):
        read_env_file({"LUMEN_ENV_FILE": "bin.env"})
