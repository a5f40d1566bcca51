"""Postgresql: sessions that end are replaced, text comes back as it was written, rows are found by index."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from clients import eventually
from lumen_notify.commit.database import Database
from lumen_notify.commit.database.migrations import migrate
from lumen_notify.commit.database.postgresql import SERVER_SETTINGS
from lumen_notify.commit.log import Log
from lumen_notify.errors import DatabaseUnavailable
from lumen_notify.model import EVERYONE, Audience, now_ms
from lumen_notify.model.events import NotificationPublished
from servers import PostgreSQL, run_sql

from .server_key import keep, key


@pytest.fixture
async def on_postgresql(postgresql_url: str) -> AsyncIterator[Database]:
    database = Database(postgresql_url)
    await database.open()
    await migrate(database)
    await Log(database, now_ms).open()
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
async def test_session_that_ends_at_commit_leaves_the_result_unknown(
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
    "; DROP TABLE lumen_server_key",
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
        "x'); DROP TABLE lumen_server_key; --",
        "\\'); DROP TABLE lumen_server_key; --",
    ]
)
async def test_hostile_text_comes_back_whatever_a_backslash_means_in_the_session(
    on_postgresql: Database, conforming: str, texts: list[str]
) -> None:
    database = on_postgresql
    # As a pooler may hand out a session in which somebody else has set it.
    await database._writer.run_sql(f"SET standard_conforming_strings = {conforming}")
    async with database.transaction() as transaction:
        await transaction.run_sql("DELETE FROM lumen_server_key")
        for number, text in enumerate(texts):
            transaction.add("open_key", name=f"{number} {text[:200]}", value=text)
        ((found,),) = await transaction.run_sql("SHOW standard_conforming_strings")
    assert found == conforming
    for number, text in enumerate(texts):
        assert await key(database, f"{number} {text[:200]}") == [text]


@pytest.mark.postgresql
async def test_text_comes_back_from_a_database_in_which_a_backslash_escapes(postgresql_url: str) -> None:
    name = postgresql_url.partition("?")[0].rpartition("/")[2]
    run_sql(postgresql_url, f'ALTER DATABASE "{name}" SET standard_conforming_strings = off')
    database = Database(postgresql_url)
    await database.open()
    try:
        await migrate(database)
        async with database.transaction() as transaction:
            ((found,),) = await transaction.run_sql("SHOW standard_conforming_strings")
            assert found == "off"
            transaction.add("open_key", name="a", value="\\'); DROP TABLE lumen_server_key; --")
        assert await key(database, "a") == ["\\'); DROP TABLE lumen_server_key; --"]
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
async def test_text_with_a_nul_is_refused_before_it_is_sent(on_postgresql: Database) -> None:
    async def write() -> None:
        async with on_postgresql.transaction() as transaction:
            transaction.add("open_key", name="a", value="1")
            transaction.add("open_key", name="b", value="nu\0l")

    with pytest.raises(ValueError, match="no column takes"):
        await write()
    assert await key(on_postgresql, "a") == []


@pytest.mark.postgresql
async def test_rows_of_a_small_table_are_found_by_index(
    on_postgresql: Database,
) -> None:
    async with on_postgresql.transaction() as transaction:
        for number in range(3):  # a table that fits on one page: it would be read from end to end
            await transaction.run("open_key", name=f"k{number}", value="1")
        rows = await transaction.run_sql("EXPLAIN SELECT value FROM lumen_server_key WHERE name = 'k1'")
    assert "Index" in rows[0][0]


@pytest.mark.postgresql
@pytest.mark.slow
async def test_server_that_is_down_is_unavailable_until_it_is_up(postgresql: PostgreSQL) -> None:
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


def sessions(url: str) -> int:
    """Count the sessions of the database that have begun a transaction, and pause."""
    rows = run_sql(
        url,
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'",
    )
    return len(rows)


@pytest.mark.postgresql
async def test_process_that_pauses_in_a_transaction_loses_its_session_and_others_write(
    on_postgresql: Database, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SERVER_SETTINGS, "idle_in_transaction_session_timeout", "'100ms'")
    paused = Database(postgresql_url)
    await paused.open()

    async def pause() -> None:
        async with Log(paused, now_ms).transaction() as tx:
            tx.append(EVERYONE, NotificationPublished(notification="{}"), category="x")
            async with Log(
                on_postgresql, now_ms
            ).transaction() as other:  # waits until the first one has ended
                other.append(EVERYONE, NotificationPublished(notification="{}"), category="x")

    with pytest.raises(DatabaseUnavailable):
        await pause()
    assert len(await Log(on_postgresql, now_ms).after(0)) == 1
    await keep(paused, "a")
    await paused.close()


@pytest.mark.postgresql
async def test_lock_that_is_not_had_in_time_writes_nothing(
    on_postgresql: Database, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SERVER_SETTINGS, "lock_timeout", "'100ms'")
    waiting = Database(postgresql_url)
    await waiting.open()

    async def append() -> None:
        async with Log(waiting, now_ms).transaction() as tx:
            tx.append(EVERYONE, NotificationPublished(notification="{}"), category="x")

    async with Log(on_postgresql, now_ms).transaction():
        with pytest.raises(DatabaseUnavailable) as caught:
            await append()
    assert caught.value.code == "database_busy"
    assert await Log(waiting, now_ms).after(0) == []
    await append()
    await waiting.close()


@pytest.mark.postgresql
async def test_begin_that_went_with_a_commit_may_time_out_before_the_next_transaction(
    on_postgresql: Database, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As while delivery is far behind: the committer tries once more."""
    monkeypatch.setitem(SERVER_SETTINGS, "idle_in_transaction_session_timeout", "'100ms'")
    database = Database(postgresql_url)
    await database.open()
    async with database.transaction(is_followed=lambda: True) as transaction:
        transaction.add("open_key", name="a", value="value")
    await eventually(lambda: not sessions(postgresql_url), what="the session to end")
    with pytest.raises(DatabaseUnavailable) as caught:
        await keep(database, "b")
    assert caught.value.code == "database_unavailable"
    await keep(database, "b")
    assert (await key(database, "a"), await key(database, "b")) == (["value"], ["value"])
    await database.close()


@pytest.mark.postgresql
async def test_transaction_sees_what_was_committed_while_it_waited_whatever_the_default_is(
    on_postgresql: Database, postgresql_url: str
) -> None:
    name = postgresql_url.partition("?")[0].rpartition("/")[2]
    run_sql(postgresql_url, f"ALTER DATABASE \"{name}\" SET default_transaction_isolation = 'serializable'")
    other = Database(postgresql_url)
    await other.open()

    async def append(log: Log) -> int:
        async with log.transaction() as tx:
            return tx.append(EVERYONE, NotificationPublished(notification="{}"), category="x")

    logs = [Log(on_postgresql, now_ms), Log(other, now_ms)] * 10
    assert sorted(await asyncio.gather(*map(append, logs))) == list(range(1, 21))
    await other.close()
