"""An application's database: its tables have the names of ours without the prefix, and both work."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from clients import NOTIFICATIONS, SECRET, serve, token
from lumen_notify import Lumen, Settings
from lumen_notify.auth import PUBLISH
from lumen_notify.settings import Secret
from servers import run_sql

TABLES = ("message", "event", "notification", "account", "session", "room", "member", "category")

RunSql = Callable[[str], list[Any]]


@pytest.fixture
def application(unmigrated_url: str) -> Iterator[RunSql]:
    """Runs SQL as the application, whose tables have a row each."""
    if unmigrated_url.startswith("postgresql"):

        def run(sql: str) -> list[Any]:
            return [tuple(row.values()) for row in run_sql(unmigrated_url, sql)]

        _create(run)
        yield run
        return
    with contextlib.closing(sqlite3.connect(unmigrated_url.removeprefix("sqlite:///"))) as database:
        database.isolation_level = None

        def run(sql: str) -> list[Any]:
            return database.execute(sql).fetchall()

        _create(run)
        yield run


def _create(run: RunSql) -> None:
    for table in TABLES:
        run(f"CREATE TABLE {table} (own text)")
        run(f"INSERT INTO {table} VALUES ('theirs')")  # noqa: S608
    run("CREATE TABLE migration (version integer, name text)")
    run("INSERT INTO migration VALUES (1, 'initial')")


async def test_a_server_lives_in_an_applications_database(unmigrated_url: str, application: RunSql) -> None:
    settings = Settings(database_url=unmigrated_url, jwt_secret=Secret(SECRET), accounts="on")
    for start in (1, 2):
        async with (
            Lumen(settings) as lumen,
            serve(lumen.app) as url,
            httpx.AsyncClient(base_url=url, trust_env=False) as http,
        ):
            http.headers["authorization"] = f"Bearer {token('ann', PUBLISH)}"
            to_bob = {"to": {"user": "bob"}, "category": "like", "content": "hi"}
            assert (await http.post(NOTIFICATIONS, json=to_bob)).status_code == 201
            sent = await http.post("/api/v1/messages", json={"to": "bob", "content": "hi"})
            assert sent.status_code == 201
            bob = {"authorization": f"Bearer {token('bob')}"}
            counts = await http.get(f"{NOTIFICATIONS}/counts", headers=bob)
            assert counts.json()["unread_count"] == 2 * start
    for table in TABLES:
        assert application(f"SELECT own FROM {table}") == [("theirs",)]  # noqa: S608
    assert application("SELECT version, name FROM migration") == [(1, "initial")]
