"""Messages of a user who is deleted, a step at a time."""

from __future__ import annotations

from typing import Any

import pytest

from lumen_notify.commit.users import messages as module
from lumen_notify.commit.users.alias import Alias
from lumen_notify.commit.users.messages import scan_messages

from ..rooms.conversation import history, open_room, send
from ..store import Store

ALIAS = Alias(user_id="ann", alias="deleted-1")


async def scan_all(store: Store, *, deletes: bool) -> int:
    """Do all steps; return how many."""
    after: Any = None
    steps = 0
    while True:
        steps += 1
        async with store.log.transaction() as tx:
            scanned = await scan_messages(tx, ALIAS, after=after, deletes=deletes)
        after = scanned.after
        if not scanned.has_more:
            return steps


async def test_kept_messages_become_the_aliases(store: Store) -> None:
    await open_room(store, "ann", "bob")
    for user in ("ann", "bob", "ann"):
        await send(store, user, f"of {user}", client_id=None)
    assert await scan_all(store, deletes=False) == 1
    shown = [(one["sender"]["id"], one["content"]) for one in await history(store, "bob")]
    assert shown == [("deleted-1", "of ann"), ("bob", "of bob"), ("deleted-1", "of ann")]


@pytest.mark.parametrize("in_a_step", [2, 20])
async def test_deleted_messages_go_some_at_a_time(
    store: Store, monkeypatch: pytest.MonkeyPatch, in_a_step: int
) -> None:
    monkeypatch.setattr(module, "STEP_DELETED", in_a_step)
    await open_room(store, "ann", "bob")
    for number in range(5):
        await send(store, "ann", f"{number}")
    assert await scan_all(store, deletes=True) == (3 if in_a_step == 2 else 1)
    assert [one["content"] for one in await history(store, "bob")] == [""] * 5
    assert {one["deleted_by"] for one in await history(store, "bob")} == {"deleted-1"}
