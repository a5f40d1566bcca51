"""SQLite file: once it is deleted or replaced, nothing is written or read until it is back."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from lumen_notify.commit.database import Database
from lumen_notify.commit.database.sqlite_file import SqliteFile
from lumen_notify.errors import DatabaseUnavailable
from lumen_notify.settings.database_url import sqlite_path

from .server_key import keep, key

WORDS = "was deleted or replaced while the server was running"


def test_file_is_the_same_until_another_one_is_at_its_path(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    path.touch()
    file = SqliteFile(str(path))
    file.require_same()
    file.remember()
    path.write_text("more")
    file.require_same()
    path.rename(tmp_path / "b.db")
    with pytest.raises(DatabaseUnavailable, match=WORDS):
        file.require_same()
    path.touch()
    with pytest.raises(DatabaseUnavailable, match=WORDS):
        file.require_same()
    (tmp_path / "b.db").rename(path)
    file.require_same()


class MovableFile:
    """The file of a database, to move away and back."""

    def __init__(self, url: str) -> None:
        self._path = Path(sqlite_path(url))
        self._away = self._path.with_suffix(".away")

    @property
    def exists(self) -> bool:
        return self._path.exists()

    def move_away(self, *, is_replaced: bool) -> None:
        self._path.rename(self._away)
        if is_replaced:
            shutil.copyfile(self._away, self._path)

    def move_back(self) -> None:
        self._away.rename(self._path)


@pytest.mark.parametrize("is_replaced", [False, True], ids=["deleted", "replaced"])
async def test_nothing_is_written_or_read_until_the_file_is_back(sqlite_url: str, is_replaced: bool) -> None:
    file = MovableFile(sqlite_url)
    database = Database(sqlite_url)
    await database.open()
    await keep(database, "before")
    file.move_away(is_replaced=is_replaced)
    for _ in range(3):
        with pytest.raises(DatabaseUnavailable, match=WORDS) as caught:
            await keep(database, "lost")
        assert caught.value.code == "database_unavailable"
        with pytest.raises(DatabaseUnavailable, match=WORDS):
            await key(database, "before")
    assert file.exists is is_replaced, "and no new one is made"
    file.move_back()
    await keep(database, "after")
    found = [await key(database, name) for name in ("before", "lost", "after")]
    assert found == [["value"], [], ["value"]]
    await database.close()


async def test_commit_to_a_file_that_was_deleted_meanwhile_is_not_acknowledged(sqlite_url: str) -> None:
    file = MovableFile(sqlite_url)
    database = Database(sqlite_url)
    await database.open()

    async def write() -> None:
        async with database.transaction() as transaction:
            await transaction.run("open_key", name="a", value="value")
            file.move_away(is_replaced=False)

    with pytest.raises(DatabaseUnavailable, match=WORDS):
        await write()
    await database.close()
