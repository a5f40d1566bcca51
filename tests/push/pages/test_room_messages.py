"""What members get of the new messages of a room."""

from __future__ import annotations

import pytest

from commit.rooms.conversation import message, open_room

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
