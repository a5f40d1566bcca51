"""Before 0.1: a database without a prefix becomes what a new one is, with its rows; others' tables stay."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from lumen_notify.commit.database import Database, migrations
from lumen_notify.commit.database.before_0_1 import BASELINE
from lumen_notify.commit.database.migration_files import Migration, available, statements_of
from lumen_notify.commit.database.migrations import migrate
from lumen_notify.commit.database.queries import sql_folder
from lumen_notify.commit.log import Log
from lumen_notify.errors import DatabaseUnusable

NEWEST = 14
"""The last version without a prefix."""

TABLES = {
    "sqlite": "SELECT name FROM sqlite_schema WHERE type = 'table'",
    "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
}

SCHEMA = {
    # With the definition of each table and index, which has columns, types, defaults and constraints.
    "sqlite": ("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name",),
    "postgresql": (
        """SELECT c.relname, c.relkind, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod),
            a.attnotnull, pg_get_expr(d.adbin, d.adrelid)
        FROM pg_class c
        LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE c.relnamespace = CAST('public' AS regnamespace)
        ORDER BY c.relname, a.attnum""",
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY indexname",
        """SELECT conname, contype, CAST(CAST(conrelid AS regclass) AS text), pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = CAST('public' AS regnamespace) ORDER BY conname""",
        "SELECT tgname FROM pg_trigger",
        "SELECT proname FROM pg_proc WHERE pronamespace = CAST('public' AS regnamespace)",
    ),
}

ROWS = statements_of(Path(__file__).parent / "rows_of_version_14.sql")
"""A row of each table of version 14."""

CARRIED = {
    "SELECT epoch, floor, categories_version FROM lumen_log_head": ("k3f9x2", 5, 6),
    "SELECT position, audience, kind, category, body, content_position, created_at FROM lumen_event": (
        *(7, "user:ann", "notify", "like", "{}", 8, 9),
    ),
    "SELECT id, audience, position, content_position, created_at, expires_at FROM lumen_notification": (
        *("n", "user:ann", 7, 8, 10, 11),
    ),
    "SELECT seen_at, read_at, archived_at, marked FROM lumen_receipt": (1, 2, 3, 4),
    "SELECT up_to, seen_at, read_at, archived_at, seen_marked, read_marked FROM lumen_span": (
        *(1, 2, 3, 4, 5, 6),
    ),
    "SELECT category, archived_marked FROM lumen_span": ("like", 7),
    "SELECT audience, category, total FROM lumen_active_total": ("all", "like", 12),
    "SELECT read_or_archived, seen, read, archived, earlier FROM lumen_read_count": (5, 4, 3, 2, 1),
    "SELECT position, removed_position, purged_user, is_purged FROM lumen_removed_notification": (
        2,
        3,
        "bob",
        0,
    ),
    "SELECT actors, actors_count, announced_at, is_pending FROM lumen_notification_group": ("[]", 4, 5, 1),
    "SELECT user_id, id, begun_at, due_at, publication FROM lumen_digest_item": ("ann", "b", 1, 2, "{}"),
    "SELECT owner, room_id, deliver_at, rows_count FROM lumen_scheduled_notification": ("ann", "r", 1, 2),
    "SELECT kind, title, pair, withdrawn_position FROM lumen_room WHERE id = 'r'": (
        *("deleting", "Tea", '["ann","bob"]', 4),
    ),
    "SELECT kind FROM lumen_room WHERE id = 'q'": ("public",),
    "SELECT role, last_read_seq, joined_position, by_choice FROM lumen_member": ("owner", 1, 2, 0),
    "SELECT seq, id, client_id, position, copies, created_at, edited_at, deleted_at FROM lumen_message": (
        *(1, "m", "c", 2, "[6]", 3, 4, 5),
    ),
    "SELECT name, username, avatar, password_at FROM lumen_account": ("ann", "Ann", "a.png", 1),
}


@pytest.fixture
async def database(unmigrated_url: str) -> AsyncIterator[Database]:
    database = Database(unmigrated_url)
    await database.open()
    yield database
    await database.close()


def older(dialect: str) -> Sequence[Migration]:
    return available(sql_folder() / "before_0_1" / dialect)


async def run(database: Database, *statements: str) -> list[tuple[Any, ...]]:
    """Run statements in one transaction; return the rows of the last one."""
    async with database.transaction() as transaction:
        rows: Any = ()
        for statement in statements:
            rows = await transaction.run_sql(statement)
    return [tuple(row) for row in rows]


async def make_older(database: Database, version: int = NEWEST) -> None:
    """Make the tables of a version without a prefix."""
    await run(database, "CREATE TABLE migration (version integer PRIMARY KEY, name text NOT NULL)")
    for step in older(database.dialect)[:version]:
        done = f"INSERT INTO migration VALUES ({step.version}, '{step.name}')"  # noqa: S608
        await run(database, *step.statements, done)


async def schema(database: Database) -> list[Any]:
    return [await run(database, statement) for statement in SCHEMA[database.dialect]]


async def rows_of(database: Database) -> Mapping[str, list[tuple[Any, ...]]]:
    tables = sorted(name for (name,) in await run(database, TABLES[database.dialect]))
    return {name: await run(database, f"SELECT * FROM {name}") for name in tables}  # noqa: S608


@pytest.fixture
async def new_schema(database: Database, tmp_path: Path) -> list[Any]:
    """The schema of a database that is new: this one, which is emptied again."""
    await migrate(database)
    new = await schema(database)
    for (name,) in await run(database, TABLES[database.dialect]):
        await run(database, f"DROP TABLE {name}")
    return new


@pytest.mark.parametrize("version", [1, 4, NEWEST])
async def test_carried_over_database_has_the_schema_of_a_new_one(
    new_schema: list[Any], database: Database, version: int
) -> None:
    await make_older(database, version)
    made = await migrate(database)
    assert made.steps == available(sql_folder() / database.dialect)
    assert await schema(database) == new_schema
    assert (await migrate(database)).steps == []


@pytest.fixture
def baseline_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the migrations that change the tables of the baseline."""
    for dialect in ("sqlite", "postgresql"):
        (tmp_path / dialect).mkdir()
        for path in sorted((sql_folder() / dialect).iterdir())[:BASELINE]:
            shutil.copy(path, tmp_path / dialect)
    monkeypatch.setattr(migrations, "sql_folder", lambda: tmp_path)


