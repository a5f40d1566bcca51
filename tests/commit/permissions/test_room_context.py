"""Room context: what a role requires, in a transaction and outside of one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from lumen_notify.commit.permissions import RoomAccess, RoomContext, load_room_contexts, require_room
from lumen_notify.errors import NotFound, Refused

from ..rooms.conversation import open_room, set_block
from ..store import Store

USERS = ("olga", "mo", "mem", "mute", "eve")
"""owner, moderator, member, muted, not a member"""


def code_of(require: Callable[[], None]) -> str | None:
    try:
        require()
    except Refused as refused:
        return refused.code
    return None


async def code_after(required: Awaitable[Any]) -> str | None:
    try:
        await required
    except Refused as refused:
        return refused.code
    return None


async def contexts(store: Store, room: str) -> list[RoomContext]:
    async with store.log.transaction() as tx:
        found = await load_room_contexts(tx, [(room, user) for user in USERS])
    return [found[n] for n in range(len(USERS))]


async def open_rooms(store: Store) -> None:
    for room, kind in (("r", "public"), ("p", "private")):
        await open_room(store, room=room, kind=kind, olga="owner", mo="moderator", mem="member", mute="muted")


async def test_each_requirement_is_met_by_the_roles_of_the_table(store: Store) -> None:
    await open_rooms(store)
    low = "role_too_low"
    for room, outside, visible in (("r", "not_a_member", None), ("p", "not_found", "not_found")):
        found = await contexts(store, room)
        assert [one.role for one in found] == ["owner", "moderator", "member", "muted", None]
        assert {(one.owners_count, one.members_count) for one in found} == {(1, 4)}
        assert [code_of(one.require_visible) for one in found] == [None, None, None, None, visible]
        assert [code_of(one.require_member) for one in found] == [None, None, None, None, outside]
        assert [code_of(one.require_moderator) for one in found] == [None, None, low, low, outside]
        assert [code_of(one.require_owner) for one in found] == [None, low, low, low, outside]


async def test_room_that_does_not_exist_or_is_deleted_has_no_context(store: Store) -> None:
    await open_room(store, olga="owner", room="d", kind="deleting")
    async with store.log.transaction() as tx:
        found = await load_room_contexts(tx, [("nowhere", "olga"), ("d", "olga")])
    assert found == {}
    with pytest.raises(NotFound):
        require_room(found.get(0))
    assert await code_after(RoomAccess(store.database).require_member("d", "olga")) == "not_found"


async def test_access_outside_of_a_transaction_follows_the_same_table(store: Store) -> None:
    await open_rooms(store)
    access = RoomAccess(store.database)
    assert [await access.require_member("r", user) for user in USERS[:4]] == [
        "owner",
        "moderator",
        "member",
        "muted",
    ]
    low = "role_too_low"
    for room, outside in (("r", "not_a_member"), ("p", "not_found")):
        codes = [await code_after(access.require_member(room, user)) for user in USERS]
        assert codes == [None, None, None, None, outside]
        codes = [await code_after(access.require_moderator(room, user)) for user in USERS]
        assert codes == [None, None, low, low, outside]
        codes = [await code_after(access.require_post(room, user)) for user in USERS]
        assert codes == [None, None, None, "muted", outside]
    assert await code_after(access.require_member("nowhere", "olga")) == "not_found"


async def test_blocked_user_cannot_post_in_the_direct_room_but_reads_it(store: Store) -> None:
    await open_room(store, "ann", "bob", kind="direct")
    await set_block(store, "bob", "ann")
    access = RoomAccess(store.database)
    assert await code_after(access.require_post("r", "ann")) == "blocked"
    assert await code_after(access.require_post("r", "bob")) is None
    assert await access.require_member("r", "ann") == "member"
