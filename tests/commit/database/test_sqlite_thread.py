"""SQLite thread: calls run one after another, and an unclosed connection keeps nothing alive."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from pathlib import Path

import pytest

from clients import eventually
from lumen_notify.commit.database import sqlite_thread
from lumen_notify.commit.database.sqlite_thread import SqliteThread


async def rows(thread: SqliteThread, sql: str) -> list[tuple[object, ...]]:
    def run(connection: sqlite3.Connection) -> list[tuple[object, ...]]:
        return connection.execute(sql).fetchall()

    return await thread.call(run)


async def test_calls_run_in_order_on_one_thread_that_is_not_the_loops(tmp_path: Path) -> None:
    thread = await SqliteThread.connect(str(tmp_path / "a.db"))
    seen: list[tuple[int, int]] = []

    async def note(number: int) -> None:
        await thread.call(lambda _connection: seen.append((number, threading.get_ident())))

    await asyncio.gather(*map(note, range(20)))
    assert [number for number, _ in seen] == list(range(20))
    assert {ident for _, ident in seen} == {seen[0][1]} != {threading.get_ident()}
    await thread.close()


async def test_error_of_a_call_is_raised_to_its_caller_and_the_next_call_works(tmp_path: Path) -> None:
    thread = await SqliteThread.connect(str(tmp_path / "a.db"))
    with pytest.raises(sqlite3.OperationalError, match="nothing"):
        await rows(thread, "SELECT * FROM nothing")
    assert await rows(thread, "SELECT 1") == [(1,)]
    await thread.close()


async def test_file_that_cannot_be_opened_raises_and_leaves_no_thread() -> None:
    before = threading.active_count()
    with pytest.raises(sqlite3.OperationalError, match="unable to open"):
        await SqliteThread.connect("/nowhere/at/all.db")
    await threads_end(before)


async def test_close_rolls_back_and_ends_the_thread(tmp_path: Path) -> None:
    before = threading.active_count()
    thread = await SqliteThread.connect(str(tmp_path / "a.db"))
    for sql in ("CREATE TABLE t (n)", "BEGIN", "INSERT INTO t VALUES (1)"):
        await rows(thread, sql)
    await thread.close()
    await threads_end(before)
    again = await SqliteThread.connect(str(tmp_path / "a.db"))
    assert await rows(again, "SELECT * FROM t") == []
    await again.close()


async def test_close_interrupts_a_long_statement(tmp_path: Path) -> None:
    thread = await SqliteThread.connect(str(tmp_path / "a.db"))
    has_begun = threading.Event()

    def count(connection: sqlite3.Connection) -> None:
        has_begun.set()
        connection.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT sum(i) FROM n"
        )

    counting = asyncio.create_task(thread.call(count))
    await asyncio.to_thread(has_begun.wait, 30)
    while not counting.done():  # an interrupt that comes before the statement does nothing
        await thread.close()
    with pytest.raises(sqlite3.OperationalError, match="interrupted"):
        await counting


async def test_close_does_not_wait_for_another_processs_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_thread, "CLOSE_SECONDS", 0.01)
    other = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    other.execute("CREATE TABLE t (n)")
    thread = await SqliteThread.connect(str(tmp_path / "a.db"))
    await rows(thread, "PRAGMA busy_timeout=600000")
    other.execute("BEGIN IMMEDIATE")
    waiting = asyncio.create_task(rows(thread, "BEGIN IMMEDIATE"))
    await asyncio.sleep(0)  # puts the call into the queue
    await asyncio.wait_for(thread.close(), 30)
    assert not waiting.done()
    other.execute("ROLLBACK")
    assert await asyncio.wait_for(waiting, 60) == []
    other.close()


def test_unclosed_connection_rolls_back_after_its_loop_has_ended(tmp_path: Path) -> None:
    before = threading.active_count()
    may_end = threading.Event()

    async def leave() -> None:
        thread = await SqliteThread.connect(str(tmp_path / "a.db"))
        for sql in ("CREATE TABLE t (n)", "BEGIN", "INSERT INTO t VALUES (1)"):
            await rows(thread, sql)
        call = asyncio.ensure_future(thread.call(lambda _connection: may_end.wait(30)))
        await asyncio.sleep(0)
        call.cancel()

    asyncio.run(leave())
    may_end.set()
    asyncio.run(threads_end(before))
    connection = sqlite3.connect(tmp_path / "a.db")
    assert connection.execute("SELECT * FROM t").fetchall() == []
    connection.close()


async def threads_end(number: int) -> None:
    """Wait until no more than `number` threads run."""
    await eventually(lambda: threading.active_count() <= number, what="the thread to end")
