"""Queries: read from their files, translated for each dialect, and understood by each database."""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumen_notify.commit.database import Database, queries
from lumen_notify.commit.database.connection import Statement
from lumen_notify.commit.database.migrations import migrate
from lumen_notify.commit.database.queries import Dialect, Query, load, sql_folder
from lumen_notify.model import Audience, to_json

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
            "plain rows": "",
            "kept rows": "\nWHERE true" + keep,
            "unmarked": "",
            "joined": join,
            "returned": "\nRETURNING id",
            "some": "\nWHERE r.n > 1",
        }.items()
    )
    (tmp_path / "some.sql").write_text(text)
    found = load("sqlite", tmp_path)
    assert found["plain"].sql == "INSERT INTO t (id, n)\nVALUES (?, ?)"
    assert found["kept"].sql == "INSERT INTO t (id, n)\nVALUES (?, ?)" + keep
    assert {name for name, query in found.items() if query.columns == ("id", "n")} == {"plain", "kept"}
    assert {query.binds for query in found.values()} == {("rows",)}
    assert not any(query.columns for query in load("postgresql", tmp_path).values())


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    "more",
    [
        "\nJOIN u ON u.id = r.id",
        "\nRETURNING id",
        "\nWHERE r.n > 1",
        "\nON CONFLICT (id) DO UPDATE SET n = :n",
    ],
)
def test_insert_that_is_more_than_its_rows_cannot_be_marked_as_one(
    tmp_path: Path, dialect: Dialect, more: str
) -> None:
    source = "FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id text, n bigint)"
    (tmp_path / "some.sql").write_text(
        f"-- some rows\nINSERT INTO t (id, n)\nSELECT r.id, r.n\n{source}{more}\n"
    )
    with pytest.raises(ValueError, match="some is marked"):
        load(dialect, tmp_path)


MARKED = {name: query for name, query in load("sqlite").items() if query.columns}

VALUES: Mapping[str, st.SearchStrategy[Any]] = {  # few different ones, so that rows conflict, and any others
    "text": st.sampled_from(["a", "b"])
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=4),
    "integer": st.sampled_from([0, 1, True]) | st.integers(-(2**63), 2**63 - 1),
}


@pytest.fixture(scope="module")
def unmarked(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Query]:
    """A query of SQLite, by name, as it is without the mark: translated like any other."""
    folder = tmp_path_factory.mktemp("queries")
    for number, path in enumerate(sorted((sql_folder() / "queries").rglob("*.sql"))):
        (folder / f"{number}.sql").write_text(
            re.sub(r"^(-- [a-z_]+) rows$", r"\1", path.read_text(), flags=re.MULTILINE)
        )
    found = load("sqlite", folder)
    return lambda name: found[name]


@pytest.fixture(scope="module")
def tables() -> Iterator[sqlite3.Connection]:
    """All tables, empty, in memory."""
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        for path in sorted((sql_folder() / "sqlite").glob("*.sql")):
            connection.executescript(path.read_text())
        yield connection


@pytest.mark.parametrize("name", MARKED)
@given(data=st.data())
def test_insert_of_rows_writes_the_same_in_both_ways(
    tables: sqlite3.Connection, unmarked: Callable[[str], Query], name: str, data: st.DataObject
) -> None:
    marked = MARKED[name]
    assert unmarked(name).columns == ()
    table = re.match(r"INSERT INTO (\w+)", marked.sql)
    assert table is not None
    kinds = {
        column: VALUES[kind.lower()] if not_null or key_part else st.none() | VALUES[kind.lower()]
        for _, column, kind, not_null, _, key_part in tables.execute(f"PRAGMA table_info({table[1]})")
    }
    row = st.fixed_dictionaries({column: kinds[column] for column in marked.columns})
    rows = data.draw(st.lists(row, max_size=5))

    def outcome(run: Callable[[], object]) -> list[Any] | str:
        tables.execute("BEGIN")
        try:
            run()
            return tables.execute(f"SELECT * FROM {table[1]}").fetchall()  # noqa: S608
        except sqlite3.IntegrityError as error:
            return str(error)
        finally:
            tables.execute("ROLLBACK")

    values = [tuple(row[column] for column in marked.columns) for row in rows]
    each = outcome(lambda: tables.executemany(marked.sql, values))
    (bind,) = marked.binds
    together = outcome(lambda: tables.execute(unmarked(name).sql, {bind: to_json(rows)}))
    assert each == together


