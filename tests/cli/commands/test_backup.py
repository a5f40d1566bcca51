"""`lumen-notify backup`: its arguments. The backup itself: `tests/cli/database/test_backup.py`."""

from __future__ import annotations

from pathlib import Path

from ..conftest import RunCommand


def test_postgresql_gets_commands_and_no_file(run_command: RunCommand, tmp_path: Path) -> None:
    done = run_command("backup", "lumen.dump", LUMEN_DATABASE_URL="postgresql://lumen@db.example/lumen")
    assert (done.returncode, done.stderr) == (0, "")
    assert "\npg_dump " in done.stdout
    assert not list(tmp_path.glob("*.dump"))


def test_without_a_database_it_says_where_to_run(run_command: RunCommand, tmp_path: Path) -> None:
    done = run_command("backup", "copy.db")
    assert (done.returncode, done.stdout) == (1, "")
    assert "Run this where the server runs" in done.stderr
    assert not list(tmp_path.glob("*.db"))
