"""Scans: through whole tables, a page in a step."""

from __future__ import annotations

import re
from typing import Any

import pytest

from lumen_notify.commit.database.queries import load
from lumen_notify.commit.users import scans
from lumen_notify.commit.users.alias import Alias
from lumen_notify.commit.users.scans import SCANS, scan

from ..store import Store
from .footprint import publication, publish

ALIAS = Alias(user_id="ann", alias="deleted-1")


async def scan_all(store: Store, name: str) -> int:
    after: Any = None
    steps = 0
    while True:
        steps += 1
        async with store.log.transaction() as tx:
            done = await scan(tx, SCANS[name], ALIAS, after=after)
        after = done.after
        if not done.has_more:
            return steps


@pytest.mark.parametrize("name", list(SCANS))
async def test_scan_of_an_empty_table_is_one_step(store: Store, name: str) -> None:
    assert await scan_all(store, name) == 1


async def test_scan_reaches_each_row_whatever_the_page(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scans, "STEP_ROWS", 2)
    for user in ("bob", "cy", "bob", "cy", "dan"):
        await publish(store, publication(user, sender="ann", owner="ann"))
    assert await scan_all(store, "notifications") == 3
    rows = await store.rows("SELECT body, publisher FROM lumen_notification")
    assert all("deleted-1" in body and publisher == "deleted-1" for body, publisher in rows)


async def test_scheduled_publications_lose_the_user_and_go_without_others(store: Store) -> None:
    later = store.now + 1000
    await publish(store, publication("ann", "bob", deliver_at=later))
    await publish(store, publication("ann", deliver_at=later))
    await scan_all(store, "scheduled")
    ((text, number),) = await store.rows("SELECT publication, rows_count FROM lumen_scheduled_notification")
    assert '"audiences":["user:bob"]' in text
    assert number == 1


BY_KEY = sorted(name for name in load("sqlite") if name.startswith(("scan_", "export_")))


@pytest.mark.parametrize("name", BY_KEY)
def test_each_page_is_found_by_its_whole_key(name: str) -> None:
    """With CAST around its values, SQLite finds `(room_id, seq) > (?, ?)` by the room alone: each page then
    reads all rows of the room that come before it."""
    keys = re.findall(r"\) > \([^;]*?(?:ORDER|LIMIT)", load("sqlite")[name].sql)
    assert not [one for one in keys if "CAST" in one]
