"""What members get of the new messages of a room."""

from __future__ import annotations

import pytest

from commit.rooms.conversation import message, open_room
from lumen_notify.commit.rooms.blocks import SetBlock

from ..push_desk import PushDesk


@pytest.mark.parametrize(("number", "title"), [(1, "Your question"), (2, "2 new messages from ann")])
async def test_title_of_a_message_is_that_of_its_push(desk: PushDesk, number: int, title: str) -> None:
    await desk.register("bob")
    await open_room(desk.store, "ann", "bob")
    for _ in range(number):
        one = message("ann", "At noon")
        fields = {**one.fields, "title": "Your question"}
        await desk.store.committer.submit(type(one)(id=one.id, room_id="r", sender=one.sender, fields=fields))
    (delivery,) = await desk.later()
    assert (delivery.push.title, delivery.push.content) == (title, "At noon")


async def test_messages_of_a_blocked_user_do_not_hide_those_of_others(desk: PushDesk) -> None:
    await desk.open_room("tea", "bob", "dave", "mallory", title="Tea")
    await desk.register("bob")
    await desk.store.committer.submit(SetBlock(user_id="bob", blocked_id="mallory", is_blocked=True))
    await desk.send("tea", "dave", "one")
    await desk.send("tea", "dave", "two")
    for number in range(60):
        await desk.send("tea", "mallory", f"spam {number}")
    (sent,) = await desk.later()
    assert (sent.target.user_id, sent.push.title) == ("bob", "2 new messages in Tea")
    assert sent.push.content == "Dave: two"


@pytest.mark.parametrize("choice", [{"push": False}, {"muted": True}])
async def test_who_wants_no_pushes_of_mentions_gets_the_message(
    desk: PushDesk, choice: dict[str, bool | None]
) -> None:
    await desk.open_room("tea", "bob", title="Tea")
    await desk.register("bob")
    await desk.store.choose("bob", mention=choice)
    await desk.send("tea", "alice", "@bob hi", mentions=("bob",))
    assert await desk.later(0) == []
    (sent,) = await desk.later()
    assert (sent.push.title, sent.push.content) == ("Tea", "Alice: @bob hi")


async def test_a_clock_that_was_set_back_delays_no_message(desk: PushDesk) -> None:
    await desk.open_room("tea", "bob", title="Tea")
    await desk.register("bob")
    await desk.send("tea", "alice", "one")
    desk.store.now -= 3_600_000
    await desk.send("tea", "alice", "two")
    (sent,) = await desk.later()
    assert sent.push.title == "2 new messages in Tea"
