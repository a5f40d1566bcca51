"""Silent rooms: silenced by their members alone, for themselves alone, until they leave."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lumen_notify.commit.preferences import preferences as module
from lumen_notify.commit.preferences.preferences import ChangePreferences
from lumen_notify.commit.rooms.deletion import DeleteRoom
from lumen_notify.commit.rooms.members import ChangeMembers
from lumen_notify.commit.rooms.rooms import CreateRoom, Rooms
from lumen_notify.errors import Invalid

from ..store import Store


@pytest.fixture
async def store(store: Store) -> Store:
    for room_id in ("tea", "chess"):
        await store.committer.submit(CreateRoom(id=room_id, kind="private", creator="ann", members=("bob",)))
    store.events.clear()
    return store


async def silence(store: Store, user_id: str, **rooms: bool) -> Any:
    """Change which rooms push. rooms: whether they do."""
    return (await store.committer.submit(ChangePreferences(user_id=user_id, rooms=rooms)))["rooms"]


async def silent(store: Store, user_id: str) -> list[str]:
    return list((await store.preferences(user_id))["rooms"])


async def test_a_member_silences_a_room_for_themselves_alone(store: Store) -> None:
    assert await silence(store, "ann", tea=False) == {"tea": {"push": False}}
    assert await silent(store, "ann") == ["tea"]
    assert await silent(store, "bob") == []
    assert await silence(store, "ann", chess=False) == {"chess": {"push": False}, "tea": {"push": False}}
    assert await silence(store, "ann", tea=True) == {"chess": {"push": False}}
    rooms = Rooms(store.database)
    assert {
        one.id: one.is_silent for one in await rooms.page("ann", is_public=False, before=(2**60, ""), limit=9)
    } == {
        "tea": False,
        "chess": True,
    }
    own = await rooms.get("bob", "chess")
    assert own is not None
    assert own.is_silent is False


async def test_a_change_is_an_event_to_the_user_with_all_preferences(store: Store) -> None:
    for _ in range(2):
        await silence(store, "ann", tea=False)
    await silence(store, "ann", chess=True)
    (event,) = store.events
    assert (event.kind, event.audience) == ("preferences", "user:ann")
    assert json.loads(event.body)["data"] == await store.preferences("ann")
    assert json.loads(event.body)["data"]["rooms"] == {"tea": {"push": False}}


async def test_only_members_silence_a_room_and_nobody_learns_of_one(store: Store) -> None:
    messages = []
    for user_id, room_id in (("eve", "tea"), ("eve", "nowhere"), ("ann", "nowhere")):
        with pytest.raises(Invalid) as refused:
            await silence(store, user_id, **{room_id: False, "chess": user_id != "ann"})
        (fault,) = refused.value.faults
        assert fault.field == f"rooms.{room_id}"
        messages.append(fault.message)
    assert len(set(messages)) == 1
    assert await silence(store, "eve", tea=True) == {}
    assert await silent(store, "ann") == []
    assert store.events == []


async def test_a_user_who_leaves_and_joins_again_is_pushed_to_again(store: Store) -> None:
    await silence(store, "bob", tea=False)
    for action in ("remove", "add"):
        assert await silent(store, "bob") == (["tea"] if action == "remove" else [])
        await store.committer.submit(
            ChangeMembers(room_id="tea", caller="ann", action=action, users=("bob",))
        )
    assert await silent(store, "bob") == []


async def test_a_deleted_room_is_no_longer_silent(store: Store) -> None:
    await silence(store, "ann", tea=False)
    await store.committer.submit(DeleteRoom(room_id="tea", caller="ann"))
    assert await silent(store, "ann") == []
    with pytest.raises(Invalid):
        await silence(store, "ann", tea=False)


async def test_the_number_of_silent_rooms_is_limited(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_SILENT_ROOMS", 1)
    await silence(store, "ann", tea=False)
    with pytest.raises(Invalid, match="at most 1 rooms"):
        await silence(store, "ann", chess=False)
    assert await silence(store, "ann", chess=False, tea=True) == {"chess": {"push": False}}
