"""Mentions: their notifications say what the message says, or nothing."""

from __future__ import annotations

import json

from ..store import Store
from .conversation import open_room, run_sql, send, set_block
from .test_edits import edit, in_log


async def contents(store: Store, user: str) -> list[str]:
    page, _ = await store.inbox.page(
        user, before=2**62, limit=10, category=None, is_unread=None, is_archived=None
    )
    return [json.loads(one.body)["content"] for one in page]


async def test_edit_changes_the_notification_in_its_place_and_tells_the_user(store: Store) -> None:
    await open_room(store, "ann", "bob")
    sent = await send(store, "ann", "old", mentions=("bob",))
    await send(store, "ann", "later", mentions=("bob",))
    await store.mark("bob", "read", ids=(sent.id,))
    store.events.clear()

    await store.committer.submit(edit(sent.id, content="new"))

    assert await contents(store, "bob") == ["later", "new"]
    assert await store.unread("bob") == {"mention": 1}
    told = next(event for event in store.events if event.kind == "notification_edited")
    assert (told.audience, told.category) == ("user:bob", "mention")
    assert json.loads(told.body)["data"]["content"] == "new"
    assert json.loads(told.body)["data"]["id"] == sent.id


async def test_users_who_may_no_longer_see_the_message_lose_its_notification(store: Store) -> None:
    await open_room(store, "ann", "bob", "cyd", "dan")
    sent = await send(store, "ann", "old", mentions=("bob", "cyd", "dan"))
    assert await store.number_of("lumen_content") == 1, "the three share the text"
    await run_sql(store.database, "DELETE FROM lumen_member WHERE user_id = 'bob'")
    await set_block(store, "cyd", "ann")

    await store.committer.submit(edit(sent.id, content="new"))

    assert await contents(store, "bob") == await contents(store, "cyd") == []
    assert await store.unread("bob") == await store.unread("cyd") == {}
    assert await contents(store, "dan") == ["new"]
    assert await in_log(store, "old") == []
    assert await store.number_of("lumen_content") == 0, "no row keeps the old text"
