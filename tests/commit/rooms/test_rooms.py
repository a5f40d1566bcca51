"""Rooms: the creator is the owner, two users have one direct room, private rooms are hidden from others."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lumen_notify.commit.database.migration_files import available
from lumen_notify.commit.database.queries import sql_folder
from lumen_notify.commit.rooms.members import ChangedMembers, ChangeMembers
from lumen_notify.commit.rooms.rooms import CreatedRoom, CreateRoom, Rooms
from lumen_notify.errors import Refused
from lumen_notify.model import new_id

from ..store import Store
from .conversation import run_sql, send


async def make(
    store: Store, id_: str, kind: Any = "private", creator: str = "ann", *members: str
) -> CreatedRoom:
    made: CreatedRoom = await store.committer.submit(
        CreateRoom(id=id_, kind=kind, creator=creator, title=id_.title(), members=members)
    )
    return made


async def change(store: Store, caller: str, action: Any, user: str, role: Any = None) -> ChangedMembers:
    changed: ChangedMembers = await store.committer.submit(
        ChangeMembers(room_id="r", caller=caller, action=action, users=(user,), role=role)
    )
    return changed


async def test_creator_owns_the_room_and_each_member_gets_an_event(store: Store) -> None:
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


async def test_id_of_a_room_is_unique(store: Store) -> None:
    await make(store, "r")
    with pytest.raises(Refused) as refused:
        await make(store, "r", "public", "bob")
    assert refused.value.code == "room_taken"
    assert len(store.events) == 1


async def test_two_users_have_one_direct_room(store: Store) -> None:
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


async def test_rooms_that_others_add_a_user_to_do_not_count_as_the_users_own(store: Store) -> None:
    def make(creator: str, *members: str, max_rooms: int = 2) -> CreateRoom:
        return CreateRoom(id=new_id(), kind="private", creator=creator, members=members, max_rooms=max_rooms)

    for _ in range(2):
        room = make("mallory", "bob")
        await store.committer.submit(room)
        leave = ChangeMembers(room_id=room.id, caller="mallory", action="remove", users=("mallory",))
        await store.committer.submit(leave)
    with pytest.raises(Refused) as refused:
        await store.committer.submit(make("mallory", "bob"))
    assert (refused.value.code, "others have added" in refused.value.message) == ("too_many_rooms", True)

    for _ in range(2):
        await store.committer.submit(make("bob"))
    with pytest.raises(Refused) as refused:
        await store.committer.submit(make("bob"))
    assert (refused.value.code, "own choice" in refused.value.message) == ("too_many_rooms", True)
    roles = await run_sql(store.database, "SELECT role FROM lumen_member WHERE user_id = 'bob'")
    assert sorted(role for (role,) in roles) == ["member", "member", "owner", "owner"]


async def ids(store: Store, **from_: Any) -> list[str]:
    given: dict[str, Any] = {"is_public": False, "before": (2**62, ""), "limit": 10, **from_}
    return [room.id for room in await Rooms(store.database).page("ann", **given)]


async def test_a_users_rooms_are_listed_by_their_newest_message(store: Store) -> None:
    for room in ("a", "b", "c"):
        await make(store, room)
        store.now += 1
    await send(store, "ann", room="a")
    assert await ids(store) == ["a", "c", "b"]
    newest = await Rooms(store.database).page("ann", is_public=False, before=(2**62, ""), limit=1)
    assert json.loads(newest[0].last_message or "")["content"] == "hi"
    assert await ids(store, before=(newest[0].active_at, "a")) == ["c", "b"]


async def test_rooms_of_an_older_database_are_listed_in_the_same_order(store: Store) -> None:
    for room in ("a", "b", "c"):
        await make(store, room)
        store.now += 1
    await send(store, "ann", room="a")
    (migration,) = (one for one in available(sql_folder() / "sqlite") if one.name == "room_activity")
    await run_sql(store.database, "UPDATE lumen_room SET active_at = 0")
    await run_sql(store.database, migration.statements[1])
    assert await ids(store) == ["a", "c", "b"]