def test_every_insert_of_just_its_rows_is_marked() -> None:
    assert len(MARKED) > 10
    for path in (sql_folder() / "queries").rglob("*.sql"):
        for kind, name, rows, _, text in queries._blocks(path):
            if kind is None and rows is None and "RETURNING" not in text:
                assert not queries._INSERT_OF_ROWS.match(text), name


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
        ("-- some\nSELECT {nothing}\n", "unknown fragment nothing"),
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
        assert re.search(rf"^-- {name}(?: rows)?\n-- Who: ", texts, re.MULTILINE), f"{name} has no comment"
        assert f'"{name}"' in code, f"nobody runs {name}"


def test_audiences_are_written_as_the_model_writes_them() -> None:
    texts = "".join(path.read_text() for path in (sql_folder() / "queries").rglob("*.sql"))
    code = re.sub(r"--[^\n]*", "", texts)
    prefixes = {str(audience)[: -len("x")] for audience in (Audience.user("x"), Audience.room("x"))}
    assert set(re.findall(r"'(\w+:)%?'", code)) == prefixes
    assert {len(prefix) for prefix in prefixes} == {5}, "substr(audience, 6) is the id"
    assert set(re.findall(r"substr\([a-z.]*audience, (\d+)\)", code)) == {"6"}


async def test_every_query_is_understood_by_its_database(database: Database) -> None:
    for name, query in load(database.dialect).items():
        values = (None,) * len(query.columns) or dict.fromkeys(query.binds)
        if database.dialect == "sqlite":
            async with database.transaction() as transaction:
                await transaction.run_sql("SELECT 1")
                await database._writer._execute([Statement(f"EXPLAIN {query.sql}", values)])
        else:
            statement = await database._writer._raw.prepare(query.sql)
            assert len(statement.get_parameters()) == len(query.binds), name


@pytest.mark.parametrize(
    "name",
    [
        "events_from",
        "log_at",
        "log_end",
        "events_for_audiences",
        "count_for_audiences",
        "departures",
        "list_notifications",
        "get_notification",
        "unread_counts",
        "counts_snapshot",
        "count_marks",
        "write_receipts",
        "totals_of_spans",
        "removed_in_spans",
        "later_than_spans",
        "split_spans",
        "mark_spans",
        "delete_needless_spans",
        "load_idempotent_answers",
        "enqueue_pushes",
        "enqueue_messages",
        "enqueue_withdrawals_of_users",
        "enqueue_withdrawals",
        "known_users",
        "accounts_from_username",
        "audit_log",
        "audit_of_target",
        "audit_of_actor",
        "audit_of_action",
        "trim_audit",
        "list_all_rooms",
        "messages_of_any_room",
    ],
)
async def test_no_query_of_the_hot_path_reads_a_whole_table_on_sqlite(sqlite_url: str, name: str) -> None:
    steps = await plan_of(name, sqlite_url)
    tables = r"SCAN (lumen_[a-z_]+|e|n|c|t|s|i|w|o)\b(?! VIRTUAL)"
    scans = [step for step in steps if re.match(tables, step) and "json_each" not in step]
    assert scans == [], steps


@pytest.mark.parametrize("name", ["count_marks", "write_receipts", "later_than_spans", "counts_snapshot"])
async def test_no_mark_of_one_user_looks_at_the_receipts_of_others_on_sqlite(
    sqlite_url: str, name: str
) -> None:
    steps = await plan_of(name, sqlite_url)
    assert not [step for step in steps if "lumen_receipt_by_notification" in step], steps


async def test_a_page_of_rooms_reads_the_messages_of_the_page_alone_on_sqlite(sqlite_url: str) -> None:
    steps = await plan_of("list_rooms", sqlite_url)
    sort = next(number for number, step in enumerate(steps) if "ORDER BY" in step)
    messages = next(number for number, step in enumerate(steps) if re.match(r"SEARCH l\b", step))
    assert sort < messages, steps


async def test_a_bundle_that_has_begun_is_found_without_a_look_at_all_that_waits_on_sqlite(
    sqlite_url: str,
) -> None:
    steps = await plan_of("push_facts", sqlite_url)
    index = "lumen_push_waiting_bundle (user_id=? AND category=? AND due_at>?)"
    assert any(step.startswith("SEARCH w ") and index in step for step in steps), steps


async def plan_of(name: str, sqlite_url: str) -> list[str]:
    """Return the steps in which SQLite runs a query."""
    database = Database(sqlite_url)
    await database.open()
    try:
        await migrate(database)
        query = load("sqlite")[name]
        values = {bind: json.dumps([]) if bind in ROWS else None for bind in query.binds}
        plan = await database._writer._execute([Statement(f"EXPLAIN QUERY PLAN {query.sql}", values)])
    finally:
        await database.close()
    return [row[3] for row in plan]
