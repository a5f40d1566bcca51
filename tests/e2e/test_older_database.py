"""A database that an older version has made opens, its counts are the same, and all of its events are read.

`data/database_of_d51bfb3.sql` is the dump of an SQLite file that the version of commit d51bfb3 filled with
one of each kind of event, in January 2027 by its clock. On PostgreSQL that version's migrations make the
tables, and the rows of the same file fill them.
"""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import asyncpg
import httpx
import pytest

from clients import SECRET, EventStream, Frame, serve
from lumen_notify import Lumen, Settings
from lumen_notify.auth import mint
from lumen_notify.commit.database.migration_files import available
from lumen_notify.commit.database.queries import sql_folder
from lumen_notify.model.events import PAYLOADS
from lumen_notify.settings import Secret

DUMP = Path(__file__).parent / "data" / "database_of_d51bfb3.sql"

NOW = 1_800_005_000_000
"""A little later than the newest row."""

COUNTS = {
    "ann": ({"like": 4, "news": 1, "system": 1}, 0),
    "bob": ({"like": 1, "mention": 1, "system": 1, "tip": 1}, 1),
    "cyd": ({"system": 1}, 0),
}
"""What the older version answered: by category, and of all rooms."""


@pytest.fixture
async def older_url(unmigrated_url: str) -> str:
    with contextlib.closing(sqlite3.connect(":memory:")) as older:
        older.executescript(DUMP.read_text("utf-8"))
        if unmigrated_url.startswith("sqlite"):
            with contextlib.closing(sqlite3.connect(unmigrated_url.removeprefix("sqlite:///"))) as file:
                older.backup(file)
        else:
            await fill_postgresql(unmigrated_url, older)
    return unmigrated_url


async def fill_postgresql(url: str, older: sqlite3.Connection) -> None:
    """Make the tables of the older version on PostgreSQL, and copy the rows."""
    version = older.execute("SELECT max(version) FROM migration").fetchone()[0]
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("CREATE TABLE migration (version integer PRIMARY KEY, name text NOT NULL)")
        for migration in available(sql_folder() / "before_0_1" / "postgresql")[:version]:
            for statement in migration.statements:
                await connection.execute(statement)
        for (table,) in older.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
            rows = older.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - our own table
            columns = [name for name, *_ in rows.description]
            await connection.execute(f'TRUNCATE "{table}"')
            await connection.copy_records_to_table(table, records=rows.fetchall(), columns=columns)
    finally:
        await connection.close()


def test_the_dump_has_events_of_nearly_all_kinds() -> None:
    text = DUMP.read_text("utf-8")
    missing = {payload.kind for payload in PAYLOADS if f",'{payload.kind}'," not in text}
    # Marking as seen what was read changes nothing; the other kinds are newer.
    assert missing <= {"seen", "delete", "notification_edited", "rewritten", "streams_ended"}


class OlderEvents(EventStream):
    """A stream of events of older versions, which lack what newer ones have added to them."""

    def _check(self, frame: Frame) -> None:
        pass


async def resume_from_the_start(url: str, token: str, epoch: str) -> None:
    """Read every event of the log that concerns the user."""
    stream = await OlderEvents.open(url, token, cursor=f"{epoch}-0")
    ready = await stream.wait_for_event("ready")
    assert ready.data["recovered"]
    await stream.wait_for(lambda: len(stream.frames) > ready.data["replayed"], what="the replay")
    await stream.close()


async def mark_everything(http: httpx.AsyncClient, token: str) -> None:
    """Check that receipts of the older version count: each mark changes what is not marked so already."""
    headers = {"authorization": f"Bearer {token}"}
    items = []
    for is_archived in ("false", "true"):
        params = {"limit": "100", "archived": is_archived}
        items += (await http.get("/api/v1/notifications", headers=headers, params=params)).json()["items"]
    read = sum(item["read_at"] is not None for item in items)
    archived = sum(item["archived_at"] is not None for item in items)
    for action, changed in (("unread", read), ("read", len(items)), ("archive", len(items) - archived)):
        answer = await http.post(f"/api/v1/notifications/{action}", headers=headers, json={"all": True})
        assert answer.json()["changed"] == changed, (action, items)
        assert action == "unread" or answer.json()["unread"]["categories"] == {}


async def test_an_older_database_opens_with_its_counts_and_events(older_url: str) -> None:
    settings = Settings(database_url=older_url, jwt_secret=Secret(SECRET))
    async with (
        Lumen(settings, clock=lambda: NOW) as lumen,
        serve(lumen.app) as url,
        httpx.AsyncClient(base_url=url, trust_env=False) as http,
    ):
        for user, (categories, in_rooms) in COUNTS.items():
            token = mint(SECRET, user, ttl_seconds=3600, clock=lambda: NOW)
            answer = await http.get(
                "/api/v1/notifications/counts", headers={"authorization": f"Bearer {token}"}
            )
            unread = answer.json()["unread"]
            assert (unread["categories"], sum(unread["rooms"].values())) == (categories, in_rooms), user

            stream = await EventStream.open(url, token)
            ready = await stream.wait_for_event("ready")
            await stream.close()
            assert ready.data["unread_count"] == sum(categories.values()) + in_rooms
            assert ready.id is not None
            await resume_from_the_start(url, token, ready.id.partition("-")[0])
            await mark_everything(http, token)
        assert "lumen_events_skipped_total{" not in (await http.get("/metrics")).text
