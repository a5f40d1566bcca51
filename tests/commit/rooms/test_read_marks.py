"""Reads: a mark moves forward only, once, and its event says what the reader has left."""

from __future__ import annotations

import asyncio
import json

import pytest

from lumen_notify.commit.rooms import read_marks
from lumen_notify.commit.rooms.history import History
from lumen_notify.commit.rooms.read_marks import MarkAllRoomsRead, MarkRoomRead, ReadMark, ReadRooms
from lumen_notify.errors import Forbidden, NotFound, Refused
from lumen_notify.model.events import MAX_READ_IDS

from ..store import Store
from .conversation import batch, marks, message, open_room, read, send


async def test_a_mark_moves_forward_only_and_tells_what_is_left(store: Store) -> None:
    await open_room(store, "ann", "bob")
    ids = [(await send(store)).id for _ in range(5)]
    store.events.clear()

    done = await read(store, "bob", 3)

    assert (done.changed, done.last_read_seq, done.unread) == (3, 3, 2)
    (event,) = store.events
    assert (event.kind, event.audience, event.position) == ("room_read", "room:r", done.position)
    told = {"room_id": "r", "user_id": "bob", "from_seq": 1, "up_to": 3, "ids": ids[:3]}
    assert json.loads(event.body) == {"user_id": "bob", "unread": 2, "data": told}

    for up_to in (3, 1):
        again = await read(store, "bob", up_to)
        assert (again.changed, again.last_read_seq, again.unread) == (0, 3, 2)
        assert again.position == done.position
    assert len(store.events) == 1
    assert await marks(store) == {"ann": 5, "bob": 3}


async def test_beyond_the_newest_is_up_to_the_newest(store: Store) -> None:
    await open_room(store, "ann", "bob")
    assert (await read(store, "bob", 9)).changed == 0
    await send(store)

    assert (await read(store, "bob", 2**62)).last_read_seq == 1
    await send(store)
    assert await marks(store) == {"ann": 2, "bob": 1}


async def test_several_of_one_user_in_one_batch_follow_each_other(store: Store) -> None:
    await open_room(store, "ann", "bob", sam="muted")
    for _ in range(9):
        await send(store)
    store.events.clear()

    reads = [("bob", 2), ("sam", 9), ("bob", 7), ("bob", 4), ("bob", 7)]
    answers = await asyncio.gather(
        *(store.committer.submit(MarkRoomRead(room_id="r", user_id=user, up_to=seq)) for user, seq in reads)
    )

    assert [(one.changed, one.unread) for one in answers] == [(2, 7), (9, 0), (5, 2), (0, 2), (0, 2)]
    told = [json.loads(event.body)["data"] for event in store.events]
    assert [(one["user_id"], one["from_seq"], one["up_to"], len(one["ids"])) for one in told] == [
        ("bob", 1, 2, 2),
        ("sam", 1, 9, 9),
        ("bob", 3, 7, 5),
    ]
    assert await marks(store) == {"ann": 9, "bob": 7, "sam": 9}


async def test_a_long_span_tells_its_newest_ids(store: Store) -> None:
    await open_room(store, "ann", "bob")
    sent = await asyncio.gather(*(send(store) for _ in range(MAX_READ_IDS + 20)))
    store.events.clear()

    await read(store, "bob", MAX_READ_IDS + 10)

    told = json.loads(store.events[0].body)["data"]
    assert (told["from_seq"], told["up_to"]) == (1, MAX_READ_IDS + 10)
    assert told["ids"] == [one.id for one in sent[10 : MAX_READ_IDS + 10]]


async def test_reading_with_sending_in_one_batch_leaves_what_a_count_would(store: Store) -> None:
    await open_room(store, "ann", "bob")
    await send(store)
    done, *_ = await batch(
        store, MarkRoomRead(room_id="r", user_id="bob", up_to=99), message("ann"), message("ann")
    )

    assert isinstance(done, ReadMark)
    last_seq = 3
    assert done.unread == last_seq - (await marks(store))["bob"]


async def test_who_is_no_member_can_neither_read_nor_see_reads(store: Store) -> None:
    await open_room(store, "ann")
    await open_room(store, "ann", room="p", kind="private")
    past = History(store.database)
    refusals: list[tuple[str, type[Refused]]] = [("r", Forbidden), ("p", NotFound), ("nowhere", NotFound)]
    for room, refusal in refusals:
        with pytest.raises(refusal):
            await read(store, "eve", 1, room=room)
        with pytest.raises(refusal):
            await past.read_marks(room, "eve", after="", limit=10)
        with pytest.raises(refusal):
            await past.page(room, "eve", seq=9, older=9, newer=9)
        with pytest.raises(refusal):
            await past.get(room, "eve", "x")
    assert store.events == []


async def test_reads_are_listed_page_by_page(store: Store) -> None:
    users = [f"u{number}" for number in range(5)]
    await open_room(store, *users)
    await send(store, "u3")

    past = History(store.database)
    found: list[tuple[str, int]] = []
    while page := await past.read_marks("r", "u0", after=found[-1][0] if found else "", limit=2):
        found += page
    assert found == [(user, int(user == "u3")) for user in users]


async def read_all(store: Store, user: str) -> ReadRooms:
    answer: ReadRooms = await store.committer.submit(MarkAllRoomsRead(user_id=user))
    return answer


async def test_all_rooms_are_read_in_bounded_steps(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_marks, "STEP_ROOMS", 2)
    for number in range(3):
        await open_room(store, "ann", "bob", room=f"r{number}")
        for _ in range(number + 1):
            await send(store, room=f"r{number}")
    await open_room(store, "ann", "bob", room="quiet")
    store.events.clear()

    steps = [await read_all(store, "bob") for _ in range(2)]

    assert steps == [ReadRooms(changed=3, is_done=False), ReadRooms(changed=3, is_done=True)]
    assert [(event.kind, event.audience) for event in store.events] == [
        ("room_read", f"room:r{number}") for number in range(3)
    ]
    last = json.loads(store.events[-1].body)
    assert (last["unread"], last["data"]["from_seq"], last["data"]["up_to"]) == (0, 1, 3)
    assert len(last["data"]["ids"]) == 3
    assert [await marks(store, f"r{number}") for number in range(3)] == [
        {"ann": number + 1, "bob": number + 1} for number in range(3)
    ]
    assert await read_all(store, "bob") == ReadRooms(changed=0, is_done=True)
    assert len(store.events) == 3


async def test_all_rooms_are_read_after_a_mark_and_a_message_of_the_same_batch(store: Store) -> None:
    await open_room(store, "ann", "bob")
    for _ in range(2):
        await send(store)
    answers = await batch(
        store,
        MarkAllRoomsRead(user_id="bob"),
        MarkRoomRead(room_id="r", user_id="bob", up_to=1),
        message("ann"),
    )
    assert answers[0] == ReadRooms(changed=2, is_done=True)
    assert await marks(store) == {"ann": 3, "bob": 3}
