"""`lumen-notify migrate`."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..conftest import RunCommand

SECRET = "a secret of at least thirty-two bytes"


def test_migrate_prints_the_applied_migrations(run_command: RunCommand, unmigrated_url: str) -> None:
    first = run_command("migrate", LUMEN_DATABASE_URL=unmigrated_url)
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout.splitlines()[0] == "applied 0001 log"
    second = run_command("migrate", LUMEN_DATABASE_URL=unmigrated_url)
    assert (second.returncode, second.stdout) == (0, "nothing to do\n")


def test_migrate_without_a_database_says_so_without_a_traceback(run_command: RunCommand) -> None:
    done = run_command("migrate", LUMEN_DATABASE_URL="postgresql://nobody@127.0.0.1:9/none")
    assert done.returncode == 1
    assert "The database does not answer" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("kind", ["text", "missing folder"])
def test_file_that_is_no_database_is_a_wrong_setting(
    run_command: RunCommand, tmp_path: Path, kind: str
) -> None:
    path = tmp_path / "notes.txt" if kind == "text" else tmp_path / "nowhere" / "lumen.db"
    if kind == "text":
        path.write_text("no database at all\n" * 100)
    done = run_command("migrate", LUMEN_DATABASE_URL=f"sqlite:///{path}")
    assert done.returncode == 2
    assert done.stderr.startswith("LUMEN_DATABASE_URL: names a file that cannot be used: ")
    assert "Traceback" not in done.stderr
