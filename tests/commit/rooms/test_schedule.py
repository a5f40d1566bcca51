"""Schedule of a room: what arrives when it is due, and who may prevent it."""

from __future__ import annotations

from collections import Counter

import pytest

from lumen_notify.commit.handlers import handlers
from lumen_notify.commit.notifications.publication import Publication
from lumen_notify.commit.notifications.schedule import PublishDue, Schedule
from lumen_notify.commit.preferences.categories import Limits
from lumen_notify.commit.rooms.deletion import DeleteRoom, PurgeRoom
from lumen_notify.commit.rooms.rooms import CreateRoom
from lumen_notify.commit.rooms.schedule import CancelInRoom
from lumen_notify.errors import Refused

from ..notifications.test_recipients import put, to_room
from ..store import Store
from .changes import do, make


async def plan(store: Store, author: str | None, room: str = "r") -> Publication:
    """Schedule a notification to a room. author: a moderator; None for the application."""
    publication = to_room(room, required_moderator=author, deliver_at=store.now + 1000)
    await put(store, publication)
    return publication


async def arrived(store: Store) -> int:
    """Let time pass; return how many notifications are in the list of the owner."""
    store.now += 1000
    await store.publish_due()
    assert await store.number_of("lumen_scheduled_notification") == 0
    return len(await store.positions("ann"))


@pytest.mark.parametrize(
    ("action", "caller", "role"),
    [
        ("put", "ann", "moderator"),
        ("put", "ann", "member"),
        ("put", "ann", "muted"),
        ("remove", "ann", None),
        ("remove", "mo", None),
        ("ban", "ann", None),
    ],
)
async def test_scheduled_notification_comes_only_if_its_author_may_still_publish_it(
    store: Store, action: str, caller: str, role: str | None
) -> None:
    await make(store, mo="moderator")
    await plan(store, "mo")
    await do(store, caller, action, "mo", role=role)
    assert await arrived(store) == (1 if role == "moderator" else 0)


async def test_author_who_is_moderator_again_by_then_may_publish(store: Store) -> None:
    await make(store, mo="moderator")
    await plan(store, "mo")
    for role in ("member", "moderator"):
        await do(store, "ann", "put", "mo", role=role)
    assert await arrived(store) == 1


async def test_notification_that_a_limit_delayed_is_checked_again(store: Store) -> None:
    await make(store, mo="moderator")
    await store.define("news", limits=Limits(per_recipient="1/hour", over="delay"))
    await put(store, to_room("r", required_moderator="mo"))
    (delayed,) = await put(store, to_room("r", required_moderator="mo"))
    assert delayed.status == "delayed"
    await do(store, "ann", "put", "mo", role="member")
    store.now += 3_600_000
    assert await arrived(store) == 1


async def test_what_the_application_schedules_needs_no_member(store: Store) -> None:
    await make(store)
    await plan(store, None)
    assert await arrived(store) == 1


async def test_what_was_scheduled_to_a_deleted_room_never_comes_to_a_new_one(store: Store) -> None:
    await make(store)
    for author in ("ann", None):
        await plan(store, author)
    await store.committer.submit(DeleteRoom(room_id="r", caller="ann"))
    while await store.committer.submit(PurgeRoom(room_id="r")):
        pass
    await store.committer.submit(CreateRoom(id="r", kind="private", creator="ann"))
    assert await arrived(store) == 0


async def test_dropped_notifications_are_counted_by_reason(store: Store) -> None:
    await make(store, mo="moderator")
    await plan(store, "mo")
    await plan(store, "ann")
    await do(store, "ann", "put", "mo", role="member")
    store.now += 1000
    dropped: Counter[str] = Counter()
    async with store.log.transaction() as tx:
        assert await handlers(None, dropped=dropped)[PublishDue](tx, [PublishDue()]) == [2]
    assert dropped == {"not_allowed": 1, "expired": 0}


async def test_moderators_list_and_cancel_what_others_scheduled(store: Store) -> None:
    await make(store, "private", mo="moderator", bob="member")
    await make(store, room="s")
    planned = [(await plan(store, author)).id for author in ("ann", None)]
    elsewhere = await plan(store, None, room="s")
    listed = await Schedule(store.database).page_of_room("r", after=(0, ""), limit=10)
    assert [one.id for one in listed] == planned

    for caller, id_, code in (
        ("bob", planned[0], "role_too_low"),
        ("eve", planned[0], "not_found"),
        ("mo", elsewhere.id, "not_found"),
    ):
        with pytest.raises(Refused) as refused:
            await store.committer.submit(CancelInRoom(id=id_, room_id="r", caller=caller))
        assert refused.value.code == code
    assert await store.committer.submit(CancelInRoom(id=planned[0], room_id="r", caller="mo")) is None
    assert await store.number_of("lumen_scheduled_notification") == 2
    with pytest.raises(Refused):
        await store.committer.submit(CancelInRoom(id=planned[0], room_id="r", caller="mo"))
