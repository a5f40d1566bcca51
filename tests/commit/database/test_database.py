"""Database: one writer, a few readers; a transaction is written whole or not at all."""

from __future__ import annotations

import asyncio

import pytest

from lumen_notify.commit.database import Database
from lumen_notify.errors import DatabaseUnavailable

from .server_key import keep, key


class Spoilt(Exception):
    """Made up by a test."""


async def test_transaction_commits_at_its_end(database: Database, other_database: Database) -> None:
    async with database.transaction() as transaction:
        await transaction.run("open_key", name="a", value="1")
        assert await key(other_database, "a") == []
    assert await key(other_database, "a") == ["1"]


async def test_error_rolls_back_and_the_next_transaction_works(database: Database) -> None:
    async def write() -> None:
        async with database.transaction() as transaction:
            await transaction.run("open_key", name="a", value="1")
            raise Spoilt

    with pytest.raises(Spoilt):
        await write()
    assert await key(database, "a") == []
    await keep(database, "b")
    assert await key(database, "b") == ["value"]


async def test_statement_that_fails_rolls_back_and_is_no_outage(database: Database) -> None:
    async def write() -> None:
        async with database.transaction() as transaction:
            await transaction.run("open_key", name="a", value="1")
            await transaction.run_sql("SELECT * FROM nothing")

    with pytest.raises(Exception, match="nothing") as caught:
        await write()
    assert not isinstance(caught.value, DatabaseUnavailable)
    assert await key(database, "a") == []
    await keep(database, "a")


@pytest.mark.parametrize(
    "text",
    [
        "it's",
        "'; DROP TABLE lumen_server_key; --",
        "\\'",
        "\\",
        "$1 :name ? %s",
        'a "quote"',
        "two\nlines\r\n\t",
        "\u202e\u05e9\U0001f600\x7f",
        "",
    ],
)
async def test_text_is_read_back_as_it_was_written_by_run_and_by_add(database: Database, text: str) -> None:
    async with database.transaction() as transaction:
        transaction.add("open_key", name=text, value=text)
        transaction.add("open_key", name=text + " once more", value=text)
        assert [row[0] for row in await transaction.run("key", name=text)] == [text]
    assert await key(database, text + " once more") == [text]


async def test_added_statements_run_in_order(database: Database) -> None:
    async with database.transaction() as transaction:
        transaction.add("open_key", name="a", value="first")
        await transaction.run("open_key", name="a", value="second")
        transaction.add("open_key", name="b", value="first")
        transaction.add("open_key", name="b", value="second")
    assert (await key(database, "a"), await key(database, "b")) == (["first"], ["first"])


async def test_added_statement_that_fails_at_the_end_rolls_all_back(database: Database) -> None:
    async def write() -> None:
        async with database.transaction() as transaction:
            await transaction.run("open_key", name="a", value="1")
            transaction.add("open_key", name="b", value="1")
            transaction.add("open_key", name="c", value=None)

    with pytest.raises(Exception, match=r"(?i)null") as caught:
        await write()
    assert not isinstance(caught.value, DatabaseUnavailable)
    assert (await key(database, "a"), await key(database, "b")) == ([], [])
    await keep(database, "b")
    assert await key(database, "b") == ["value"]


async def test_failed_transaction_does_not_affect_those_before_and_after_it(
    database: Database, other_database: Database
) -> None:
    async def write(name: str, value: str | None, *, is_followed: bool = True) -> None:
        async with database.transaction(is_followed=lambda: is_followed) as transaction:
            transaction.add("open_key", name=name, value=value)

    await write("a", "1")
    with pytest.raises(Exception, match=r"(?i)null"):
        await write("b", None)
    await write("c", "1")
    await write("d", "1")
    await keep(other_database, "e")  # though the next one of `database` has begun
    assert [await key(other_database, name) for name in "abcde"] == [["1"], [], ["1"], ["1"], ["value"]]
    await write("f", "1", is_followed=False)
    assert await key(database, "f") == ["1"]


async def test_cancelled_transaction_leaves_nothing(database: Database) -> None:
    is_inside = asyncio.Event()

    async def write() -> None:
        async with database.transaction() as transaction:
            await transaction.run("open_key", name="a", value="1")
            is_inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(write())
    await is_inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await key(database, "a") == []
    await keep(database, "b")


async def test_transaction_is_the_only_writer_of_its_process(database: Database) -> None:
    inside = 0

    async def write(number: int) -> None:
        nonlocal inside
        async with database.transaction() as transaction:
            inside += 1
            assert inside == 1
            await transaction.run("open_key", name=f"k{number}", value="1")
            assert inside == 1
            inside -= 1

    await asyncio.gather(*(write(number) for number in range(20)))


async def test_more_readers_than_connections_wait_and_are_served(database: Database) -> None:
    await keep(database, "a")
    assert await asyncio.gather(*(key(database, "a") for _ in range(40))) == [["value"]] * 40


async def test_reader_that_is_cancelled_gives_its_connection_back(database: Database) -> None:
    for _ in range(12):
        task = asyncio.create_task(key(database, "a"))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert await asyncio.wait_for(key(database, "a"), 10) == []
