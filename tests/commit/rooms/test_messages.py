"""Messages: numbered without holes, once per client_id, by those who may, one event each."""

from __future__ import annotations

import asyncio
import json

import pytest

from lumen_notify.commit.rooms.messages import SentMessage
from lumen_notify.errors import Forbidden, Invalid, NotFound, Refused
from lumen_notify.model import rfc3339

from ..store import Store
from .conversation import add_members, batch, history, marks, message, open_room, run_sql, send


async def test_a_message_is_one_row_and_one_event_as_history_shows_it(store: Store) -> None:
    await open_room(store, "ann", "bob")

    sent = await send(store, "ann", "hello")

    assert (sent.seq, sent.is_repeat) == (1, False)
    (event,) = store.events
    assert (event.kind, event.audience, event.category) == ("message", "room:r", None)
    assert event.position == sent.position
    shown = {
        "id": sent.id,
        "room_id": "r",
        "seq": 1,
        "sender": {"id": "ann", "username": "ann", "avatar": None},
        "kind": "text",
        "content": "hello",
        "created_at": rfc3339(store.now),
    }
    assert json.loads(event.body) == {"sender_id": "ann", "data": shown}
    assert await history(store, "bob") == [shown]


async def test_many_at_once_are_numbered_without_holes_in_each_room(store: Store) -> None:
    users = [f"u{number}" for number in range(7)]
    for room in ("a", "b", "c"):
        await open_room(store, *users, room=room)
    commands = [message(users[n % 7], f"{n}", room="abc"[n % 3]) for n in range(600)]

    answers = await batch(store, *commands)

    for room in ("a", "b", "c"):
        mine = [answer for answer in answers if isinstance(answer, SentMessage) and answer.room_id == room]
        assert [sent.seq for sent in mine] == list(range(1, 201))
        shown = await history(store, "u0", room)
        assert [one["seq"] for one in shown] == list(range(1, 201))
        assert [one["id"] for one in shown] == [sent.id for sent in mine]
        positions = [sent.position for sent in mine]
        assert positions == sorted(set(positions))
    assert len(store.events) == 600


async def test_several_instances_share_one_numbering(store: Store, other_store: Store) -> None:
    await open_room(store, "ann", "bob")

    answers = await asyncio.gather(
        *(send(each, user) for _ in range(40) for each, user in ((store, "ann"), (other_store, "bob")))
    )

    assert sorted(sent.seq for sent in answers) == list(range(1, 81))


async def test_sending_moves_ones_own_mark_and_nobody_elses(store: Store) -> None:
    await open_room(store, "ann", "bob", "eve")

    await batch(store, message("ann"), message("bob"), message("ann"), message("bob"))

    assert await marks(store) == {"ann": 3, "bob": 4, "eve": 0}


async def test_user_who_may_not_send_is_refused_and_writes_nothing(store: Store) -> None:
    await open_room(store, "ann", "owen", mo="moderator", olga="owner", sam="muted")
    await open_room(store, "ann", room="private", kind="private")
    refusals: list[tuple[str, str, type[Refused], str]] = [
        ("sam", "r", Forbidden, "muted"),
        ("eve", "r", Forbidden, "not_a_member"),
        ("eve", "private", NotFound, "not_found"),
        ("ann", "nowhere", NotFound, "not_found"),
    ]

    good = [message(user) for user in ("ann", "owen", "mo", "olga")]
    bad = [message(user, room=room) for user, room, _, _ in refusals]
    mixed = [command for pair in zip(good, bad, strict=True) for command in pair]
    answers = await batch(store, *mixed)

    assert [answer.seq for answer in answers[::2] if isinstance(answer, SentMessage)] == [1, 2, 3, 4]
    for answer, (_, _, kind, code) in zip(answers[1::2], refusals, strict=True):
        assert type(answer) is kind
        assert answer.code == code
    assert len(await history(store)) == len(store.events) == 4
    assert (await marks(store))["sam"] == 0


async def test_the_application_sends_system_messages_without_being_in_the_room(store: Store) -> None:
    await open_room(store, "ann", kind="private")

    sent = await send(store, "app", "ann was here", is_system=True)
    with pytest.raises(NotFound):
        await send(store, "app", "ann was here", is_system=True, room="nowhere")

    assert sent.seq == 1
    assert await marks(store) == {"ann": 0}


# ------------------------------------------------------------------------------------------------- client_id
async def test_a_repeat_gets_the_first_answer_and_leaves_one_message(store: Store) -> None:
    await open_room(store, "ann", "bob")

    first = await send(store, "ann", client_id="c1")
    repeats = [await send(store, "ann", "changed", client_id="c1") for _ in range(2)]
    other = await send(store, "bob", client_id="c1")

    assert {(one.id, one.seq, one.position, one.is_repeat) for one in repeats} == {
        (first.id, first.seq, first.position, True)
    }
    assert (other.seq, other.is_repeat) == (2, False)
    assert len(await history(store)) == len(store.events) == 2


