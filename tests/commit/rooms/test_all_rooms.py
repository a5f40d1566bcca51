"""All rooms: an administrator reads every room, and that they read messages is noted."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from lumen_notify.commit.audit.audit import LAST_ID, AuditLog
from lumen_notify.commit.rooms.all_rooms import AllRooms, NoteReading
from lumen_notify.commit.rooms.deletion import DeleteRoom, PurgeRoom
from lumen_notify.commit.rooms.edits import DeleteMessage
from lumen_notify.commit.rooms.members import ChangeMembers
from lumen_notify.errors import Refused

from ..store import Store
from .changes import make, roles_in
from .conversation import history, send


async def noted(store: Store) -> list[tuple[str, str, str | None]]:
    rows, _ = await AuditLog(store.database).page(
        before=LAST_ID, limit=100, actor=None, action=None, target=None
    )
    return [(one.actor, one.action, one.details.get("user")) for one in rows][::-1]


async def act(store: Store, action: str, *users: str, role: str | None = None) -> None:
    """Change members as the administrator root."""
    command = ChangeMembers(room_id="r", caller="root", action=action, users=users, role=role, is_admin=True)  # type: ignore[arg-type]  # the tests name them
    await store.committer.submit(command)


async def code_of(store: Store, action: str, *users: str, role: str | None = None) -> str:
    with pytest.raises(Refused) as caught:
        await act(store, action, *users, role=role)
    return caught.value.code


async def ids(store: Store, prefix: str) -> Sequence[str]:
    rows, after = await AllRooms(store.database).page(prefix=prefix, after="", limit=10)
    assert after is None
    return [one.id for one in rows]


async def test_administrators_see_every_room_but_those_that_are_deleted(store: Store) -> None:
    await make(store, "private", room="team-a")
    await make(store, "public", room="team-b")
    await make(store, "public", room="other")
    assert await ids(store, "team-") == ["team-a", "team-b"]
    assert await ids(store, "") == ["other", "team-a", "team-b"]
    await store.committer.submit(DeleteRoom(room_id="team-a", caller="root", is_admin=True))
    assert await ids(store, "team-") == ["team-b"]
    while await store.committer.submit(PurgeRoom(room_id="team-a")):
        pass
    assert await noted(store) == [("root", "room.deleted", None)]


async def test_reading_messages_is_noted(store: Store) -> None:
    await make(store, "private")
    for text in ("one", "two", "three"):
        await send(store, "ann", text)
    await store.committer.submit(NoteReading(room_id="r", admin="root"))
    rooms = AllRooms(store.database)
    assert [seq for seq, _ in await rooms.messages("r", before=10, limit=2)] == [3, 2]
    assert [seq for seq, _ in await rooms.messages("r", before=2, limit=2)] == [1]
    assert await noted(store) == [("root", "messages.read", None)]
    with pytest.raises(Refused):
        await store.committer.submit(NoteReading(room_id="nowhere", admin="root"))
    assert len(await noted(store)) == 1


async def test_administrators_act_as_owners_without_being_members(store: Store) -> None:
    await make(store, "private", bob="member", eve="moderator")
    await act(store, "put", "bob", role="muted")
    await act(store, "put", "bob", role="muted")  # as it is
    await act(store, "remove", "eve")
    await act(store, "ban", "bob")
    await act(store, "ban", "bob")
    await act(store, "unban", "bob")
    await act(store, "put", "bob", role="moderator")
    assert await roles_in(store) == {"ann": "owner", "bob": "moderator"}
    assert await noted(store) == [
        ("root", "member.changed", "bob"),
        ("root", "member.removed", "eve"),
        ("root", "member.banned", "bob"),
        ("root", "member.unbanned", "bob"),
        ("root", "member.added", "bob"),
    ]


async def test_a_room_keeps_an_owner_when_an_administrator_removes_the_last_one(store: Store) -> None:
    await make(store, "private", bob="member", eve="moderator")
    assert await code_of(store, "put", "ann", role="member") == "last_owner"
    await send(store, "eve", "I chose to be here")
    await act(store, "remove", "ann")
    assert await roles_in(store) == {"bob": "member", "eve": "owner"}


async def test_administrator_who_is_a_member_acts_on_themselves_as_on_others(store: Store) -> None:
    await make(store, "private", root="member")
    await act(store, "put", "root", role="owner")
    assert await roles_in(store) == {"ann": "owner", "root": "owner"}
    await act(store, "remove", "root")
    assert await roles_in(store) == {"ann": "owner"}


async def test_what_is_refused_is_not_noted(store: Store) -> None:
    await make(store, "private")
    assert await code_of(store, "remove", "nobody") == "not_found"
    assert await code_of(store, "unban", "nobody") == "not_found"
    with pytest.raises(Refused):
        await store.committer.submit(DeleteRoom(room_id="nowhere", caller="root", is_admin=True))
    assert await noted(store) == []


async def test_administrators_delete_messages(store: Store) -> None:
    await make(store, "private")
    sent = await send(store, "ann", "bad words")
    await store.committer.submit(DeleteMessage(room_id="r", user_id="root", id=sent.id, is_admin=True))
    (message,) = await history(store)
    assert (message["content"], message["deleted_by"]) == ("", "root")
    assert await noted(store) == [("root", "message.deleted", None)]


async def test_scope_alone_is_not_enough_without_acting_as_an_administrator(store: Store) -> None:
    await make(store, "private", bob="member")
    for command in (
        ChangeMembers(room_id="r", caller="root", action="ban", users=("bob",)),
        DeleteRoom(room_id="r", caller="root"),
    ):
        with pytest.raises(Refused):
            await store.committer.submit(command)
    assert await roles_in(store) == {"ann": "owner", "bob": "member"}
