"""Users are deleted, and what others have of them is read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lumen_notify.commit.rooms.deletion import PurgeRoom
from lumen_notify.commit.users.deletion import LATE_MS, DeleteUser, Deletion, Deletions, Messages
from lumen_notify.commit.users.purge import PurgeUser

from ..store import Store
from .footprint import OTHERS, OWN_ROOM, ZOE

KEPT = {"lumen_revocation.user_id", "lumen_audit.target"}
"""Where a user is named after the deletion, as docs/api/users.md says."""


async def delete(store: Store, user: str = ZOE, messages: Messages = "keep", **more: Any) -> Deletion:
    started: Deletion = await store.committer.submit(
        DeleteUser(user_id=user, messages=messages, by="ops", **more)
    )
    return started


async def finish(store: Store, *others: Store, user: str = ZOE) -> int:
    """Do all steps, on each store in turn; let the time pass for which one of them waits. Return how many
    there were."""
    stores, steps = (store, *others), 0
    while await Deletions(store.database).get(user) is not None:
        steps += 1
        assert steps < 1000
        if not await stores[steps % len(stores)].committer.submit(PurgeUser(user_id=user)):
            for one in stores:
                one.now += LATE_MS
            await store.rows("DELETE FROM lumen_connection")  # as instances do once they have ended
    while await store.committer.submit(PurgeRoom(room_id=OWN_ROOM)):
        pass
    return steps


async def run_until_it_waits(store: Store, step: str) -> None:
    while await store.committer.submit(PurgeUser()):
        pass
    ((found,),) = await store.rows("SELECT step FROM lumen_deletion ORDER BY started_at, user_id LIMIT 1")
    assert found == step


async def counts_of(store: Store, *users: str) -> Mapping[str, Any]:
    found = await store.counts.fetch(users or OTHERS)
    return {user: one.counts.as_fields() for user, one in found.items()}


async def list_of(store: Store, user: str, *, is_unread: bool | None = None) -> list[dict[str, Any]]:
    rows, _ = await store.inbox.page(
        user, before=2**62, limit=1000, category=None, is_unread=is_unread, is_archived=None
    )
    return [json.loads(row.body) for row in rows]
