"""Retention of pushes: what is done and old goes in steps, and not while somebody waits for it."""

from __future__ import annotations

import pytest

from lumen_notify.commit.push import retention as module
from lumen_notify.commit.push.retention import TrimPushes
from lumen_notify.model import Audience

from ..rooms.conversation import run_sql
from ..store import DAY_MS, Store
from .outbox_rows import add_devices, sent, to


async def done(store: Store, number: int = 1, *, pages: int = 1) -> list[str]:
    """Publish some, push them, and return the ids of the pushes, oldest first."""
    await sent(store, *(to(Audience.user("ann")) for _ in range(number)))
    rows = await store.rows("SELECT id FROM lumen_push WHERE done_at IS NULL ORDER BY id")
    ids = [id_ for (id_,) in rows]
    await run_sql(store.database, f"UPDATE lumen_push SET done_at = {store.now} WHERE done_at IS NULL")  # noqa: S608
    for id_ in ids:
        for page in range(pages):
            await run_sql(
                store.database,
                f"INSERT INTO lumen_push_report VALUES ('{id_}', {page}, 'n', {store.now}, '[]')",  # noqa: S608
            )
    return ids


async def numbers(store: Store) -> tuple[int, int]:
    """Count pushes and report pages."""
    return await store.number_of("lumen_push"), await store.number_of("lumen_push_report")


async def test_old_pushes_go_with_their_reports(store: Store) -> None:
    await add_devices(store, "ann")
    await done(store, 2)
    store.now += DAY_MS
    await done(store, 3)
    store.now += 1
    await store.retention(push_seconds=86_400).sweep()
    assert await numbers(store) == (3, 3)
    store.now += 10 * DAY_MS
    await store.retention(push_seconds=0).sweep()
    assert await numbers(store) == (3, 3)


async def test_steps_are_bounded(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STEP_PAGES", 3)
    monkeypatch.setattr(module, "STEP_ROWS", 2)
    await add_devices(store, "ann")
    await done(store, 3, pages=2)
    left = []
    step = TrimPushes(before=store.now + 1)
    while await store.committer.submit(step):
        left.append(await numbers(store))
    assert left == [(2, 3), (0, 0)]
    assert await numbers(store) == (0, 0)


async def test_push_for_which_somebody_waits_stays(store: Store) -> None:
    await add_devices(store, "ann")
    first, _ = await done(store, 2)
    await run_sql(
        store.database,
        "INSERT INTO lumen_push_waiting (user_id, push_id, reason, due_at)"  # noqa: S608
        f" VALUES ('ann', '{first}', 'quiet', {store.now})",
    )
    store.now += DAY_MS
    await store.retention(push_seconds=60).sweep()
    assert await store.rows("SELECT id FROM lumen_push") == [(first,)]
    assert await numbers(store) == (1, 1)


async def test_what_could_not_be_pushed_goes_too(store: Store) -> None:
    await add_devices(store, "ann")
    await sent(store, to(Audience.user("ann")))
    store.now += 2 * DAY_MS
    await sent(store, to(Audience.user("ann")))
    await store.retention(push_seconds=60).sweep()
    assert await numbers(store) == (1, 0)


async def test_what_waits_to_be_pushed_stays_for_a_day_however_short_retention_is(store: Store) -> None:
    await add_devices(store, "ann")
    await sent(store, to(Audience.user("ann")))
    ((due_at,),) = await store.rows("SELECT due_at FROM lumen_push")
    for kept_ms, rows in ((60_001, 1), (DAY_MS, 1), (DAY_MS + 1, 0)):
        store.now = due_at + kept_ms
        await store.retention(push_seconds=60).sweep()
        assert await numbers(store) == (rows, 0)


async def test_old_dead_letters_go(store: Store) -> None:
    for number in range(2):
        await run_sql(
            store.database,
            "INSERT INTO lumen_push_dead_letter (id, push_id, notification_id, user_id, device_id, provider,"  # noqa: S608
            f" reason, created_at) VALUES ('{number}', 'p', 'n', 'ann', 'd', 'log', 'why', {store.now})",
        )
        store.now += DAY_MS
    await store.retention(push_seconds=86_401).sweep()
    assert [id_ for (id_,) in await store.rows("SELECT id FROM lumen_push_dead_letter")] == ["1"]
