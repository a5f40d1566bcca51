"""Lazy: a mistake is named as the user has made it: by its flag, or by its line in a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import RunCommand


@pytest.mark.parametrize("verb", ["serve", "check"])
def test_a_mistake_is_named_by_its_flag(run_command: RunCommand, verb: str) -> None:
    done = run_command(verb, "--port", "99999", LUMEN_PORT="1", LUMEN_HOST="not a host")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == [
        "LUMEN_HOST: must be an address or a host name, without port and brackets",
        "--port: must be less than or equal to 65535",
    ]


def test_a_mistake_in_a_file_is_named_by_its_line(run_command: RunCommand, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("# settings\nLUMEN_PORT=x\nLUMEN_POTR=1\n")
    done = run_command("check", LUMEN_HOST="not a host")
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        ".env:3: LUMEN_POTR: is not a known setting. Did you mean LUMEN_PORT?",
        "LUMEN_HOST: must be an address or a host name, without port and brackets",
        ".env:2: LUMEN_PORT: must be a valid integer",
    ]


def test_flags_come_before_the_environment_and_this_before_the_file(
    run_command: RunCommand, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("LUMEN_PORT=1\nLUMEN_HOST=file\nLUMEN_JWT_ISSUER=file\n")
    (tmp_path / "other.env").write_text("LUMEN_JWT_ISSUER=other\nLUMEN_TOKEN=abc\nUNRELATED=1\n")
    shown = run_command("settings", LUMEN_PORT="2").stdout
    rows = {line.split()[0]: line.split()[1:3] for line in shown.splitlines()}
    assert rows["LUMEN_PORT"] == ["2", "environment"]
    assert rows["LUMEN_HOST"] == ["file", ".env:2"]
    shown = run_command("settings", "--env-file", "other.env").stdout
    rows = {line.split()[0]: line.split()[1:3] for line in shown.splitlines()}
    assert rows["LUMEN_JWT_ISSUER"] == ["other", "other.env:1"]
    assert rows["LUMEN_HOST"] == ["127.0.0.1", "default"]
    done = run_command("tail", "--url", "http://127.0.0.1:9", LUMEN_ENV_FILE="missing.env")
    assert done.stderr == "LUMEN_ENV_FILE: missing.env: No such file or directory\n"
