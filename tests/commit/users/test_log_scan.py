"""Log scan: what remains in the log of events for a user who was deleted, and of those that name them."""

from __future__ import annotations

import json

from lumen_notify.commit.users.alias import Alias
from lumen_notify.commit.users.log_scan import scan_log
from lumen_notify.model import Audience, check_of
from lumen_notify.model.events import EventsRewritten, decode

from ..rooms.conversation import open_room, send
from ..store import Store

ALIAS = Alias(user_id="ann", alias="deleted-1")


async def scanned(store: Store) -> None:
    async with store.log.transaction() as tx:
        assert not (await scan_log(tx, ALIAS, after=None)).has_more


async def test_event_for_the_user_alone_carries_nothing_and_keeps_its_check(store: Store) -> None:
    await store.publish("ann")
    (before,) = store.events
    await scanned(store)
    after, told = await store.log.after(0)
    assert after.audience == Audience.nobody_with(before.check)
    assert after.check == before.check == check_of("user:ann", before.created_at)
    assert decode(after) == EventsRewritten(positions=[])
    assert decode(told) == EventsRewritten(positions=[1])


async def test_event_that_names_the_user_names_the_alias(store: Store) -> None:
    await open_room(store, "ann", "bob")
    await send(store, "ann", "hello")
    await scanned(store)
    body = json.loads((await store.log.after(0))[0].body)
    assert (body["sender_id"], body["data"]["sender"]["id"]) == ("deleted-1", "deleted-1")
    assert body["data"]["content"] == "hello"


async def test_second_scan_changes_nothing(store: Store) -> None:
    await store.publish("ann")
    await scanned(store)
    position = (await store.log.head()).position
    await scanned(store)
    assert (await store.log.head()).position == position
