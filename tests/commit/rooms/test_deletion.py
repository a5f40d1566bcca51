"""Closing: a room that ends is gone at once, and leaves nothing behind, however large it was."""

from __future__ import annotations

import json

import pytest

from lumen_notify.commit.rooms import deletion
from lumen_notify.commit.rooms.deletion import DeleteRoom, PurgeRoom
from lumen_notify.commit.rooms.edits import EditMessage
from lumen_notify.commit.rooms.members import ChangeMembers
from lumen_notify.commit.rooms.rooms import CreateRoom, Rooms
from lumen_notify.errors import Refused

from ..notifications.test_recipients import put, to_room
from ..store import Store
from .conversation import send

ROWS = (
    "lumen_room",
    "lumen_member",
    "lumen_ban",
    "lumen_message",
    "lumen_notification",
    "lumen_active_total",
    "lumen_read_count",
    "lumen_removed_notification",
    "lumen_receipt",
)


async def fill(store: Store, members: int = 10) -> None:
    """Make a room with all that a room can have."""
    users = tuple(f"u{number:02d}" for number in range(members))
    await store.committer.submit(CreateRoom(id="r", kind="public", creator="ann", members=users))
    for _ in range(7):
        await send(store, content="secret")
    for _ in range(5):
        await put(store, to_room("r"))
    await store.mark("ann", "read", category="news")
    for action, user in (("ban", "eve"), ("remove", "u00"), ("put", "u00")):
        caller = "u00" if action == "put" else "ann"
        command = ChangeMembers(room_id="r", caller=caller, action=action, users=(user,))  # type: ignore[arg-type]
        await store.committer.submit(command)


async def test_deleted_room_is_purged_in_small_steps(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deletion, "STEP_MEMBERS", 4)
    monkeypatch.setattr(deletion, "STEP_ROWS", 3)
    await fill(store)
    seen = len(store.events)

    await store.committer.submit(DeleteRoom(room_id="r", caller="ann"))
    assert await Rooms(store.database).get("ann", "r") is None
    with pytest.raises(Refused) as refused:
        await store.committer.submit(CreateRoom(id="r", kind="public", creator="bob"))
    assert refused.value.code == "room_taken"
    steps = 1
    while await store.committer.submit(PurgeRoom(room_id="r")):
        steps += 1

    events = [event for event in await store.log.after(0) if event.audience == "room:r"]
    assert steps == 3 + -(-len(events) // 3) + 3 + 2 + 1
    assert {table: await store.number_of(table) for table in ROWS} == dict.fromkeys(ROWS, 0)
    told = store.events[seen:]
    assert [event.kind for event in told if event.kind != "rewritten"] == ["left"] * 11
    bodies = [json.loads(event.body) for event in told if event.kind != "rewritten"]
    assert {body["data"]["reason"] for body in bodies} == {"deleted"}
    assert all(body["rooms"] == {} and body["categories"] == {} for body in bodies)


async def test_retention_purges_rooms_that_a_process_left_behind(store: Store) -> None:
    await fill(store)
    await store.committer.submit(DeleteRoom(room_id="r", caller="ann"))
    await store.retention().sweep()
    assert {table: await store.number_of(table) for table in ROWS} == dict.fromkeys(ROWS, 0)


async def test_room_that_is_not_deleted_is_not_purged(store: Store) -> None:
    await fill(store)
    before = {table: await store.number_of(table) for table in ROWS}
    assert not await store.committer.submit(PurgeRoom(room_id="r"))
    assert {table: await store.number_of(table) for table in ROWS} == before


@pytest.mark.parametrize(
    ("user", "code"), [("u01", "role_too_low"), ("eve", "not_a_member"), ("mod", "role_too_low")]
)
async def test_only_the_owner_deletes_a_room(store: Store, user: str, code: str) -> None:
    await fill(store)
    await store.committer.submit(
        ChangeMembers(room_id="r", caller="ann", action="put", users=("mod",), role="moderator")
    )
    with pytest.raises(Refused) as refused:
        await store.committer.submit(DeleteRoom(room_id="r", caller=user))
    assert refused.value.code == code
    assert await Rooms(store.database).get("ann", "r") is not None


async def test_deleted_room_takes_its_text_and_its_mentions_with_it(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deletion, "STEP_MENTIONS", 2)
    monkeypatch.setattr(deletion, "STEP_ROWS", 3)
    await fill(store, members=3)
    other = await send(store, content="other", room=await another_room(store), mentions=("u01",))
    await send(store, content="secret", mentions=("u01", "u02"))
    sent = await send(store, content="secret", mentions=("u01", "u02"))
    await store.committer.submit(EditMessage(room_id="r", user_id="ann", id=sent.id, content="secret too"))
    assert await store.unread("u01") == {"mention": 3, "news": 5}

    await store.committer.submit(DeleteRoom(room_id="r", caller="ann"))
    while await store.committer.submit(PurgeRoom(room_id="r")):
        pass

    assert await store.unread("u01") == {"mention": 1}
    assert await store.unread("u02") == {}
    assert await store.number_of("lumen_notification") == 1
    events = await store.log.after(0)
    assert not [event for event in events if "secret" in event.body]
    assert [event.kind for event in events if other.id in event.body] == ["message", "notification"]
    removed = [json.loads(event.body) for event in events if event.kind == "expire"]
    assert sorted(len(body["data"]["ids"]) for body in removed) == [1, 1, 1, 1]


async def another_room(store: Store) -> str:
    await store.committer.submit(CreateRoom(id="s", kind="public", creator="ann", members=("u01",)))
    return "s"
