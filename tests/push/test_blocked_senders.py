"""Blocked senders: whom a user has blocked is pushed to others alone, however it reaches them."""

from __future__ import annotations

from typing import Any

import pytest

from commit.notifications.merging import want_digest
from lumen_notify.commit.rooms.blocks import SetBlock

from .push_desk import PushDesk

MALLORY = {"id": "mallory", "username": "Mallory", "avatar": None}
SHAPES: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "one user": (("bob",), {}),
    "a list": (("bob", "eve"), {}),
    "everyone": ((), {}),
    "devices alone": (("bob",), {"delivery": {"push": "only"}}),
    "a list of devices alone": (("bob", "eve"), {"delivery": {"push": "only"}}),
    "a group": (("bob",), {"group_key": "photo"}),
    "groups": (("bob", "eve"), {"group_key": "photo"}),
    "a digest": (("bob",), {"priority": "low"}),
    "digests": (("bob", "eve"), {"priority": "low"}),
    "digests of groups": (("bob", "eve"), {"priority": "low", "group_key": "photo"}),
}


async def block(desk: PushDesk) -> None:
    await desk.store.committer.submit(SetBlock(user_id="bob", blocked_id="mallory", is_blocked=True))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("is_blocked_before", [True, False])
async def test_notification_of_a_blocked_sender_is_not_pushed(
    desk: PushDesk, shape: str, is_blocked_before: bool
) -> None:
    users, fields = SHAPES[shape]
    for user in ("bob", "eve"):
        await desk.register(user)
        await want_digest(desk.store, user, 5)
    if is_blocked_before:
        await block(desk)
    await desk.publish(*users, sender=MALLORY, **fields)
    if not is_blocked_before:
        await block(desk)
    desk.store.now += 300_000
    await desk.store.publish_digests()
    sent = [one.target.user_id for one in await desk.later()]
    assert sent == ([] if users == ("bob",) else ["eve"])
    assert ("bob", "not_allowed") in await desk.outcomes()


async def test_the_newest_sender_of_a_group_counts(desk: PushDesk) -> None:
    await desk.register("bob")
    await block(desk)
    await desk.publish("bob", sender=MALLORY, group_key="photo")
    desk.store.now += 2000
    await desk.publish("bob", group_key="photo")
    assert [one.push.title for one in await desk.later()] == ["Alice"]


async def test_own_notifications_are_pushed_to_their_user(desk: PushDesk) -> None:
    await desk.register("bob")
    await desk.publish("bob", sender={"id": "bob", "username": "Bob", "avatar": None})
    assert [word for _, word in await desk.outcomes()] == []
    assert len(await desk.later()) == 1
