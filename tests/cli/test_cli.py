"""`lumen-notify`: the help, wrong settings, and lazy imports of its subcommands."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lumen_notify.cli import app
from lumen_notify.cli.help import COMMANDS, EXAMPLES

from .conftest import RunCommand, environment

SECRET = "a secret of at least thirty-two bytes"


@pytest.mark.parametrize("verb", [["serve"], ["migrate"], ["token", "a"], ["send", "a", "b"], ["tail", "a"]])
def test_wrong_settings_are_reported_one_per_line_without_values(
    run_command: RunCommand, verb: list[str]
) -> None:
    done = run_command(*verb, LUMEN_PORT="eighty", LUMEN_JWT_SECRET="short", LUMEN_HOTS="x")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == [
        "LUMEN_HOTS: is not a known setting. Did you mean LUMEN_HOST?",
        "LUMEN_PORT: must be a valid integer",
        "LUMEN_JWT_SECRET: is 5 bytes long; HS256 needs at least 32",
    ]


def test_the_token_variable_is_not_an_unknown_setting(run_command: RunCommand) -> None:
    assert run_command("token", "alice", LUMEN_TOKEN="x", LUMEN_JWT_SECRET=SECRET).returncode == 0


@pytest.mark.postgresql
@pytest.mark.parametrize("verb", [["migrate"], ["serve", "--port", "0"]])
def test_an_unknown_database_is_told_in_one_line(
    run_command: RunCommand, postgresql_url: str, verb: list[str]
) -> None:
    wrong = postgresql_url.replace("lumen_test_", "there_is_none_", 1)
    done = run_command(*verb, LUMEN_DATABASE_URL=wrong)
    assert done.returncode == 1
    assert 'has no database "there_is_none_' in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_version_and_help(run_command: RunCommand) -> None:
    assert run_command("--version").stdout.startswith("lumen-notify ")
    shown = run_command("--help").stdout
    for verb, text in COMMANDS.items():
        assert verb in shown
        assert text in shown


@pytest.mark.parametrize("verb", COMMANDS)
def test_each_command_has_its_own_help(verb: str) -> None:
    shown = CliRunner().invoke(app, [verb, "--help"], env={"COLUMNS": "200", "TERM": "dumb"})
    assert shown.exit_code == 0, shown.output
    assert f"{verb} [OPTIONS]" in shown.output
    assert COMMANDS[verb] in shown.output
    assert f"Example: {EXAMPLES[verb]}" in shown.output
    assert "<bool>" not in shown.output
    assert "--env-file" in shown.output


@pytest.mark.server
def test_token_does_not_import_the_server(tmp_path: Path) -> None:
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
