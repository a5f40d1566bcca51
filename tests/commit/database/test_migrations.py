"""Migrations: numbered, forward only, all or nothing, and one at a time."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lumen_notify.commit.database import Database, migrations
from lumen_notify.commit.database.migration_files import available
from lumen_notify.commit.database.migrations import migrate
from lumen_notify.commit.database.queries import sql_folder
from lumen_notify.errors import DatabaseUnusable


@pytest.fixture
async def empty(unmigrated_url: str) -> AsyncIterator[Database]:
    database = Database(unmigrated_url)
    await database.open()
    yield database
    await database.close()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder whose migrations are run instead of ours."""
    for dialect in ("sqlite", "postgresql"):
        (tmp_path / dialect).mkdir()
    monkeypatch.setattr(migrations, "sql_folder", lambda: tmp_path)
    return tmp_path


def put(folder: Path, name: str, text: str) -> None:
    for dialect in ("sqlite", "postgresql"):
        (folder / dialect / name).write_text(text)


def test_both_dialects_have_the_same_steps() -> None:
    names = [
        [(step.version, step.name) for step in available(sql_folder() / dialect)]
        for dialect in ("sqlite", "postgresql")
    ]
    assert names[0] == names[1]
    assert names[0]


async def test_second_run_changes_nothing(empty: Database) -> None:
    assert (await migrate(empty)).steps == available(sql_folder() / empty.dialect)
    assert (await migrate(empty)).steps == []


async def test_each_migration_is_logged_in_one_line(
    empty: Database, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", "lumen_notify.database")

    async def logged() -> tuple[str, str]:
        caplog.clear()
        await migrate(empty)
        (record,) = caplog.records
        return record.levelname, re.sub(r"\d+\.\d\d s", "T s", record.getMessage())

    put(folder, "0001_a.sql", "CREATE TABLE a (n integer);")
    assert await logged() == ("INFO", "Created the tables of version 1 in T s.")
    assert await logged() == ("DEBUG", "Nothing to migrate: the database has version 1.")
    put(folder, "0002_b.sql", "CREATE TABLE b (n integer);")
    put(folder, "0003_c.sql", "CREATE TABLE c (n integer);")
    assert await logged() == ("INFO", "Migrated the database from version 1 to version 3 in T s.")


async def test_database_of_another_development_version_is_refused(empty: Database, folder: Path) -> None:
    put(folder, "0001_a.sql", "CREATE TABLE a (n integer);")
    await migrate(empty)
    for dialect in ("sqlite", "postgresql"):
        (folder / dialect / "0001_a.sql").rename(folder / dialect / "0001_b.sql")
    with pytest.raises(DatabaseUnusable, match="its migration 1 is a, that of this lumen-notify is b"):
        await migrate(empty)


async def test_two_starters_at_once_take_turns(empty: Database, unmigrated_url: str) -> None:
    others = [Database(unmigrated_url) for _ in range(4)]
    for other in others:
        await other.open()
    try:
        made = await asyncio.gather(*(migrate(one) for one in (empty, *others)))
    finally:
        for other in others:
            await other.close()
    assert sorted(len(one.steps) for one in made) == [
        0,
        0,
        0,
        0,
        len(available(sql_folder() / empty.dialect)),
    ]


async def test_newer_database_is_refused_and_left_alone(empty: Database, folder: Path) -> None:
    put(folder, "0001_a.sql", "CREATE TABLE a (n integer);")
    put(folder, "0002_b.sql", "CREATE TABLE b (n integer);")
    await migrate(empty)
    for dialect in ("sqlite", "postgresql"):
        (folder / dialect / "0002_b.sql").unlink()
    with pytest.raises(DatabaseUnusable, match="has version 2, and this lumen-notify knows versions up to 1"):
        await migrate(empty)


async def test_only_missing_steps_are_made(empty: Database, folder: Path) -> None:
    put(folder, "0001_a.sql", "-- One; with a semicolon in its comment.\nCREATE TABLE a (n integer);\n")
    assert [step.name for step in (await migrate(empty)).steps] == ["a"]
    put(folder, "0002_b.sql", "CREATE TABLE b (n integer); -- and\nINSERT INTO a (n) VALUES (2);\n")
    assert [step.name for step in (await migrate(empty)).steps] == ["b"]
    async with empty.transaction() as transaction:
        assert [tuple(row) for row in await transaction.run_sql("SELECT n FROM a")] == [(2,)]


async def test_failed_step_undoes_all_steps_of_the_run(empty: Database, folder: Path) -> None:
    put(folder, "0001_a.sql", "CREATE TABLE a (n integer);")
    put(folder, "0002_b.sql", "CREATE TABLE b (n integer); INSERT INTO nothing (n) VALUES (1);")
    with pytest.raises(Exception, match="nothing"):
        await migrate(empty)
    put(folder, "0002_b.sql", "CREATE TABLE b (n integer);")
    assert [step.version for step in (await migrate(empty)).steps] == [1, 2]
