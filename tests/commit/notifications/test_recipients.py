"""Recipients: what is published to a room is one row and one event, and only where it may be."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lumen_notify.commit.notifications import recipients as module
from lumen_notify.commit.notifications.publication import Publication, Published
from lumen_notify.commit.notifications.publish import Publish
from lumen_notify.commit.notifications.schedule import PublishDue
from lumen_notify.commit.rooms.rooms import CreateRoom
from lumen_notify.errors import Conflict, Refused
from lumen_notify.model import Audience, new_id

from ..store import Store
from .publishing import publication


def to_room(
    room: str, *, required_moderator: str | None = None, deliver_at: int | None = None, category: str = "news"
) -> Publication:
    return Publication(
        id=new_id(),
        audiences=(Audience.room(room),),
        recipients=None,
        category=category,
        fields={"content": "hi"},
        deliver_at=deliver_at,
        required_moderator=required_moderator,
    )


async def put(store: Store, *publications: Publication) -> list[Published]:
    published: list[Published] = await store.committer.submit(Publish(publications=publications))
    return published


@pytest.fixture
async def room(store: Store) -> str:
    await store.committer.submit(
        CreateRoom(id="r", kind="private", creator="ann", members=("bob", "cyd", "dan"))
    )
    return "r"


async def test_publish_to_a_room_is_one_row_and_one_event(store: Store, room: str) -> None:
    seen = len(store.events)
    (published,) = await put(store, to_room(room))
    assert (published.recipients, published.position) == (4, seen + 1)
    assert [event.audience for event in store.events[seen:]] == ["room:r"]
    assert [
        await store.number_of(table)
        for table in ("lumen_notification", "lumen_active_total", "lumen_read_count")
    ] == [1, 1, 0]
    assert [await store.unread(user) for user in ("ann", "dan", "eve")] == [{"news": 1}, {"news": 1}, {}]


@pytest.mark.parametrize(
    ("required_moderator", "code"),
    [(None, None), ("ann", None), ("bob", "role_too_low"), ("eve", "not_found")],
)
async def test_publisher_without_the_scope_needs_a_role_in_the_room(
    store: Store, room: str, required_moderator: str | None, code: str | None
) -> None:
    head = await store.log.head()
    try:
        await put(store, to_room(room, required_moderator=required_moderator))
        refused = None
    except Refused as refusal:
        refused = refusal.code
        assert await store.log.head() == head
    assert refused == code


async def test_request_with_an_unknown_room_is_refused_as_a_whole(store: Store, room: str) -> None:
    head = await store.log.head()
    with pytest.raises(Refused) as refused:
        await put(store, to_room(room), to_room("nowhere"))
    assert refused.value.code == "not_found"
    assert await store.log.head() == head
    assert await store.number_of("lumen_notification") == 0


async def test_scheduled_notification_to_a_deleted_room_is_dropped(store: Store, room: str) -> None:
    await store.committer.submit(CreateRoom(id="s", kind="public", creator="ann"))
    later = store.now + 1000
    (first, _) = await put(store, to_room(room, deliver_at=later), to_room("s", deliver_at=later))
    assert (first.recipients, first.status) == (4, "scheduled")
    await store.close_room("r", "ann")
    store.now = later

    await store.committer.submit(PublishDue())

    assert [event.audience for event in store.events if event.kind == "notification"] == ["room:s"]


async def post_own(store: Store, *categories: str, user: str = "ann", is_own: bool = True) -> None:
    publications = tuple(
        replace(publication(user, category=category), may_make_up_categories=not is_own)
        for category in categories
    )
    await store.committer.submit(Publish(publications=publications))


async def test_so_many_categories_may_be_made_up_for_one_user(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_CATEGORIES", 3)
    await store.define("defined")
    await post_own(store, "a", "b")
    for too_many in (("c", "d"), ("c", "d", "e")):
        with pytest.raises(Conflict, match="3 categories") as caught:
            await post_own(store, *too_many)
        assert caught.value.code == "too_many_categories"
    await post_own(store, "c")
    with pytest.raises(Conflict):
        await post_own(store, "d")
    await post_own(store, "a", "b", "c", "defined")
    await post_own(store, "d", user="bob")
    await post_own(store, "x", "y", "z", is_own=False)
    await post_own(store, "z")
    assert set(await store.unread("ann")) == {"a", "b", "c", "defined", "x", "y", "z"}
