"""Audit: what was done and its row are committed together; nothing changes a row; old ones are deleted."""

from __future__ import annotations

import contextlib
import re
from typing import Any

import pytest

from lumen_notify.commit.audit import audit as module
from lumen_notify.commit.audit.audit import (
    ACTIONS,
    COMMAND_LINE,
    LAST_ID,
    Action,
    AuditLog,
    Entry,
    note,
    target,
)
from lumen_notify.commit.database.queries import load, sql_folder

from ..store import DAY_MS, Store


async def noted(store: Store, actor: str, action: Action, to: str | None = None, **details: Any) -> None:
    async with store.log.transaction() as tx:
        note(tx, action, actor, to, **details)


async def entries(store: Store, **given: Any) -> list[Entry]:
    """Read all pages of the audit log, newest first."""
    wanted: dict[str, Any] = {"actor": None, "action": None, "target": None, "limit": 2, **given}
    found: list[Entry] = []
    before: str | None = LAST_ID
    while before is not None:
        page, before = await AuditLog(store.database).page(before=before, **wanted)
        assert len(page) <= wanted["limit"]
        found += page
    return found


async def test_rows_say_who_did_what_to_whom_and_when(store: Store) -> None:
    await noted(store, "root", "streams.ended", target("user", "bob"), number=2)
    store.now += 1
    await noted(store, COMMAND_LINE, "user.exported", target("user", "ann"))
    newest, oldest = await entries(store)
    assert (newest.at, newest.actor, newest.action, newest.target) == (
        store.now,
        "command line",
        "user.exported",
        target("user", "ann"),
    )
    assert (oldest.at, oldest.actor, oldest.details) == (store.now - 1, "root", {"number": 2})


async def test_what_is_rolled_back_is_not_noted(store: Store) -> None:
    with contextlib.suppress(RuntimeError):
        async with store.log.transaction() as tx:
            note(tx, "room.deleted", "root", target("room", "r"))
            raise RuntimeError
    assert await entries(store) == []


async def test_filters_find_their_rows_through_all_pages(store: Store) -> None:
    for number in range(4):
        await noted(store, "root", "streams.ended", target("user", f"u{number % 2}"))
        await noted(store, "eve", "room.deleted", target("room", "r"))
    everything = await entries(store)
    assert len(everything) == 8
    assert [one.id for one in everything] == sorted((one.id for one in everything), reverse=True)
    for given in (
        {"actor": "root"},
        {"action": "room.deleted"},
        {"target": target("user", "u1")},
        {"actor": "root", "action": "streams.ended"},
        {"actor": "root", "target": target("user", "u0")},
        {"actor": "eve", "action": "streams.ended"},
    ):
        wanted = [
            one for one in everything if all(getattr(one, name) == text for name, text in given.items())
        ]
        assert await entries(store, **given) == wanted, given


async def test_page_looks_at_a_bounded_number_of_rows(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SCAN_ROWS", 2)
    monkeypatch.setattr(module, "MAX_SCANS", 2)
    await noted(store, "root", "room.deleted")
    for _ in range(9):
        await noted(store, "root", "streams.ended")
    both = {"actor": "root", "action": "room.deleted", "target": None}
    rows, before = await AuditLog(store.database).page(before=LAST_ID, limit=10, **both)
    assert (rows, before is not None) == ([], True)
    assert len(await entries(store, **both)) == 1


async def test_retention_deletes_what_is_old(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lumen_notify.commit.audit.audit.STEP_ROWS", 2)
    monkeypatch.setattr("lumen_notify.commit.jobs.retention.STEP_AUDIT", 2)
    for _ in range(5):
        await noted(store, "root", "streams.ended")
    store.now += DAY_MS
    await noted(store, "root", "room.deleted")
    await store.retention(audit_seconds=0).sweep()
    assert len(await entries(store)) == 6
    await store.retention(audit_seconds=86_399).sweep()
    assert [one.action for one in await entries(store)] == ["room.deleted"]


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_no_query_changes_a_row_and_only_retention_deletes_some(dialect: Any) -> None:
    writing = {
        name
        for name, query in load(dialect).items()
        if re.search(r"(INSERT INTO|UPDATE|DELETE FROM|REPLACE INTO|TRUNCATE)\s+lumen_audit\b", query.sql)
    }
    assert writing == {"insert_audit", "trim_audit"}
    migrations = [path.read_text("utf-8") for path in (sql_folder() / dialect).glob("*.sql")]
    assert not any(re.search(r"(UPDATE|DELETE FROM)\s+lumen_audit\b", text) for text in migrations)


def test_actions_are_nouns_and_participles_in_order() -> None:
    assert sorted(ACTIONS) == list(ACTIONS)
    assert all(re.fullmatch(r"[a-z_]+\.[a-z]+", action) for action in ACTIONS)
