"""`lumen-notify backup`: one moment of a database that others write to, whole or not at all."""

from __future__ import annotations

import shutil
import sqlite3
import stat
import threading
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from clients import NOTIFICATIONS, SECRET, EventStream, token
from conftest import StartServer
from lumen_notify.cli.database.backup import BackupFailed, back_up, pg_dump_command
from lumen_notify.settings import Settings

from ..conftest import RunCommand

APP = {"Authorization": f"Bearer {token('app', 'notify:publish')}"}


@pytest.fixture
def settings(sqlite_url: str) -> Settings:
    return Settings(database_url=sqlite_url)


def source_of(settings: Settings) -> Path:
    return Path("/" + settings.database_url.removeprefix("sqlite:////"))


def numbers(path: Path) -> tuple[int, int]:
    with closing(sqlite3.connect(path)) as database:
        (found,) = database.execute("SELECT min(id), max(id) FROM number").fetchall()
    return int(found[0]), int(found[1])


def test_copy_is_one_moment_of_a_database_in_use(settings: Settings, tmp_path: Path) -> None:
    source = source_of(settings)
    with closing(sqlite3.connect(source)) as database:
        database.execute("CREATE TABLE number (place integer PRIMARY KEY, id integer, padding text)")
        rows = [(place, 0, "x" * 1000) for place in range(3000)]
        database.executemany("INSERT INTO number VALUES (?, ?, ?)", rows)
        database.commit()
    is_over = threading.Event()
    written = 0

    def write() -> None:
        nonlocal written
        with closing(sqlite3.connect(source, timeout=60)) as database:
            while not is_over.is_set():
                written += 1
                database.execute("UPDATE number SET id = ?", (written,))  # all of them in one transaction
                database.commit()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(5):
            before = written
            done = back_up(settings, tmp_path / f"copy-{number}.db")
            first, last = numbers(done.path)
            assert first == last >= before - 1
            assert (done.size_bytes, done.version > 0) == (done.path.stat().st_size, True)
    finally:
        is_over.set()
        writer.join()
    assert written > 1


def test_only_its_owner_may_read_it_and_nothing_else_remains(settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    done = back_up(settings, folder / "copy.db")
    assert stat.S_IMODE(done.path.stat().st_mode) == 0o600
    assert list(folder.iterdir()) == [done.path]
    assert done.path.read_bytes()[18:20] == b"\x01\x01", "no WAL belongs to it"


def test_existing_file_stays_as_it_is(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "copy.db"
    path.write_text("mine")
    with pytest.raises(BackupFailed, match="exists already"):
        back_up(settings, path)
    assert path.read_text() == "mine"


def test_damaged_database_makes_no_backup(settings: Settings, tmp_path: Path) -> None:
    source = source_of(settings)
    with closing(sqlite3.connect(source)) as database:
        database.execute("CREATE TABLE number (id integer PRIMARY KEY, other integer)")
        database.execute("CREATE INDEX number_by_other ON number (other)")
        database.execute("INSERT INTO number VALUES (1, 1)")
        database.execute("PRAGMA writable_schema = ON")
        database.execute("DELETE FROM sqlite_master WHERE name = 'number_by_other'")
        database.commit()
    path = tmp_path / "backups" / "copy.db"
    path.parent.mkdir()
    with pytest.raises(BackupFailed, match="damaged"):
        back_up(settings, path)
    assert list(path.parent.iterdir()) == []


def test_folder_that_does_not_exist_is_said(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(BackupFailed, match="cannot be written: No such file"):
        back_up(settings, tmp_path / "none" / "copy.db")


def test_commands_for_postgresql_have_no_password() -> None:
    url = "postgresql://lumen:s%20ecret@db.example:5433/app?sslmode=require"
    text = pg_dump_command(Settings(database_url=url), Path("lumen dump"))
    assert "ecret" not in text
    target = "'host=db.example port=5433 user=lumen dbname=app sslmode=require'"
    assert (
        f"pg_dump --format=custom --no-owner --table='lumen_*' --file='lumen dump' --dbname={target}" in text
    )
    assert (
        f"pg_restore --clean --if-exists --no-owner --single-transaction --dbname={target} 'lumen dump'"
        in text
    )
    assert "PGPASSWORD" in text


async def test_restored_backup_is_noticed_by_clients_with_newer_cursors(
    start_server: StartServer, run_command: RunCommand, sqlite_url: str, tmp_path: Path
) -> None:
    server = start_server(database_url=sqlite_url, LUMEN_JWT_SECRET=SECRET)
    source = source_of(Settings(database_url=sqlite_url))

    async def publish(content: str) -> None:
        async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=60) as http:
            body = {"to": {"user": "ann"}, "category": "like", "content": content}
            answer = await http.post(NOTIFICATIONS, json=body, headers=APP)
            assert answer.status_code == 201, answer.text

    async def cursor_now() -> str:
        stream = await EventStream.open(server.url, token("ann"))
        ready = await stream.wait_for_event("ready")
        await stream.close()
        assert ready.id is not None
        return ready.id

    await publish("kept")
    older = await cursor_now()
    done = run_command("backup", str(tmp_path / "copy.db"), LUMEN_DATABASE_URL=sqlite_url)
    assert (done.returncode, done.stdout.startswith(f"{tmp_path}/copy.db has the database")) == (0, True)
    await publish("lost")
    newer = await cursor_now()

    assert server.stop() == 0
    for suffix in ("", "-wal", "-shm"):
        source.with_name(source.name + suffix).unlink(missing_ok=True)
    shutil.copy(tmp_path / "copy.db", source)
    server.start()
    await publish("after")

    for cursor, is_recovered in ((newer, False), (older, True)):
        stream = await EventStream.open(server.url, token("ann"), cursor=cursor)
        ready = await stream.wait_for_event("ready")
        assert ready.data["recovered"] == is_recovered
        if not is_recovered:
            assert (await stream.wait_for_event("reset")).data["reason"] == "diverged"
        await stream.close()
