"""What was read or taken back leaves the devices that show it, also if its push was under way by then."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest

from commit.rooms.changes import do
from commit.rooms.conversation import open_room, send
from commit.store import Store
from lumen_notify.commit.publications.callers import Caller
from lumen_notify.commit.publications.removal import Remove
from lumen_notify.commit.publications.retraction import Retract
from lumen_notify.commit.rooms.edits import DeleteMessage
from lumen_notify.commit.rooms.read_marks import MarkRoomRead
from lumen_notify.model import EVERYONE, Audience
from lumen_notify.push.push import Delivery, Result

from ..push_desk import PushDesk

Act = Callable[[Store, str], Awaitable[Any]]

PAUSE_MS = 1000


def taken_off(deliveries: Sequence[Delivery]) -> list[list[str]]:
    """Return the tags of those that take something off."""
    return [list(one.push.payload["tags"]) for one in deliveries if one.push.payload["type"] == "read"]


async def read(store: Store, one: str) -> None:
    await store.mark("ann", "read", ids=(one,))


async def see(store: Store, one: str) -> None:
    await store.mark("ann", "seen", ids=(one,))


async def archive(store: Store, _: str) -> None:
    await store.mark("ann", "archive")


async def take_back(store: Store, one: str) -> None:
    await store.committer.submit(Retract(id=one, caller=Caller(user_id="app", may_publish=True)))


async def remove(store: Store, one: str) -> None:
    await store.committer.submit(Remove(rows=[(one, Audience.user("ann")), (one, EVERYONE)]))


ACTS = [read, see, archive, take_back, remove]


class Meanwhile:
    """Does something while a push is under way: after the decision, before it is written."""

    def __init__(self, desk: PushDesk, act: Callable[[], Awaitable[Any]]) -> None:
        self._act = act
        self._dispatch = desk.dispatch
        desk.dispatch = self  # type: ignore[method-assign, assignment]
        desk.worker._pages._dispatcher = self

    async def dispatch(self, deliveries: Sequence[Delivery]) -> Sequence[Result]:
        results = await self._dispatch(deliveries)
        act, self._act = self._act, _nothing
        await act()
        return results


async def _nothing() -> None:
    pass


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__)
@pytest.mark.parametrize("users", [("ann",), ("ann", "bob"), ()], ids=["user", "list", "all"])
async def test_what_is_read_or_removed_leaves_the_device(
    desk: PushDesk, act: Act, users: tuple[str, ...]
) -> None:
    await desk.register("ann")
    one = await desk.publish(*users)
    assert [delivery.push.payload["id"] for delivery in await desk.later()] == [one]
    await act(desk.store, one)
    assert taken_off(await desk.later(PAUSE_MS)) == [[one]]
    assert await desk.later(PAUSE_MS) == []


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__)
@pytest.mark.parametrize("users", [("ann",), ()], ids=["user", "all"])
async def test_what_is_read_or_removed_while_its_push_is_under_way_leaves_the_device(
    desk: PushDesk, act: Act, users: tuple[str, ...]
) -> None:
    await desk.register("ann")
    one = await desk.publish(*users)
    Meanwhile(desk, lambda: act(desk.store, one))
    assert len(await desk.later()) == 1
    assert taken_off(await desk.later(PAUSE_MS)) == [[one]]
    assert await desk.later(PAUSE_MS) == []


async def test_room_that_is_read_while_its_push_is_under_way_leaves_the_device(desk: PushDesk) -> None:
    await desk.register("bob")
    await open_room(desk.store, "ann", "bob")
    await send(desk.store, "ann")

    async def act() -> None:
        await desk.store.committer.submit(MarkRoomRead(room_id="r", user_id="bob", up_to=1))

    Meanwhile(desk, act)
    assert len(await desk.later()) == 1
    assert taken_off(await desk.later(PAUSE_MS)) == [["room:r"]]


async def test_device_keeps_what_goes_to_devices_alone_until_it_is_taken_back(desk: PushDesk) -> None:
    await desk.register("ann")
    only = await desk.publish("ann", delivery={"push": "only"})
    one = await desk.publish("ann")
    assert len(await desk.later()) == 2
    await read(desk.store, one)
    assert taken_off(await desk.later(PAUSE_MS)) == [[one]]
    await take_back(desk.store, only)
    assert taken_off(await desk.later(PAUSE_MS)) == [[only]]


async def test_nothing_is_pushed_of_what_goes_to_devices_alone_and_was_taken_back(desk: PushDesk) -> None:
    await desk.register("ann")
    only = await desk.publish("ann", delivery={"push": "only"})
    await take_back(desk.store, only)
    assert await desk.later() == []
    assert await desk.outcomes() == [("ann", "removed")]


async def leave(store: Store) -> None:
    await do(store, "bob", "remove", "bob")


async def close(store: Store) -> None:
    await store.close_room("r", "ann")


@pytest.mark.parametrize("act", [leave, close], ids=lambda act: act.__name__)
async def test_room_that_a_user_has_left_leaves_their_device(
    desk: PushDesk, act: Callable[[Store], Awaitable[None]]
) -> None:
    await desk.register("bob")
    await open_room(desk.store, "bob", ann="owner")
    await send(desk.store, "ann")
    one = await desk.publish(room="r")
    assert len(await desk.later()) == 2
    await act(desk.store)
    (tags,) = taken_off(await desk.later(PAUSE_MS))
    assert sorted(tags) == sorted([one, "room:r"])


async def test_message_that_is_deleted_leaves_the_device_with_the_last_one(desk: PushDesk) -> None:
    await desk.register("bob")
    await open_room(desk.store, "ann", "bob")
    sent = await send(desk.store, "ann")
    assert len(await desk.later()) == 1
    await desk.store.committer.submit(DeleteMessage(room_id="r", user_id="ann", id=sent.id))
    assert taken_off(await desk.later(PAUSE_MS)) == [["room:r"]]
