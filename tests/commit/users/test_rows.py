"""Rows that are one user's alone."""

from __future__ import annotations

import pytest

from lumen_notify.commit.users import rows as module
from lumen_notify.commit.users.rows import delete_rows_of_user

from ..store import Store


async def delete_all(store: Store, user: str) -> int:
    steps = 0
    while True:
        async with store.log.transaction() as tx:
            if not await delete_rows_of_user(tx, user):
                return steps
        steps += 1


async def test_only_the_rows_of_the_user_go(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STEP_NOTIFICATIONS", 2)
    await store.publish("ann", "bob", number=3)
    await store.publish()
    for user in ("ann", "bob"):
        await store.mark(user, "read")
    await store.publish("ann", "bob")
    assert await delete_all(store, "ann") >= 2
    assert await store.unread("ann") == {"like": 1}  # that to everyone, as of a new user
    assert await store.unread("bob") == {"like": 1}
    users = await store.rows("SELECT user_id FROM lumen_span UNION SELECT user_id FROM lumen_read_count")
    assert [tuple(row) for row in users] == [("bob",)]


async def test_nothing_is_a_step_of_its_own(store: Store) -> None:
    assert await delete_all(store, "nobody") == 0
