"""Migration files: numbered without holes; statements without comments."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lumen_notify.commit.database.migration_files import Migration, available, statements_of
from lumen_notify.commit.database.queries import sql_folder


@pytest.mark.parametrize("names", [["0002_b.sql"], ["0001_a.sql", "0003_c.sql"], ["1_a.sql"], ["0001_A.sql"]])
def test_gap_in_the_numbers_is_refused(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        (tmp_path / name).write_text("SELECT 1")
    with pytest.raises(ValueError, match="is not migration number 000"):
        available(tmp_path)


def test_statements_are_read_without_comments(tmp_path: Path) -> None:
    path = tmp_path / "0001_a.sql"
    path.write_text("-- One; with a semicolon.\nCREATE TABLE a (n integer); -- and\nSELECT 1;\n")
    assert statements_of(path) == ("CREATE TABLE a (n integer)", "SELECT 1")
    assert available(tmp_path) == [Migration(version=1, name="a", statements=statements_of(path))]


def test_both_databases_get_the_same_tables() -> None:
    """SQLite's definitions, with PostgreSQL's names of types and without SQLite's options, are PostgreSQL's.

    Statements that fill tables may differ: each database has its own functions for JSON. So may how
    PostgreSQL stores a table.
    """
    for path in (sql_folder() / "sqlite").glob("*.sql"):
        definitions = [re.sub(r"\) STRICT(, WITHOUT ROWID)?$", ")", one) for one in definitions_in(path)]
        translated = [re.sub(r"\binteger\b", "bigint", one).split() for one in definitions]
        others = definitions_in(sql_folder() / "postgresql" / path.name)
        assert translated == [one.split() for one in others], path.name


def definitions_in(path: Path) -> list[str]:
    """Return the statements of a migration that define tables and indexes."""
    others = re.compile(r"INSERT INTO |ALTER TABLE \w+ SET \(")
    return [one for one in statements_of(path) if not others.match(one)]
