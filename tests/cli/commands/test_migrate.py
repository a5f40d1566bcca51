"""`lumen-notify migrate`: it says what it did, and what is wrong."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest

from ..conftest import RunCommand


def test_migrate_says_what_it_did(run_command: RunCommand, unmigrated_url: str) -> None:
    first = run_command("migrate", LUMEN_DATABASE_URL=unmigrated_url)
    assert (first.returncode, first.stderr) == (0, "")
    assert re.fullmatch(r"Created the tables of version \d+ in \d+\.\d\d s\.\n", first.stdout)
    second = run_command("migrate", LUMEN_DATABASE_URL=unmigrated_url)
    assert second.returncode == 0
    assert re.fullmatch(r"Nothing to migrate: the database has version \d+\.\n", second.stdout)


@pytest.mark.parametrize(
    "arguments",
    [("migrate",), ("serve", "--port", "0"), ("account", "ann")],
    ids=["migrate", "serve", "account"],
)
def test_mistake_about_the_database_is_one_line(
    run_command: RunCommand, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("no database at all\n" * 100)
    newer = tmp_path / "newer.db"
    with sqlite3.connect(newer) as database:
        database.execute("CREATE TABLE lumen_migration (version integer PRIMARY KEY, name text NOT NULL)")
        database.execute("INSERT INTO lumen_migration VALUES (999, 'later')")
    database.close()
    for url, problem in (
        (
            "postgresql://nobody@127.0.0.1:9/none",
            "PostgreSQL at 127.0.0.1 port 9 does not answer (connection",
        ),
        (f"sqlite:///{path}", f"{path} is not an SQLite database."),
        (f"sqlite:///{newer}", "The database has version 999, and this lumen-notify knows versions up to"),
    ):
        secret = "a secret of at least thirty-two bytes"
        done = run_command(*arguments, LUMEN_DATABASE_URL=url, LUMEN_JWT_SECRET=secret, LUMEN_ACCOUNTS="on")
        assert done.returncode == 1
        assert done.stdout == ""
        assert [line for line in done.stderr.splitlines() if problem in line] == done.stderr.splitlines()[-1:]
        assert "Traceback" not in done.stderr


def test_folder_that_is_missing_is_blamed_and_not_the_secret_beside_the_database(
    run_command: RunCommand, tmp_path: Path
) -> None:
    done = run_command("serve", "--port", "0", LUMEN_DATABASE_URL=f"sqlite:///{tmp_path}/none/lumen.db")
    assert (done.returncode, done.stderr) == (
        1,
        (
            f"lumen-notify: The folder {tmp_path}/none does not exist."
            " Create it, or correct LUMEN_DATABASE_URL.\n"
        ),
    )
