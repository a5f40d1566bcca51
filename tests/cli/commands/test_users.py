"""`lumen-notify users`: its arguments. What it does: `tests/cli/database/test_users.py`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lumen_notify import logs
from lumen_notify.cli import app
from lumen_notify.cli.commands import users
from lumen_notify.settings import Settings

from ..conftest import RunCommand


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """Note what is done."""
    noted: list[tuple[str, ...]] = []

    async def export_user(_: Settings, user: str, write: Callable[[str], object]) -> None:
        noted.append(("export", user))
        write("{}\n")

    async def delete_user(_: Settings, user: str, *, messages: str, report: Callable[[str], None]) -> None:
        noted.append(("delete", user, messages))
        report("end")

    monkeypatch.setattr(logs, "configure", lambda *_: None)
    monkeypatch.setattr(users, "require_database", lambda _: None)
    monkeypatch.setattr(users, "export_user", export_user)
    monkeypatch.setattr(users, "delete_user", delete_user)
    return noted


def test_export_prints_the_lines_alone(done: list[tuple[str, ...]]) -> None:
    result = CliRunner().invoke(app, ["users", "export", "ann"])
    assert (result.stdout, done) == ("{}\n", [("export", "ann")])


@pytest.mark.parametrize(
    ("arguments", "answer", "expected"),
    [
        (["--yes"], "", [("delete", "ann", "keep")]),
        (["--yes", "--messages", "delete"], "", [("delete", "ann", "delete")]),
        ([], "y\n", [("delete", "ann", "keep")]),
        ([], "n\n", []),
        ([], "", []),
    ],
)
def test_deletion_asks_first(
    done: list[tuple[str, ...]], arguments: list[str], answer: str, expected: list[tuple[str, ...]]
) -> None:
    result = CliRunner().invoke(app, ["users", "delete", "ann", *arguments], input=answer)
    assert done == expected
    assert result.exit_code == (0 if expected else 1)
    assert ("is deleted" in result.stdout) == bool(expected)
    assert ("a minute" in result.stderr) == bool(expected)


def test_without_a_database_it_makes_none(run_command: RunCommand, tmp_path: Path) -> None:
    result = run_command("users", "export", "ann")
    assert (result.returncode, result.stdout) == (1, "")
    assert "No lumen-notify.db" in result.stderr
    assert not list(tmp_path.glob("*.db"))