@pytest.mark.usefixtures("baseline_alone")
async def test_rows_are_carried_over(database: Database) -> None:
    assert len(older(database.dialect)) == NEWEST
    await make_older(database)
    await run(database, *ROWS)
    before = await rows_of(database)
    assert all(before.values()), "each table has a row"

    await migrate(database)

    after = await rows_of(database)
    assert len(after) == len(before)
    assert all(name.startswith("lumen_") for name in after)
    numbers = sorted(len(rows) for name, rows in before.items() if name != "migration")
    assert sorted(len(rows) for name, rows in after.items() if name != "lumen_migration") == numbers
    for sql, row in CARRIED.items():
        assert await run(database, sql) == [row], sql


async def test_all_of_a_carry_over_is_undone_when_a_part_fails(database: Database) -> None:
    await make_older(database)
    await run(database, "CREATE TABLE lumen_revocation (own text)")
    before = await rows_of(database)
    with pytest.raises(Exception, match="lumen_revocation"):
        await migrate(database)
    assert await rows_of(database) == before


async def test_notifications_without_a_time_get_the_time_that_they_show(database: Database) -> None:
    await make_older(database, 3)
    body = '{"created_at":"2026-01-31T08:00:05.000Z"}'
    await run(
        database,
        "INSERT INTO notification (id, audience, position, category, body)"  # noqa: S608
        f" VALUES ('n', 'all', 1, 'like', '{body}')",
    )
    await migrate(database)
    times = await run(database, "SELECT created_at, expires_at FROM lumen_notification")
    assert times == [(1_769_846_405_000, None)]


async def test_two_starters_at_once_carry_over_once(database: Database, unmigrated_url: str) -> None:
    await make_older(database, 9)
    others = [Database(unmigrated_url) for _ in range(3)]
    for other in others:
        await other.open()
    try:
        made = await asyncio.gather(*(migrate(one) for one in (database, *others)))
    finally:
        for other in others:
            await other.close()
    assert sorted(len(one.steps) for one in made) == [
        0,
        0,
        0,
        len(available(sql_folder() / database.dialect)),
    ]


async def test_carry_over_is_logged(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "lumen_notify.database")
    await make_older(database, 9)
    done = await migrate(database)
    assert [record.getMessage() for record in caplog.records] == [done.summary()]
    begin = f"Carried over the database from development version 9 to version {done.version} in "
    assert done.summary().startswith(begin)


async def test_development_version_that_is_not_known_is_refused_and_left_alone(database: Database) -> None:
    await make_older(database)
    await run(database, "INSERT INTO migration VALUES (15, 'experiment')")
    before = await rows_of(database)
    with pytest.raises(DatabaseUnusable, match="its migration 15 is experiment"):
        await migrate(database)
    assert await rows_of(database) == before


APPLICATION = (
    "CREATE TABLE message (id integer, body text)",
    "CREATE TABLE event (at text)",
    "CREATE TABLE notification (of_what text)",
    "CREATE TABLE account (iban text)",
    "CREATE TABLE session (cookie text)",
    "CREATE TABLE room (number integer)",
    "CREATE INDEX event_by_audience ON event (at)",
    "INSERT INTO message VALUES (1, 'theirs')",
    "INSERT INTO event VALUES ('theirs')",
    "INSERT INTO notification VALUES ('theirs')",
    "INSERT INTO account VALUES ('theirs')",
    "INSERT INTO session VALUES ('theirs')",
    "INSERT INTO room VALUES (1)",
)

MIGRATIONS = {
    "version and name": (
        "CREATE TABLE migration (version integer, name text)",
        "INSERT INTO migration VALUES (1, 'initial'), (2, 'log_and_notifications')",
    ),
    "names alone": ("CREATE TABLE migration (name text)", "INSERT INTO migration VALUES ('0001_initial')"),
    "texts": (
        "CREATE TABLE migration (version text, name text)",
        "INSERT INTO migration VALUES ('20260131', 'initial')",
    ),
    "empty": ("CREATE TABLE migration (version integer, name text)",),
    "none": (),
}


@pytest.mark.parametrize("kind", MIGRATIONS)
async def test_tables_of_an_application_are_left_alone(database: Database, kind: str) -> None:
    await run(database, *APPLICATION, *MIGRATIONS[kind])
    theirs = await rows_of(database)
    await migrate(database)
    assert (await Log(database, lambda: 1).open()).position == 0
    after = await rows_of(database)
    assert {name: rows for name, rows in after.items() if not name.startswith("lumen_")} == theirs
    assert after["lumen_log_head"]


def test_the_baseline_is_among_the_migrations() -> None:
    for dialect in ("sqlite", "postgresql"):
        assert [step.name for step in available(sql_folder() / dialect)][:BASELINE] == [
            *("log", "notifications", "preferences", "rooms", "accounts")
        ]
