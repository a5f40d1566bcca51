"""Rooms that a deleted user leaves."""

from __future__ import annotations

import pytest

from lumen_notify.commit.rooms.deletion import DeleteRoom
from lumen_notify.commit.rooms.direct import SendDirectMessage
from lumen_notify.commit.rooms.rooms import CreateRoom
from lumen_notify.commit.users import rooms as module
from lumen_notify.commit.users.alias import Alias
from lumen_notify.commit.users.rooms import leave_rooms

from ..rooms.conversation import marks, message
from ..store import Store

ALIAS = Alias(user_id="ann", alias="deleted-1")


async def leave_all(store: Store) -> int:
    steps = 0
    while True:
        async with store.log.transaction() as tx:
            if not await leave_rooms(tx, ALIAS):
                return steps
        steps += 1


async def test_rooms_are_left_some_at_a_time(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STEP_ROOMS", 2)
    for number in range(5):
        await store.committer.submit(
            CreateRoom(id=f"r{number}", kind="public", creator="ann", members=("bob",))
        )
    assert await leave_all(store) == 3
    assert await marks(store, "r4") == {"bob": 0}


async def test_a_room_that_is_being_deleted_is_left_too(store: Store) -> None:
    await store.committer.submit(CreateRoom(id="r", kind="public", creator="ann", members=("bob",)))
    await store.committer.submit(DeleteRoom(room_id="r", caller="ann"))
    assert await leave_all(store) == 1
    assert await marks(store, "r") == {"bob": 0}


async def test_the_other_user_of_a_direct_room_is_told(store: Store) -> None:
    await store.committer.submit(SendDirectMessage(to="bob", message=message("ann", "hi")))
    await leave_all(store)
    events = await store.log.after(0)
    (told,) = [one for one in events if one.kind == "member"]
    assert '"members_count":1' in told.body
    rows = await store.rows("SELECT kind, members_count FROM lumen_room")
    assert [tuple(row) for row in rows] == [("direct", 1)]