async def test_repeats_within_one_batch_are_sent_once(store: Store) -> None:
    await open_room(store, "ann", "bob")
    await open_room(store, "ann", room="s")

    commands = [message("ann", client_id="c"), message("bob", client_id="c"), message("ann", client_id="d")]
    answers = await batch(store, *commands, *commands, message("ann", client_id="c", room="s"))

    sent = [answer for answer in answers if isinstance(answer, SentMessage)]
    assert [one.is_repeat for one in sent] == [False] * 3 + [True] * 3 + [False]
    assert [one.seq for one in sent] == [1, 2, 3, 1, 2, 3, 1]
    assert len(store.events) == 4


async def test_refused_message_may_be_sent_again_with_the_same_client_id(store: Store) -> None:
    await open_room(store, ann="muted")
    with pytest.raises(Forbidden):
        await send(store, client_id="c")
    await run_sql(store.database, "UPDATE lumen_member SET role = 'member'")

    first = await send(store, client_id="c")
    await run_sql(store.database, "UPDATE lumen_member SET role = 'muted'")

    assert not first.is_repeat
    assert (await send(store, client_id="c")).id == first.id


# ----------------------------------------------------------------------------------------- replies, mentions
async def test_a_reply_names_its_message_by_id_or_by_seq(store: Store) -> None:
    await open_room(store, "ann")
    await open_room(store, "ann", room="s")
    first = await send(store)
    elsewhere = await send(store, room="s")
    await send(store, room="s")

    for reply_to in (first.id, 1):
        sent = await send(store, reply_to=reply_to)
        assert (await history(store))[sent.seq - 1]["reply_to"] == {"id": first.id, "seq": 1}
    for bad in (elsewhere.id, 9, "no id"):
        with pytest.raises(Invalid) as refused:
            await send(store, reply_to=bad)
        assert [fault.field for fault in refused.value.faults] == ["reply_to"]
    assert len(await history(store)) == 3


async def test_a_mention_is_a_notification_under_the_messages_id(store: Store) -> None:
    await open_room(store, "ann", "bob", "eve", "zoe")
    await run_sql(
        store.database, "INSERT INTO lumen_block (user_id, blocked_id, blocked_at) VALUES ('zoe', 'ann', 0)"
    )

    sent = await send(store, "ann", "you!", mentions=("bob", "eve", "ann", "zoe"))

    assert [(event.kind, event.audience) for event in store.events] == [
        ("message", "room:r"),
        ("notification", "user:bob"),
        ("notification", "user:eve"),
    ]
    told = json.loads(store.events[1].body)
    assert (told["id"], told["category"], told["content"]) == (sent.id, "mention", "you!")
    assert told["data"] == {"room_id": "r", "message_id": sent.id, "seq": 1}
    assert [await store.unread(user) for user in ("ann", "bob", "eve", "zoe")] == [
        {},
        {"mention": 1},
        {"mention": 1},
        {},
    ]
    assert (await history(store))[0]["mentions"] == ["bob", "eve", "ann", "zoe"]


async def test_mention_is_not_unread_for_a_user_who_has_muted_mentions(store: Store) -> None:
    await open_room(store, "ann", "bob")
    await run_sql(
        store.database, "INSERT INTO lumen_preference (user_id, category, muted) VALUES ('bob', 'mention', 1)"
    )

    await send(store, "ann", "you!", mentions=("bob",))

    counts = (await store.counts.fetch(["bob"]))["bob"].counts
    assert (dict(counts.categories), counts.total, counts.silent) == ({}, 1, frozenset({"mention"}))


async def test_only_members_can_be_mentioned(store: Store) -> None:
    await open_room(store, "ann", "bob")

    with pytest.raises(Invalid) as refused:
        await send(store, mentions=("bob", "nobody", "ann", "eve"))

    assert [fault.field for fault in refused.value.faults] == ["mentions.1", "mentions.3"]
    assert store.events == []
    assert await store.unread("bob") == {}


# ------------------------------------------------------------------------------------------------ large rooms
async def test_a_message_in_a_room_of_ten_thousand_is_one_event(store: Store) -> None:
    await open_room(store, "ann")
    await add_members(store, {f"u{number}": "member" for number in range(9_999)})

    answers = await batch(store, *(message("ann", mentions=("u7",)) for _ in range(20)))

    assert [answer.seq for answer in answers if isinstance(answer, SentMessage)] == list(range(1, 21))
    assert [event.kind for event in store.events if event.audience == "room:r"] == ["message"] * 20
    assert len(store.events) == 40
    assert await store.number_of("lumen_message") == 20
