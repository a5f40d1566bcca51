"""SQLite: readers cannot write, commits are flushed, the WAL is bounded, and a file that cannot be used is
refused."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
from pathlib import Path

import pytest

from lumen_notify.commit.database import Database
from lumen_notify.commit.database import sqlite as module
from lumen_notify.commit.database.queries import Query, load
from lumen_notify.commit.database.sqlite import require_usable, warn_if_shared
from lumen_notify.errors import DatabaseUnavailable, DatabaseUnusable
from lumen_notify.settings.database_url import sqlite_path

from .server_key import keep, key

LONG_READ = """WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
SELECT sum(i), (SELECT count(*) FROM lumen_server_key) FROM n"""
"""It takes longer than a write, and sees one snapshot of the database throughout."""


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


def test_sqlite_that_is_too_old_is_refused_by_its_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MINIMUM", (99, 0, 0))
    with pytest.raises(DatabaseUnusable, match=r"99[.]0[.]0 or newer is needed"):
        require_usable(":memory:")


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


async def test_new_database_and_its_wal_are_for_their_owner_alone(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'new.db'}")
    before = os.umask(0)
    try:
        await database.open()
        await database._writer.run_sql("CREATE TABLE t (n integer)")
        modes = {entry.name: stat.filemode(entry.stat().st_mode) for entry in os.scandir(tmp_path)}
    finally:
        os.umask(before)
        await database.close()
    assert [entry.name for entry in os.scandir(tmp_path)] == [
        "new.db"
    ]  # the last connection has emptied the WAL
    assert modes == dict.fromkeys(("new.db", "new.db-wal", "new.db-shm"), "-rw-------")


def test_file_that_others_may_open_is_left_as_it_is_and_logged(
    sqlite_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = Path(sqlite_path(sqlite_url))
    for mode, is_logged in ((0o600, False), (0o644, True)):
        path.chmod(mode)
        caplog.clear()
        warn_if_shared(sqlite_path(sqlite_url))
        assert stat.S_IMODE(path.stat().st_mode) == mode
        assert (f"chmod 600 {path}*" in caplog.text) is is_logged


async def test_wal_is_bounded_while_long_reads_overlap(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bound = 512 * 1024
    monkeypatch.setattr(module, "MAX_WAL_BYTES", bound)
    long_read = Query(name="long_read", sql=LONG_READ, binds=())
    database = Database(sqlite_url, queries={**load("sqlite"), "long_read": long_read})
    await database.open()
    largest = 0
    is_over = False

    async def read() -> None:
        while not is_over:
            await database.fetch("long_read")

    await keep(database, "first")
    readers = [asyncio.create_task(read()) for _ in range(4)]
    for number in range(200):
        await keep(database, f"k{number}", "x" * 40_000)
        largest = max(largest, wal_bytes(sqlite_url))
    is_over = True
    await asyncio.gather(*readers)
    await database.close()
    assert bound < largest < 4 * bound


async def test_wal_that_another_process_reads_is_emptied_later(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_WAL_BYTES", 64 * 1024)
    database = Database(sqlite_url)
    await database.open()
    other = sqlite3.connect(sqlite_path(sqlite_url), isolation_level=None)
    await keep(database, "a")
    other.execute("BEGIN")
    other.execute("SELECT * FROM lumen_server_key").fetchall()
    for number in range(4):  # the other process's read does not stop a write
        await keep(database, f"b{number}", "x" * 100_000)
        await truncated(database)
    assert wal_bytes(sqlite_url) > 300_000
    other.execute("COMMIT")
    for number in range(4):
        await keep(database, f"c{number}", "x" * 100_000)
        await truncated(database)
    assert wal_bytes(sqlite_url) < 300_000
    other.close()
    await database.close()


async def truncated(database: Database) -> None:
    """Wait for the attempt to empty the WAL, if there is one."""
    if database._truncating is not None:
        await database._truncating


def wal_bytes(url: str) -> int:
    """Return the size of the WAL."""
    return os.stat(sqlite_path(url) + "-wal").st_size  # noqa: PTH116 - as the code does
