"""SQLite errors: each mistake is told with the path, and the way out that it names."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from lumen_notify.commit.database import Database, sqlite
from lumen_notify.commit.database.migrations import migrate
from lumen_notify.commit.database.sqlite_errors import explain
from lumen_notify.errors import DatabaseUnavailable, DatabaseUnusable, LumenError

ELSEWHERE = "Name another file in LUMEN_DATABASE_URL."


async def problem_of(path: Path, kind: type[LumenError] = DatabaseUnusable) -> str:
    """Start on a file that cannot be used; return what is said."""
    with pytest.raises(kind) as caught:
        await start_on(path)
    return caught.value.message


async def start_on(path: Path) -> None:
    database = Database(f"sqlite:///{path}")
    try:
        await database.open()
        await migrate(database)
    finally:
        await database.close()


async def test_folder_that_is_missing(tmp_path: Path) -> None:
    text = await problem_of(tmp_path / "none" / "lumen.db")
    assert text == f"The folder {tmp_path}/none does not exist. Create it, or correct LUMEN_DATABASE_URL."
    assert not (tmp_path / "none").exists()


async def test_path_of_a_folder_or_below_a_file(tmp_path: Path) -> None:
    assert await problem_of(tmp_path) == f"{tmp_path} is a folder. Name a file in LUMEN_DATABASE_URL."
    (tmp_path / "file").write_text("")
    assert await problem_of(tmp_path / "file" / "lumen.db") == f"{tmp_path}/file is not a folder. {ELSEWHERE}"


async def test_file_that_is_no_database_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("no database, " * 100)
    assert await problem_of(path) == f"{path} is not an SQLite database. {ELSEWHERE}"
    assert path.read_text() == "no database, " * 100


async def test_disk_that_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "WRITER", (*sqlite.WRITER, "PRAGMA max_page_count=10"))
    path = tmp_path / "lumen.db"
    assert await problem_of(path) == f"The disk with {path} is full. Free some space."


async def test_file_that_another_process_has_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "lumen.db"
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("PRAGMA journal_mode=WAL")
    other.execute("BEGIN IMMEDIATE")
    monkeypatch.setattr(sqlite, "WRITER", ("PRAGMA busy_timeout=50", *sqlite.WRITER[1:]))
    text = await problem_of(path, DatabaseUnavailable)
    other.close()
    assert text == f"Another process has locked {path} for too long. Try again once it has ended."


async def test_table_and_index_of_ours_that_we_have_not_made(tmp_path: Path) -> None:
    for number, sql in enumerate(
        (
            "CREATE TABLE lumen_message (theirs text)",
            "CREATE TABLE t (theirs text); CREATE INDEX lumen_event_by_audience ON t (theirs)",
        )
    ):
        path = tmp_path / f"{number}.db"
        theirs = sqlite3.connect(path)
        theirs.executescript(sql)
        text = await problem_of(path)
        assert text.startswith(f"{path} has something with a name of ours that lumen-notify has not made: ")
        assert "already" in text
        tables = theirs.execute("SELECT count(*) FROM sqlite_schema WHERE type = 'table'").fetchone()
        theirs.close()
        assert tables == (1,)


def started_without_privileges(folder: Path, command: str = "migrate") -> subprocess.CompletedProcess[str]:
    """Run the command line as somebody for whom the modes of files count: root without its privileges."""
    weaker: tuple[str, ...] = ()
    if os.geteuid() == 0:
        program = shutil.which("setpriv")
        if program is None:
            pytest.skip("setpriv (util-linux) is not installed")
        weaker = (program, "--bounding-set", "-dac_override,-dac_read_search,-fowner")
    environ = {name: value for name, value in os.environ.items() if not name.startswith("LUMEN_")}
    return subprocess.run(
        [*weaker, sys.executable, "-m", "lumen_notify", command],
        env={**environ, "LUMEN_DATABASE_URL": f"sqlite:///{folder}/lumen.db", "LUMEN_PORT": "0"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.server
@pytest.mark.parametrize("command", ["migrate", "serve"])
def test_folder_and_file_that_may_not_be_written(tmp_path: Path, command: str) -> None:
    folder, uid = tmp_path / "data", os.geteuid()
    folder.mkdir()
    try:
        folder.chmod(0o500)
        done = started_without_privileges(folder, command)
        assert (done.returncode, done.stderr.splitlines()) == (
            1,
            [
                (
                    f"lumen-notify: Uid {uid} may not write to the folder {folder}, where SQLite keeps"
                    f" lumen.db and its -wal file. Let it: chown {uid} {folder}"
                )
            ],
        )
        folder.chmod(0o700)
        (folder / "lumen.db").write_bytes(b"")
        (folder / "lumen.db").chmod(0o400)
        done = started_without_privileges(folder, command)
        assert (done.returncode, done.stderr.splitlines()[-1]) == (
            1,
            (
                f"lumen-notify: Uid {uid} may not write to {folder}/lumen.db."
                f" Let it: chown {uid} {folder}/lumen.db*"
            ),
        )
    finally:
        folder.chmod(0o700)


@pytest.mark.parametrize(
    ("code", "words", "problem"),
    [
        (sqlite3.SQLITE_CORRUPT, "malformed", "is damaged (malformed). Restore a backup."),
        (
            sqlite3.SQLITE_CANTOPEN,
            "unable",
            "cannot be opened (unable). Check who owns its",
        ),
        (sqlite3.SQLITE_IOERR_WRITE, "disk I/O error", "cannot be used (disk I/O error). Check its disk."),
    ],
)
def test_errors_that_no_file_here_has(code: int, words: str, problem: str) -> None:
    error = sqlite3.DatabaseError(words)
    error.sqlite_errorcode = code
    found = explain(error, "/data/lumen.db")
    assert isinstance(found, DatabaseUnusable)
    assert found.message.startswith(f"/data/lumen.db {problem}")


def test_defects_of_ours_are_not_explained() -> None:
    with pytest.raises(sqlite3.OperationalError) as caught:
        sqlite3.connect(":memory:").execute("SELECT * FROM nothing")
    for error in (caught.value, OSError(), ValueError(), None):
        assert explain(error, "lumen.db") is None
