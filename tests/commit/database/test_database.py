"""Database: one writer, a few readers; an outage is told as one and mended at the next call."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from lumen_notify.commit.database import Database
from lumen_notify.commit.database.migrations import migrate
from lumen_notify.commit.log import Log
from lumen_notify.errors import DatabaseUnavailable, Misconfigured
from lumen_notify.model import Audience, now_ms
from lumen_notify.model.events import NotificationPublished
from servers import PostgreSQL, run_sql


async def key(database: Database, name: str) -> list[str]:
    return [row[0] for row in await database.fetch("key", name=name)]


async def keep(database: Database, name: str, value: str = "value") -> None:
    async with database.transaction() as transaction:
        await transaction.run("open_key", name=name, value=value)


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
        "'; DROP TABLE keyring; --",
        "\\'",
        "\\",
        "$1 :name ? %s",
        'a "quote"',
        "two\nlines\r\n\t",
        "\u202e\u05e9\U0001f600\x7f",
        "",
    ],
)
async def test_text_comes_back_as_it_went_however_it_was_written(database: Database, text: str) -> None:
    async with database.transaction() as transaction:
        transaction.add("open_key", name=text, value=text)
        transaction.add("open_key", name=text + " once more", value=text)
        assert [row[0] for row in await transaction.run("key", name=text)] == [text]
    assert await key(database, text + " once more") == [text]


async def test_what_was_added_is_written_in_its_turn(database: Database) -> None:
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


async def test_transactions_that_follow_each_other_fail_and_hold_alone(
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


@pytest.fixture
async def on_postgresql(postgresql_url: str) -> AsyncIterator[Database]:
    database = Database(postgresql_url)
    await database.open()
    await migrate(database)
    yield database
    await database.close()


@pytest.mark.postgresql
async def test_ended_sessions_are_replaced(on_postgresql: Database, postgresql_url: str) -> None:
    database = on_postgresql
    await asyncio.gather(*(key(database, "a") for _ in range(8)))
    end_all = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
    run_sql(postgresql_url, end_all + " AND pid <> pg_backend_pid()")
    assert await asyncio.gather(*(key(database, "a") for _ in range(8))) == [[]] * 8
    with pytest.raises(DatabaseUnavailable):
        await keep(database, "a")
    await keep(database, "a")
    assert await key(database, "a") == ["value"]


@pytest.mark.postgresql
async def test_session_that_ends_before_commit_has_written_nothing(on_postgresql: Database) -> None:
    async def write() -> None:
        async with on_postgresql.transaction() as transaction:
            await transaction.run("open_key", name="a", value="1")
            await transaction.run_sql("SELECT pg_terminate_backend(pg_backend_pid())")

    with pytest.raises(DatabaseUnavailable) as caught:
        await write()
    assert caught.value.code == "database_unavailable"
    assert await key(on_postgresql, "a") == []


@pytest.mark.postgresql
async def test_session_that_ends_at_commit_leaves_it_unknown(
    on_postgresql: Database, postgresql_url: str
) -> None:
    async def write() -> None:
        async with on_postgresql.transaction() as transaction:
            ((pid,),) = await transaction.run_sql("SELECT pg_backend_pid()")
            await transaction.run("open_key", name="a", value="1")
            run_sql(postgresql_url, f"SELECT pg_terminate_backend({pid})")

    with pytest.raises(DatabaseUnavailable) as caught:
        await write()
    assert caught.value.code == "commit_unknown"
    await keep(on_postgresql, "b")


HOSTILE = (
    "'",
    "''",
    "\\",
    "\\'",
    "E'",
    "U&'\\0061'",
    '"',
    "$$",
    "$1",
    ":a",
    "; DROP TABLE keyring",
    "--",
    "/*",
)
TEXTS = st.lists(
    st.sampled_from(
        [*HOSTILE, "\n", "\\n", "\\x27", "\\047", "\\u0027", "\u2028", "\ufeff", "\u02bc", "\U0001f600"]
    )
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
).map("".join)


@pytest.mark.postgresql
@pytest.mark.parametrize("conforming", ["on", "off"])
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(TEXTS, min_size=1, max_size=8))
@example(
    texts=[
        "\\'" * 500_000,
        "'\\" * 500_000,
        "\\",
        "x'); DROP TABLE keyring; --",
        "\\'); DROP TABLE keyring; --",
    ]
)
async def test_hostile_text_comes_back_whatever_backslashes_mean_in_a_session(
    on_postgresql: Database, conforming: str, texts: list[str]
) -> None:
    database = on_postgresql
    # As a pooler may hand out a session in which somebody else has set it.
    await database._writer.run_sql(f"SET standard_conforming_strings = {conforming}")
    async with database.transaction() as transaction:
        await transaction.run_sql("DELETE FROM keyring")
        for number, text in enumerate(texts):
            transaction.add("open_key", name=f"{number} {text[:200]}", value=text)
        ((found,),) = await transaction.run_sql("SHOW standard_conforming_strings")
    assert found == conforming
    for number, text in enumerate(texts):
        assert await key(database, f"{number} {text[:200]}") == [text]


@pytest.mark.postgresql
async def test_text_comes_back_from_a_database_where_a_backslash_escapes(postgresql_url: str) -> None:
    name = postgresql_url.partition("?")[0].rpartition("/")[2]
    run_sql(postgresql_url, f'ALTER DATABASE "{name}" SET standard_conforming_strings = off')
    database = Database(postgresql_url)
    await database.open()
    try:
        await migrate(database)
        async with database.transaction() as transaction:
            ((found,),) = await transaction.run_sql("SHOW standard_conforming_strings")
            assert found == "off"
            transaction.add("open_key", name="a", value="\\'); DROP TABLE keyring; --")
        assert await key(database, "a") == ["\\'); DROP TABLE keyring; --"]
    finally:
        await database.close()


@pytest.mark.postgresql
async def test_text_that_is_not_unicode_is_refused_before_it_is_sent(on_postgresql: Database) -> None:
    async def write() -> None:
        async with on_postgresql.transaction() as transaction:
            transaction.add("open_key", name="a", value="1")
            transaction.add("open_key", name="b", value="half a \ud83d pair")

    with pytest.raises(UnicodeEncodeError):
        await write()
    assert await key(on_postgresql, "a") == []
    await keep(on_postgresql, "b")
    assert await key(on_postgresql, "b") == ["value"]


@pytest.mark.postgresql
async def test_text_that_postgresql_has_no_place_for_is_refused_before_it_is_sent(
    on_postgresql: Database,
) -> None:
    async def write() -> None:
        async with on_postgresql.transaction() as transaction:
            transaction.add("open_key", name="a", value="1")
            transaction.add("open_key", name="b", value="nu\0l")

    with pytest.raises(ValueError, match="no column takes"):
        await write()
    assert await key(on_postgresql, "a") == []


@pytest.mark.postgresql
async def test_postgresql_finds_rows_by_their_indexes_whatever_it_thinks_of_the_size_of_a_table(
    on_postgresql: Database,
) -> None:
    async with on_postgresql.transaction() as transaction:
        for number in range(3):  # a table that fits on one page: it would be read from end to end
            await transaction.run("open_key", name=f"k{number}", value="1")
        rows = await transaction.run_sql("EXPLAIN SELECT value FROM keyring WHERE name = 'k1'")
    assert "Index" in rows[0][0]


@pytest.mark.postgresql
@pytest.mark.slow
async def test_postgresql_that_is_down_is_unavailable_until_it_is_up(postgresql: PostgreSQL) -> None:
    database = Database(postgresql.create_database())
    await database.open()
    try:
        await migrate(database)
        log = Log(database, now_ms)
        await log.open()
        postgresql.kill()
        for _ in range(3):
            with pytest.raises(DatabaseUnavailable):
                await log.head()
            with pytest.raises(DatabaseUnavailable):
                await keep(database, "a")
        postgresql.start()
        assert (await log.head()).position == 0
        async with log.transaction() as tx:
            tx.append(Audience("all"), NotificationPublished(notification="{}"), category="x")
        assert (await log.head()).position == 1
    finally:
        await database.close()


async def test_sqlite_readers_cannot_write(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    await database.open()
    try:
        reader = database._readers[0]
        with pytest.raises(DatabaseUnavailable) as caught:
            await reader.run_sql("CREATE TABLE x (n integer)")
        assert "readonly" in str(caught.value.__cause__)
    finally:
        await database.close()


async def test_sqlite_commits_are_flushed_and_logged_ahead(sqlite_url: str) -> None:
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
