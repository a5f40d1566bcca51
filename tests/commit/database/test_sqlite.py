"""SQLite: readers cannot write, commits are flushed, and a file that cannot be used is refused."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from lumen_notify.commit.database import Database
from lumen_notify.commit.database import sqlite as module
from lumen_notify.commit.database.sqlite import refusal_of, require_usable
from lumen_notify.errors import DatabaseUnavailable, Misconfigured

from .keyring import keep, key


async def test_readers_cannot_write(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    await database.open()
    try:
        reader = database._readers[0]
        with pytest.raises(DatabaseUnavailable) as caught:
            await reader.run_sql("CREATE TABLE x (n integer)")
        assert "readonly" in str(caught.value.__cause__)
    finally:
        await database.close()


async def test_commits_are_flushed_and_logged_ahead(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    await database.open()
    try:
        assert [tuple(row) for row in await database._writer.run_sql("PRAGMA journal_mode")] == [("wal",)]
        assert [tuple(row) for row in await database._writer.run_sql("PRAGMA synchronous")] == [(2,)]
        assert [tuple(row) for row in await database._writer.run_sql("PRAGMA wal_autocheckpoint")] == [
            (4000,)
        ]
    finally:
        await database.close()


@pytest.mark.parametrize("url", ["sqlite:////nowhere/at/all.db", "sqlite:////"])
async def test_file_that_cannot_be_is_misconfigured(url: str) -> None:
    with pytest.raises(Misconfigured, match="LUMEN_DATABASE_URL"):
        await Database(url).open()


def test_file_that_is_no_database_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("no database, " * 100)
    with pytest.raises(sqlite3.DatabaseError) as caught:
        sqlite3.connect(path).execute("SELECT * FROM sqlite_master")
    assert "names a file that cannot be used" in str(refusal_of(caught.value))
    assert path.read_text().startswith("no database")


def test_error_of_anything_but_the_file_is_no_refusal() -> None:
    with pytest.raises(sqlite3.OperationalError) as caught:
        sqlite3.connect(":memory:").execute("SELECT * FROM nothing")
    assert refusal_of(caught.value) is None
    assert refusal_of(OSError()) is None
    assert refusal_of(None) is None


def test_sqlite_that_is_too_old_is_refused_by_its_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MINIMUM", (99, 0, 0))
    with pytest.raises(Misconfigured, match=r"99[.]0[.]0 or newer is needed"):
        require_usable("sqlite:///:memory:")


async def test_file_that_another_process_has_locked_for_too_long_is_busy(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(sqlite_url)
    await database.open()
    monkeypatch.setattr(module, "WRITER", ("PRAGMA busy_timeout=50", *module.WRITER[1:]))
    waiting = Database(sqlite_url)
    await waiting.open()
    async with database.transaction() as transaction:
        await transaction.run("open_key", name="a", value="value")
        with pytest.raises(DatabaseUnavailable) as caught:
            await keep(waiting, "b")
    assert caught.value.code == "database_busy"
    await keep(waiting, "b")
    assert (await key(database, "a"), await key(database, "b")) == (["value"], ["value"])
    await waiting.close()
    await database.close()
