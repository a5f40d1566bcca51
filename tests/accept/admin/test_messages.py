"""Messages by HTTP: administrators read those of any room, which is noted, and delete them."""

from __future__ import annotations

from sites import Site, refused

from ..talk import said, say
from .admins import ask, audited, done, refuse_others

HERE = "/rooms/here/messages"


async def test_others_do_nothing_here(room: Site) -> None:
    sent = await say(room, "bob", "hello")
    await refuse_others(room, "GET", HERE)
    await refuse_others(room, "DELETE", f"{HERE}/{sent['id']}")


async def test_messages_are_read_newest_first_and_each_page_is_noted(room: Site) -> None:
    for text in ("one", "two", "three"):
        await say(room, "bob", text)
    first = await done(room, "GET", f"{HERE}?limit=2")
    rest = await done(room, "GET", f"{HERE}?limit=2&cursor={first['next_cursor']}")
    assert [one["content"] for one in (*first["items"], *rest["items"])] == ["three", "two", "one"]
    assert rest["next_cursor"] is None
    assert await audited(room) == [("root", "messages.read", "room:here")] * 2
    refused(await ask(room, "GET", "/rooms/nowhere/messages"), 404, "not_found")
    refused(await ask(room, "GET", f"{HERE}?limit=0"), 422, "invalid", "limit")
    assert len(await audited(room)) == 2


async def test_a_message_is_deleted_and_noted_without_its_content(room: Site) -> None:
    sent = await say(room, "bob", "bad words")
    await done(room, "DELETE", f"{HERE}/{sent['id']}")
    refused(await ask(room, "DELETE", f"{HERE}/{sent['id']}"), 404, "not_found")
    (message,) = await said(room)
    assert (message["content"], message["deleted_by"]) == ("", "root")
    (entry,) = (await done(room, "GET", "/audit"))["items"]
    assert (entry["action"], entry["target"]) == ("message.deleted", f"message:{sent['id']}")
    assert entry["details"] == {"room": "here", "sender": "bob"}
