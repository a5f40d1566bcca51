"""Queries: read from their files, translated for each dialect, and understood by each database."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from lumen_notify.commit.database import Database, queries
from lumen_notify.commit.database.migrations import migrate
from lumen_notify.commit.database.queries import Dialect, load, sql_folder

DIALECTS: tuple[Dialect, ...] = ("sqlite", "postgresql")

ROWS = {"rows", "users", "ids", "spans", "marks", "audiences"}
"""Binds that carry a list."""


def read(
    tmp_path: Path, text: str, dialect: Dialect = "postgresql"
) -> dict[str, tuple[str, tuple[str, ...]]]:
    (tmp_path / "some.sql").write_text(text)
    return {name: (query.sql, query.binds) for name, query in load(dialect, tmp_path).items()}


def test_binds_are_numbered_for_postgresql_and_named_for_sqlite(tmp_path: Path) -> None:
    text = "-- some\nSELECT :b, :a, :b, CAST(x AS text), y::bigint FROM t WHERE u = ':'\n"
    assert read(tmp_path, text)["some"] == (
        "SELECT $1, $2, $1, CAST(x AS text), y::bigint FROM t WHERE u = ':'",
        ("b", "a"),
    )
    assert read(tmp_path, text, "sqlite")["some"] == (
        "SELECT :b, :a, :b, CAST(x AS text), y::bigint FROM t WHERE u = ':'",
        ("b", "a"),
    )


def test_rows_come_from_json_on_sqlite(tmp_path: Path) -> None:
    text = "-- some\nSELECT r.id FROM jsonb_to_recordset(CAST(:rows AS jsonb))\n    AS r(id text, n bigint)\n"
    assert read(tmp_path, text, "sqlite")["some"][0] == (
        "SELECT r.id FROM (SELECT json_extract(value, '$.id') AS id, json_extract(value, '$.n') AS n"
        " FROM json_each(:rows)) AS r"
    )


def test_plain_insert_of_rows_is_run_for_each_row_on_sqlite(tmp_path: Path) -> None:
    source = "FROM jsonb_to_recordset(CAST(:rows AS jsonb))\n    AS r(id text, n bigint)"
    insert = "INSERT INTO t (id, n)\nSELECT r.id, r.n\n" + source
    keep = "\nON CONFLICT (id) DO UPDATE SET n = t.n + excluded.n"
    join = "\nJOIN u ON u.id = r.id"
    text = "".join(
        f"-- {name}\n{insert}{more}\n"
        for name, more in {
            "plain": "",
            "kept": "\nWHERE true" + keep,
            "joined": join,
            "returned": "\nRETURNING id",
            "some": "\nWHERE r.n > 1",
        }.items()
    )
    (tmp_path / "some.sql").write_text(text)
    found = load("sqlite", tmp_path)
    assert found["plain"].sql == "INSERT INTO t (id, n)\nVALUES (:id, :n)"
    assert found["kept"].sql == "INSERT INTO t (id, n)\nVALUES (:id, :n)" + keep
    assert {name for name, query in found.items() if query.columns == ("id", "n")} == {"plain", "kept"}
    assert {query.binds for query in found.values()} == {("rows",)}
    assert not any(query.columns for query in load("postgresql", tmp_path).values())


def test_dialect_overrides_by_name_whichever_comes_first(tmp_path: Path) -> None:
    blocks = ("a", "a sqlite", "b sqlite", "b", "c postgresql")
    text = "".join(f"-- {opening}\nSELECT {number}\n" for number, opening in enumerate(blocks, start=1))
    assert {name: sql for name, (sql, _) in read(tmp_path, text, "sqlite").items()} == {
        "a": "SELECT 2",
        "b": "SELECT 3",
    }
    assert {name: sql for name, (sql, _) in read(tmp_path, text).items()} == {
        "a": "SELECT 1",
        "b": "SELECT 4",
        "c": "SELECT 5",
    }


def test_fragments_are_included_with_their_own_includes(tmp_path: Path) -> None:
    text = "-- fragment one\n-- Why.\nSELECT :n\n-- fragment two\n({one})\n-- some\nSELECT * FROM {two}\n"
    sql, binds = read(tmp_path, text)["some"]
    assert " ".join(sql.split()) == "SELECT * FROM ( SELECT $1 )"
    assert binds == ("n",)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("-- some\n-- Only a comment.\n", "some has no SQL"),
        ("-- some\nSELECT 1\n-- some\nSELECT 2\n", "some is defined twice"),
        ("-- fragment f\nSELECT 1\n-- fragment f\nSELECT 2\n", "fragment f is defined twice"),
        ("-- some\nSELECT {nothing}\n", "there is no fragment nothing"),
    ],
)
def test_faulty_file_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        read(tmp_path, text)


def test_dialects_have_the_same_queries_with_the_same_binds() -> None:
    sqlite, postgresql = load("sqlite"), load("postgresql")
    assert sqlite.keys() == postgresql.keys()
    for name, query in sqlite.items():
        assert set(query.binds) == set(postgresql[name].binds), name


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_query_says_who_needs_it_and_is_needed(dialect: Dialect) -> None:
    code = "".join(path.read_text() for path in Path(queries.__file__).parents[2].rglob("*.py"))
    texts = "".join(path.read_text() for path in sorted((sql_folder() / "queries").rglob("*.sql")))
    for name in load(dialect):
        assert re.search(rf"^-- {name}\n-- Who: ", texts, re.MULTILINE), f"{name} has no comment"
        assert f'"{name}"' in code, f"nobody runs {name}"


async def test_every_query_is_understood_by_its_database(database: Database) -> None:
    for name, query in load(database.dialect).items():
        values: dict[str, Any] = dict.fromkeys(query.columns or query.binds)
        if database.dialect == "sqlite":
            async with database.transaction() as transaction:
                await transaction.run_sql("SELECT 1")
                await database._writer._raw.execute_fetchall(f"EXPLAIN {query.sql}", values)
        else:
            statement = await database._writer._raw.prepare(query.sql)
            assert len(statement.get_parameters()) == len(query.binds), name


@pytest.mark.parametrize(
    "name",
    [
        "events_after",
        "events_for_audiences",
        "list_notifications",
        "get_notification",
        "unread_counts",
        "count_marks",
        "write_receipts",
        "clear_receipts",
        "load_idempotent_answers",
    ],
)
async def test_no_query_of_the_hot_path_reads_a_whole_table_on_sqlite(sqlite_url: str, name: str) -> None:
    steps = await plan_of(name, sqlite_url)
    tables = r"SCAN (event|notification|receipt|tally|settled|idempotency|e|n|c|t|s|i)\b(?! VIRTUAL)"
    scans = [step for step in steps if re.match(tables, step) and "json_each" not in step]
    assert scans == [], steps


@pytest.mark.parametrize("name", ["count_marks", "write_receipts", "clear_receipts", "unread_counts"])
async def test_no_mark_of_one_user_looks_at_the_receipts_of_others_on_sqlite(
    sqlite_url: str, name: str
) -> None:
    steps = await plan_of(name, sqlite_url)
    assert not [step for step in steps if "receipt_by_notification" in step], steps


async def plan_of(name: str, sqlite_url: str) -> list[str]:
    """Return the steps in which SQLite runs a query."""
    database = Database(sqlite_url)
    await database.open()
    try:
        await migrate(database)
        query = load("sqlite")[name]
        values = {bind: json.dumps([]) if bind in ROWS else None for bind in query.binds}
        plan = await database._writer._raw.execute_fetchall(f"EXPLAIN QUERY PLAN {query.sql}", values)
    finally:
        await database.close()
    return [row[3] for row in plan]
