"""Startup errors: those of the database are explained; ours, and defects, stay as they are."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import asyncpg
import pytest

from lumen_notify.commit.database.startup_errors import explained, require_file
from lumen_notify.errors import DatabaseUnavailable, DatabaseUnusable, Misconfigured


def full() -> sqlite3.DatabaseError:
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorcode = sqlite3.SQLITE_FULL
    return error


def test_cause_of_an_outage_at_the_start_is_explained() -> None:
    is_full = pytest.raises(DatabaseUnusable, match=r"The disk with /x/lumen\.db is full")
    with is_full, explained("sqlite:////x/lumen.db"):
        raise DatabaseUnavailable("The database does not answer.") from full()
    with pytest.raises(DatabaseUnusable, match="has no database"), explained("postgresql://db/x"):
        raise asyncpg.InvalidCatalogNameError("no")


@pytest.mark.parametrize(
    "error",
    [DatabaseUnusable("x"), DatabaseUnavailable("x"), Misconfigured([("X", "x")]), ZeroDivisionError()],
)
def test_other_errors_stay_as_they_are(error: Exception) -> None:
    with pytest.raises(type(error)) as caught, explained("postgresql://db/x"):
        raise error
    assert caught.value is error


def test_only_a_file_is_looked_at_before_it_is_opened(tmp_path: Path) -> None:
    require_file("postgresql://nowhere.invalid/x")
    require_file(f"sqlite:///{tmp_path}/new.db")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(DatabaseUnusable, match="does not exist"):
        require_file(f"sqlite:///{tmp_path}/none/new.db")
