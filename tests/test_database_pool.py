"""What keeps tests apart: an emptied database equals a migrated one in rows, shape and statistics."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

import servers
from database_pool import PostgreSQLPool, SQLiteTemplate, migrate_database
from servers import run_sql

TABLES = """
    SELECT relname, relnatts, relpages, reltuples, relallvisible, pg_relation_size(oid) AS bytes
    FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY relname
"""
INDEXES = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY indexname"
COLUMNS = """
    SELECT table_name, column_name, data_type, is_nullable, column_default
    FROM information_schema.columns WHERE table_schema = 'public' ORDER BY table_name, ordinal_position
"""
CONSTRAINTS = """
    SELECT conrelid::regclass::text AS of, conname, pg_get_constraintdef(oid) AS rule FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2
"""
STATISTICS = "SELECT tablename, attname FROM pg_stats WHERE schemaname = 'public' ORDER BY 1, 2"
SESSIONS = "SELECT count(*) AS number FROM pg_stat_activity WHERE datname = current_database()"

VALUES = {
    "bigint": "1",
    "integer": "1",
    "text": "'x'",
    "bytea": "'\\x00'",
    "boolean": "true",
}


@pytest.fixture(scope="module")
def pool(shared_postgresql_url: str) -> Iterator[PostgreSQLPool]:
    """Give a pool of these tests' own, so that what they spoil is nobody else's."""
    pool = PostgreSQLPool(shared_postgresql_url)
    yield pool
    pool.close()


@pytest.fixture
async def fresh_url(shared_postgresql_url: str) -> Any:
    """Give a database that was just migrated, in the ordinary way."""
    url = servers.create_database(shared_postgresql_url)
    await migrate_database(url)
    yield url
    servers.drop_database(shared_postgresql_url, url)


def tables(url: str) -> list[str]:
    return [str(row["relname"]) for row in run_sql(url, TABLES)]


def everything(url: str) -> dict[str, Any]:
    """Read all that a test could tell two databases apart by."""
    found: dict[str, Any] = {
        query: run_sql(url, query) for query in (TABLES, INDEXES, COLUMNS, CONSTRAINTS, STATISTICS)
    }
    for table in tables(url):
        found[f"rows of {table}"] = run_sql(url, f"SELECT * FROM {table} ORDER BY 1")  # noqa: S608
    return found


def fill(url: str) -> None:
    """Write a row to every table but `lumen_migration`."""
    columns: dict[str, dict[str, str]] = {}
    for row in run_sql(url, COLUMNS):
        columns.setdefault(row["table_name"], {})[row["column_name"]] = VALUES[row["data_type"]]
    del columns["lumen_migration"]
    inserts = [
        f"INSERT INTO {table} ({', '.join(values)}) VALUES ({', '.join(values.values())});"  # noqa: S608
        for table, values in columns.items()
    ]
    run_sql(url, f"DO $do$ BEGIN {' '.join(inserts)} END $do$")


@pytest.mark.postgresql
def test_an_emptied_database_equals_a_migrated_one(pool: PostgreSQLPool, fresh_url: str) -> None:
    url = pool.take()
    expected = everything(fresh_url)
    assert everything(url) == expected
    fill(url)
    filled = everything(url)
    assert all(
        filled[name] != rows for name, rows in expected.items() if name.startswith("rows of ") and not rows
    )
    pool.give_back(url)
    assert pool.take() == url
    assert everything(url) == expected
    assert expected["rows of lumen_migration"]


@pytest.mark.postgresql
async def test_what_a_test_has_left_running_cannot_write_any_more(pool: PostgreSQLPool) -> None:
    url = pool.take()
    left = await asyncpg.connect(url)
    await left.execute("BEGIN")
    await left.execute("CREATE TABLE left_behind ()")
    await left.execute("LOCK TABLE lumen_event")
    pool.give_back(url)
    assert pool.take() == url
    with pytest.raises(
        (OSError, asyncpg.PostgresConnectionError, asyncpg.exceptions.OperatorInterventionError)
    ):
        await left.execute("COMMIT")
    left.terminate()
    assert run_sql(url, SESSIONS) == [{"number": 2}], "the pool's and the one that asks"


@pytest.mark.postgresql
@pytest.mark.parametrize(
    "change",
    [
        "CREATE TABLE thing (name text)",
        "ALTER TABLE lumen_event ADD COLUMN thing text",
        "ALTER TABLE lumen_event RENAME TO thing",
        "ALTER TABLE lumen_event ALTER COLUMN category SET NOT NULL",
        "DROP INDEX lumen_event_by_audience",
        "CREATE SCHEMA thing",
        "DROP TABLE lumen_migration",
        "ANALYZE lumen_event",
        "INSERT INTO lumen_migration SELECT version + 1000, name FROM lumen_migration",
        "DO $$ BEGIN EXECUTE 'ALTER DATABASE ' || current_database() || ' SET jit = off'; END $$",
    ],
)
def test_a_database_that_is_no_longer_as_it_was_migrated_is_not_given_again(
    pool: PostgreSQLPool, shared_postgresql_url: str, change: str
) -> None:
    url = pool.take()
    fill(url)
    run_sql(url, change)
    pool.give_back(url)
    assert pool.take() != url
    assert servers._database_name(url) not in {
        row["datname"] for row in run_sql(shared_postgresql_url, "SELECT datname FROM pg_database")
    }


@pytest.mark.postgresql
def test_a_database_whose_sessions_a_test_has_ended_is_given_again(pool: PostgreSQLPool) -> None:
    url = pool.take()
    run_sql(
        url,
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
    pool.give_back(url)
    assert pool.take() == url


@pytest.mark.postgresql
def test_a_database_that_a_test_has_dropped_is_not_given_again(
    pool: PostgreSQLPool, shared_postgresql_url: str
) -> None:
    url = pool.take()
    servers.drop_database(shared_postgresql_url, url)
    pool.give_back(url)
    assert pool.take() != url


@pytest.mark.postgresql
def test_no_two_tests_have_the_same_database_at_once(pool: PostgreSQLPool) -> None:
    taken = [pool.take() for _ in range(3)]
    assert len(set(taken)) == 3
    pool.give_back(taken[1])
    pool.give_back(taken[1])
    assert pool.take() == taken[1]
    assert pool.take() not in taken


@pytest.mark.postgresql
def test_a_pool_leaves_no_database_behind(shared_postgresql_url: str) -> None:
    def databases() -> set[str]:
        return {row["datname"] for row in run_sql(shared_postgresql_url, "SELECT datname FROM pg_database")}

    before = databases()
    pool = PostgreSQLPool(shared_postgresql_url)
    given, kept = pool.take(), pool.take()
    pool.give_back(given)
    assert {servers._database_name(url) for url in (given, kept)} < databases()
    pool.close()
    assert databases() == before


async def test_a_copied_file_equals_a_migrated_one(sqlite_template: SQLiteTemplate, tmp_path: Path) -> None:
    path = tmp_path / "fresh.db"
    await migrate_database(f"sqlite:///{path}")
    sqlite_template.copy(tmp_path / "copy.db")
    assert _contents(tmp_path / "copy.db") == _contents(path)


def _contents(path: Path) -> list[Any]:
    database = sqlite3.connect(path)
    try:
        return [*database.iterdump(), *database.execute("PRAGMA journal_mode")]
    finally:
        database.close()
