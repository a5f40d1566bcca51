"""Migrations: numbered, forward only, all or nothing, and one at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lumen_notify.commit.database import Database, migrations
from lumen_notify.commit.database.migration_files import available
from lumen_notify.commit.database.migrations import migrate
from lumen_notify.commit.database.queries import sql_folder
from lumen_notify.errors import Misconfigured


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
    assert await migrate(empty) == available(sql_folder() / empty.dialect)
    assert await migrate(empty) == []


async def test_two_starters_at_once_take_turns(empty: Database, unmigrated_url: str) -> None:
    others = [Database(unmigrated_url) for _ in range(4)]
    for other in others:
        await other.open()
    try:
        made = await asyncio.gather(*(migrate(one) for one in (empty, *others)))
    finally:
        for other in others:
            await other.close()
    assert sorted(len(steps) for steps in made) == [0, 0, 0, 0, len(available(sql_folder() / empty.dialect))]


async def test_newer_database_is_refused_and_left_alone(empty: Database, folder: Path) -> None:
    put(folder, "0001_a.sql", "CREATE TABLE a (n integer);")
    put(folder, "0002_b.sql", "CREATE TABLE b (n integer);")
    await migrate(empty)
    for dialect in ("sqlite", "postgresql"):
        (folder / dialect / "0002_b.sql").unlink()
    with pytest.raises(Misconfigured, match="version 2, but this program only knows 1"):
        await migrate(empty)


async def test_only_missing_steps_are_made(empty: Database, folder: Path) -> None:
    put(folder, "0001_a.sql", "-- One; with a semicolon in its comment.\nCREATE TABLE a (n integer);\n")
    assert [step.name for step in await migrate(empty)] == ["a"]
    put(folder, "0002_b.sql", "CREATE TABLE b (n integer); -- and\nINSERT INTO a (n) VALUES (2);\n")
    assert [step.name for step in await migrate(empty)] == ["b"]
    async with empty.transaction() as transaction:
        assert [tuple(row) for row in await transaction.run_sql("SELECT n FROM a")] == [(2,)]


async def test_failed_step_undoes_all_steps_of_the_run(empty: Database, folder: Path) -> None:
    put(folder, "0001_a.sql", "CREATE TABLE a (n integer);")
    put(folder, "0002_b.sql", "CREATE TABLE b (n integer); INSERT INTO nothing (n) VALUES (1);")
    with pytest.raises(Exception, match="nothing"):
        await migrate(empty)
    put(folder, "0002_b.sql", "CREATE TABLE b (n integer);")
    assert [step.version for step in await migrate(empty)] == [1, 2]
