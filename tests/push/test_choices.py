"""Choices: rooms that their members silence, and categories that say how much their pushes show."""

from __future__ import annotations

import pytest

from commit.rooms.conversation import open_room, send
from lumen_notify.commit.preferences.preferences import ChangePreferences

from .push_desk import PushDesk


@pytest.fixture
async def desk(desk: PushDesk) -> PushDesk:
    """Give bob and eve a device, in a room with ann."""
    await open_room(desk.store, "ann", "bob", "eve", room="tea")
    for user_id in ("bob", "eve"):
        await desk.register(user_id)
    return desk


async def silence(desk: PushDesk, user_id: str, *, push: bool) -> None:
    await desk.store.committer.submit(ChangePreferences(user_id=user_id, rooms={"tea": push}))


async def test_no_push_comes_from_a_silent_room_but_mentions_do(desk: PushDesk) -> None:
    await silence(desk, "bob", push=False)
    await desk.publish(room="tea")
    await send(desk.store, "ann", "hi", room="tea")
    assert [one.target.user_id for one in await desk.later(3_600_000)] == ["eve", "eve"]
    assert {word for user_id, word in await desk.outcomes() if user_id == "bob"} == {"muted"}

    await send(desk.store, "ann", "hi bob", room="tea", mentions=("bob",))
    await desk.publish("bob")
    sent = [one for one in await desk.later(3_600_000) if one.target.user_id == "bob"]
    assert sorted(str(one.push.payload["category"]) for one in sent) == ["like", "mention"]


async def test_the_choice_at_the_time_of_the_push_counts(desk: PushDesk) -> None:
    await desk.publish(room="tea")
    await silence(desk, "bob", push=False)
    assert [one.target.user_id for one in await desk.later()] == ["eve"]
    await desk.publish(room="tea")
    await silence(desk, "bob", push=True)
    assert sorted(one.target.user_id for one in await desk.later()) == ["bob", "eve"]


async def test_pushes_show_as_much_as_their_category_says(desk: PushDesk) -> None:
    shown = {}
    for category, content in (("bank", "none"), ("mail", "title"), ("like", None), ("news", "full")):
        await desk.store.define(category, push_content=content)
        await desk.publish("bob", category=category, title="A title", content="A secret", data={"n": 1})
        (one,) = await desk.later()
        shown[category] = [
            one.push.payload.get("title") == "A title",
            "A secret" in str(one.push),
            "data" in one.push.payload,
        ]
    assert shown == {
        "bank": [False, False, False],
        "mail": [True, False, False],
        "like": [True, True, True],
        "news": [True, True, True],
    }


async def test_a_category_may_show_more_or_less_than_the_setting(desk: PushDesk) -> None:
    desk = PushDesk(desk.store, push_content="title")
    shown = []
    for content in (None, "none", "full"):
        await desk.store.define("like", push_content=content)
        await desk.publish("bob", title="A title", content="A secret")
        (one,) = await desk.later()
        shown.append([one.push.payload.get("title") == "A title", "A secret" in str(one.push)])
    assert shown == [[True, False], [False, False], [True, True]]
