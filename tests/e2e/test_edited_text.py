"""Edited text: what was edited or deleted is in no list and in no replay, on any instance."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest

from clients import EventStream, token
from sites import Site, open_site


@pytest.fixture(params=[10_000, 0], ids=["from memory", "from the database"])
async def sites(request: pytest.FixtureRequest, database_url: str) -> AsyncIterator[tuple[Site, Site]]:
    """Run two instances on one database, which keep all events in memory, or none."""
    async with AsyncExitStack() as stack:
        first, second = [
            await stack.enter_async_context(open_site(database_url, replay_events=request.param))
            for _ in range(2)
        ]
        yield first, second


async def ask(site: Site, user: str, method: str, path: str, body: Any = None) -> Any:
    return await site.api(user).ask(method, path, body)


async def replayed(site: Site, user: str) -> list[str]:
    """Return the frames that a stream replays from the start of the log, as text."""
    epoch = (await site.lumen._services.log.head()).epoch  # type: ignore[union-attr]
    stream = await EventStream.open(site.base_url, token(user), cursor=f"{epoch}-0")
    try:
        ready = await stream.wait_for_event("ready")
        assert ready.data["recovered"]
        await stream.wait_for(lambda: len(stream.frames) > ready.data["replayed"], what="the replay")
        return [str(frame) for frame in stream.frames]
    finally:
        await stream.close()


async def send(site: Site, text: str) -> str:
    """Let alice say something to bob in the room `here`; return the path of the message."""
    body = {"content": text, "mentions": ["bob"]}
    sent = await ask(site, "alice", "POST", "/rooms/here/messages", body)
    return f"/rooms/here/messages/{sent['id']}"


@pytest.mark.server
async def test_edited_and_deleted_text_is_neither_replayed_nor_listed(sites: tuple[Site, Site]) -> None:
    site, _ = sites
    await ask(site, "alice", "POST", "/rooms", {"id": "here", "members": ["bob"]})
    edited, deleted = await send(site, "wrong words"), await send(site, "secret words")
    assert any("wrong words" in frame for frame in await replayed(site, "bob"))

    await ask(site, "alice", "PATCH", edited, {"content": "bad words"})
    await ask(site, "alice", "PATCH", edited, {"content": "right words"})
    await ask(site, "alice", "DELETE", deleted)

    listed = str((await site.api("bob").get(limit=50))["items"])
    for each in sites:
        frames = await replayed(each, "bob")
        for old in ("wrong words", "bad words", "secret words"):
            assert old not in listed
            assert not [frame for frame in frames if old in frame]
        assert len([frame for frame in frames if "right words" in frame]) == 4
    assert "right words" in listed


@pytest.mark.server
async def test_text_of_a_deleted_room_is_neither_replayed_nor_listed(sites: tuple[Site, Site]) -> None:
    site, _ = sites
    before = await site.api("bob").fetched()
    await ask(site, "alice", "POST", "/rooms", {"id": "here", "members": ["bob"]})
    edited = await send(site, "first words")
    await ask(site, "alice", "PATCH", edited, {"content": "second words"})
    notification = {"to": {"room": "here"}, "category": "news", "content": "room's words"}
    await site.api("alice").post("", notification)

    await ask(site, "alice", "DELETE", "/rooms/here")

    for each in sites:
        assert not [frame for frame in await replayed(each, "bob") if "words" in frame]
    after = await site.api("bob").fetched()
    assert after.items == before.items
    assert (after.unread_count, after.categories) == (before.unread_count, before.categories)


@pytest.mark.server
async def test_edit_reaches_the_list_of_an_open_stream(sites: tuple[Site, Site]) -> None:
    site, other = sites
    await ask(site, "alice", "POST", "/rooms", {"id": "here", "members": ["bob"]})
    stream = await EventStream.open(other.base_url, token("bob"))
    try:
        await stream.wait_for_event("ready")
        path = await send(site, "wrong words")
        await ask(site, "alice", "PATCH", path, {"content": "right words"})
        frame = await stream.wait_for_event("notification_edited")
    finally:
        await stream.close()
    item = await site.api("bob").get("/" + path.rpartition("/")[2])
    assert frame.data["data"].items() <= item.items()
    assert item["content"] == "right words"
    assert (item["is_read"], item["seen_at"]) == (False, None)
