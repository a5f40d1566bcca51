"""Report: what became of the pushes of a notification, page by page."""

from __future__ import annotations

import json

import pytest

from lumen_notify.commit.push import report as module
from lumen_notify.commit.push.report import PushReports, ReportPlace
from lumen_notify.model import Audience

from ..store import Store
from .outbox_rows import add_devices, sent, to


async def add_page(store: Store, push_id: str, page: int, *outcomes: tuple[str, str]) -> None:
    text = json.dumps([[user, None, word] for user, word in outcomes])
    async with store.database.transaction() as transaction:
        await transaction.run_sql(
            "INSERT INTO lumen_push_report (push_id, page, notification_id, created_at, outcomes)"  # noqa: S608
            f" VALUES ('{push_id}', {page}, 'n', {page * 10}, '{text}')"
        )


async def test_pages_of_all_pushes_are_read_in_their_order(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STEP_ROWS", 2)
    await add_page(store, "q", 1, ("eve", "pushed"))
    await add_page(store, "p", 2, ("cid", "read"), ("dan", "quiet"))
    await add_page(store, "p", 1, ("ann", "pushed"), ("bob", "online"))
    await add_page(store, "p", 3, ("dan", "pushed"))
    reports = PushReports(store.database)
    found, place = [], ReportPlace()
    while True:
        rows = await reports.page("n", place, 3)
        found += [(row.user_id, row.word, row.at) for row in rows[:2]]
        if len(rows) < 3:
            break
        place = rows[2].place
    assert found == [
        ("ann", "pushed", 10),
        ("bob", "online", 10),
        ("cid", "read", 20),
        ("dan", "quiet", 20),
        ("dan", "pushed", 30),
        ("eve", "pushed", 10),
    ]
    assert await reports.page("other", ReportPlace(), 3) == []


async def test_status_says_how_far_it_is(store: Store) -> None:
    reports = PushReports(store.database)
    nobody, somebody = to(Audience.user("ann")), to(Audience.user("bob"))
    await add_devices(store, "bob")
    await sent(store, nobody, somebody)
    assert await reports.status(nobody.id) == "not_pushed"
    assert await reports.status(somebody.id) == "pending"
    assert await reports.publishers(somebody.id) == ["app"]
    assert await reports.publishers(nobody.id) == ["app"]
    assert await reports.publishers("x") == []
    async with store.database.transaction() as transaction:
        await transaction.run_sql("UPDATE lumen_push SET done_at = 1")
        await transaction.run_sql(
            "INSERT INTO lumen_push_waiting (user_id, push_id, reason, due_at)"
            " SELECT 'bob', id, 'quiet', 5 FROM lumen_push"
        )
    assert await reports.status(somebody.id) == "waiting"
    async with store.database.transaction() as transaction:
        await transaction.run_sql("DELETE FROM lumen_push_waiting")
    assert await reports.status(somebody.id) == "done"


async def test_groups_are_pending_and_done_too(store: Store) -> None:
    await add_devices(store, "bob")
    group = to(Audience.user("bob"), group_key="photo")
    await sent(store, group)
    reports = PushReports(store.database)
    assert await reports.status(group.id) == "pending"
    async with store.database.transaction() as transaction:
        await transaction.run_sql("UPDATE lumen_push SET done_at = 1")
        await transaction.run_sql(
            "INSERT INTO lumen_push_report (push_id, page, notification_id, created_at, outcomes)"  # noqa: S608
            f" SELECT id, 1, '{group.id}', 1, '[]' FROM lumen_push"
        )
    assert await reports.status(group.id) == "done"
