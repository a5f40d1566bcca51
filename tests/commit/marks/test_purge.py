"""Purge: what was removed leaves the counts in small steps, and the unread numbers stay."""

from __future__ import annotations

import pytest

from lumen_notify.commit.marks import purge
from lumen_notify.commit.marks.purge import PurgeReceipts
from lumen_notify.commit.publications.removal import Remove
from lumen_notify.model import EVERYONE, Audience

from ..store import Store

USERS = [f"u{number}" for number in range(7)]


async def test_each_step_takes_few_users_and_no_unread_number_changes(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purge, "STEP_PAIRS", 4)
    published = await store.publish(number=4)
    for number, user in enumerate(USERS):
        if number % 2:
            await store.mark(user, "read")
        else:
            await store.mark(user, "archive", ids=(published[0].id,))
    await store.committer.submit(Remove(rows=[(one.id, EVERYONE) for one in published[:2]]))
    unread = {user: await store.unread(user) for user in USERS}
    assert unread == {user: {} if number % 2 else {"like": 2} for number, user in enumerate(USERS)}
    assert await store.committer.submit(PurgeReceipts()) == 0, "not at once"

    store.now += purge.PURGE_SECONDS * 1000 + 1
    steps = 0
    while await store.committer.submit(PurgeReceipts()):
        steps += 1
        assert {user: await store.unread(user) for user in USERS} == unread
    assert steps >= len(USERS) // 2
    assert [await store.number_of(table) for table in ("lumen_removed_notification", "lumen_receipt")] == [
        0,
        0,
    ]


async def test_what_one_user_had_leaves_the_counts_at_once(store: Store) -> None:
    published = await store.publish("ann", number=3)
    await store.mark("ann", "read")
    rows = [(one.id, Audience.user("ann")) for one in published]
    await store.committer.submit(Remove(rows=rows[:2]))
    assert [await store.number_of(table) for table in ("lumen_active_total", "lumen_read_count")] == [1, 1]
    await store.committer.submit(Remove(rows=rows[2:]))
    assert [await store.number_of(table) for table in ("lumen_active_total", "lumen_read_count")] == [0, 0], (
        "no zeros stay"
    )
    assert await store.unread("ann") == {}
