"""Rooms: who makes one owns it, two have one of their own, and nobody finds one that is not his to see."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lumen_notify.commit.rooms.members import Changed, ChangeMembers
from lumen_notify.commit.rooms.rooms import CreateRoom, Made, Rooms, create_rooms
from lumen_notify.errors import Refused

from ..store import Store


async def make(store: Store, id_: str, kind: Any = "private", creator: str = "ann", *members: str) -> Made:
    made: Made = await store.committer.submit(
        CreateRoom(id=id_, kind=kind, creator=creator, title=id_.title(), members=members)
    )
    return made


async def change(store: Store, caller: str, action: Any, user: str, role: Any = None) -> Changed:
    changed: Changed = await store.committer.submit(
        ChangeMembers(room_id="r", caller=caller, action=action, users=(user,), role=role)
    )
    return changed


async def test_who_makes_a_room_owns_it_and_each_member_is_told(store: Store) -> None:
    made = await make(store, "r", "private", "ann", "bob", "cyd")

    assert (made.is_new, made.position) == (True, 3)
    assert [(event.kind, event.audience) for event in store.events] == [
        ("joined", "user:ann"),
        ("joined", "user:bob"),
        ("joined", "user:cyd"),
    ]
    told = json.loads(store.events[1].body)["data"]
    assert told == {"room_id": "r", "role": "member", "kind": "private", "title": "R", "by": "ann"}
    rooms = Rooms(store.database)
    for user, role, position in (("ann", "owner", 1), ("bob", "member", 2), ("cyd", "member", 3)):
        room = await rooms.get(user, "r")
        assert room is not None
        assert (room.role, room.joined_position, room.members_count) == (role, position, 3)
    assert await rooms.get("eve", "r") is None


async def test_who_enters_two_rooms_in_one_transaction_is_in_each_from_its_own_event_on(store: Store) -> None:
    both = [CreateRoom(id=room, kind="private", creator="ann", title=None, members=()) for room in ("r", "q")]
    async with store.log.transaction() as tx:
        await create_rooms(tx, both)
    stated = [(event.position, sorted(json.loads(event.body)["rooms"])) for event in tx.events]
    assert stated == [(1, ["r"]), (2, ["q", "r"])]


async def test_an_id_is_given_once(store: Store) -> None:
    await make(store, "r")
    with pytest.raises(Refused) as refused:
        await make(store, "r", "public", "bob")
    assert refused.value.code == "room_taken"
    assert len(store.events) == 1


async def test_two_have_one_direct_room_whoever_asks(store: Store) -> None:
    first = await make(store, "x", "direct", "ann", "bob")
    again = await make(store, "y", "direct", "bob", "ann")

    assert (first.is_new, again.is_new) == (True, False)
    assert first.id == again.id
    rooms = Rooms(store.database)
    for user, peer in (("ann", "bob"), ("bob", "ann")):
        (room,) = await rooms.page(user, is_public=False, before=(2**62, ""), limit=10)
        assert (room.peer_id, room.role, room.kind) == (peer, "member", "direct")
    with pytest.raises(Refused) as refused:
        await store.committer.submit(
            ChangeMembers(room_id=first.id, caller="ann", action="remove", users=("ann",))
        )
    assert refused.value.code == "room_is_direct"


async def test_who_joins_is_told_after_the_others_and_who_leaves_before_them(store: Store) -> None:
    await make(store, "r", "public")
    joined = await change(store, "bob", "put", "bob")
    left = await change(store, "bob", "remove", "bob")

    assert [(event.kind, event.audience) for event in store.events[1:]] == [
        ("member", "room:r"),
        ("joined", "user:bob"),
        ("left", "user:bob"),
        ("member", "room:r"),
    ]
    assert (joined.roles, joined.position) == ({"bob": "member"}, 3)
    assert (left.roles, left.position) == ({"bob": None}, 5)
    assert json.loads(store.events[3].body)["data"] == {
        "room_id": "r",
        "since": 3,
        "reason": "left",
        "by": "bob",
    }
