"""Direct: one room for two, whoever writes first, and none for who is blocked."""

from __future__ import annotations

import asyncio

import pytest

from lumen_notify.commit.rooms.direct import SendDirectMessage
from lumen_notify.commit.rooms.messages import SentMessage
from lumen_notify.errors import Forbidden, Invalid

from ..store import Store
from .conversation import batch, history, marks, message, open_room, read, send, set_block


def direct(user: str, to: str, content: str = "hi", **fields: object) -> SendDirectMessage:
    return SendDirectMessage(to=to, message=message(user, content, room="", **fields))


async def write(store: Store, user: str, to: str, content: str = "hi", **fields: object) -> SentMessage:
    sent = await store.committer.submit(direct(user, to, content, **fields))
    assert isinstance(sent, SentMessage)
    return sent


async def test_the_first_message_makes_the_room_and_the_next_finds_it(store: Store) -> None:
    first = await write(store, "ann", "bob")

    assert [(event.kind, event.audience) for event in store.events] == [
        ("joined", "user:ann"),
        ("joined", "user:bob"),
        ("message", f"room:{first.room_id}"),
    ]
    second = await write(store, "bob", "ann")
    assert (second.room_id, second.seq) == (first.room_id, 2)
    assert [one["sender"]["id"] for one in await history(store, "bob", first.room_id)] == ["ann", "bob"]
    assert await marks(store, first.room_id) == {"ann": 1, "bob": 2}


async def test_both_at_once_meet_in_one_room(store: Store, other_store: Store) -> None:
    together = await batch(store, direct("ann", "bob"), direct("bob", "ann"), direct("ann", "eve"))
    assert together[0].room_id == together[1].room_id != together[2].room_id
    assert [sent.seq for sent in together] == [1, 2, 1]

    apart = await asyncio.gather(
        *(write(each, *two) for each, two in ((store, ("x", "y")), (other_store, ("y", "x"))))
    )
    assert apart[0].room_id == apart[1].room_id
    assert sorted(sent.seq for sent in apart) == [1, 2]


async def test_a_repeat_by_the_same_client_id_is_one_message_in_one_room(store: Store) -> None:
    answers = await batch(store, *(direct("ann", "bob", client_id="c") for _ in range(3)))

    again = await write(store, "ann", "bob", client_id="c")

    assert {(one.id, one.room_id, one.seq) for one in (*answers, again)} == {
        (answers[0].id, answers[0].room_id, 1)
    }
    assert [one.is_repeat for one in (*answers, again)] == [False, True, True, True]


async def test_who_is_blocked_can_write_neither_first_nor_later(store: Store) -> None:
    await set_block(store, "bob", "ann")
    with pytest.raises(Forbidden) as refused:
        await write(store, "ann", "bob")
    assert refused.value.code == "blocked"
    assert store.events == []
    assert await store.number_of("lumen_room") == 0

    assert await set_block(store, "bob", "ann", is_blocked=False)
    room = (await write(store, "ann", "bob")).room_id
    await set_block(store, "bob", "ann")
    for attempt in (write(store, "ann", "bob"), send(store, "ann", room=room)):
        with pytest.raises(Forbidden) as refused:
            await attempt
        assert refused.value.code == "blocked"
    assert len(await history(store, "ann", room)) == 1

    # It holds for direct messages, in one direction, and not for reading.
    assert (await write(store, "bob", "ann")).seq == 2
    assert (await read(store, "ann", 2, room)).unread == 0
    await open_room(store, "ann", "bob")
    assert (await send(store, "ann")).seq == 1


async def test_a_message_that_is_refused_leaves_no_room(store: Store) -> None:
    answers = await batch(store, direct("ann", "bob", reply_to=1), direct("ann", "eve"))

    assert isinstance(answers[0], Invalid)
    assert isinstance(answers[1], SentMessage)
    assert await store.number_of("lumen_room") == 1
    assert (await write(store, "eve", "ann", reply_to=1)).seq == 2
