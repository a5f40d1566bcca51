"""Edits by HTTP: seen in the streams and in history; what was deleted says nothing any more."""

from __future__ import annotations

from clients import EventStream
from lumen_notify.model import new_id
from sites import Site, refused

from ..talk import HERE, ROOMS, call, done, said, say


async def test_an_edit_is_in_each_members_stream_and_in_history(
    room: Site, streams: dict[str, EventStream]
) -> None:
    id_ = (await say(room, "bob", "hi"))["id"]

    changed = await done(room, "bob", "PATCH", f"{HERE}/{id_}", {"content": "hello"})

    assert changed["content"] == "hello"
    assert changed["edited_at"] >= changed["created_at"]
    assert await said(room) == [changed]
    for user in ("alice", "bob"):
        frame = await streams[user].wait_for_event("message_edited")
        assert frame.data == {"data": changed}
        assert frame.id is not None


async def test_a_moderator_deletes_what_another_has_said(room: Site, streams: dict[str, EventStream]) -> None:
    await say(room, "alice", "before")
    id_ = (await say(room, "bob", "<b>rude</b>", mentions=["alice"], data={"rude": True}))["id"]
    assert (await room.api("alice").get("/unread"))["unread"]["categories"] == {"mention": 1}

    left = await done(room, "alice", "DELETE", f"{HERE}/{id_}")

    assert (left["content"], left["deleted_by"], left["seq"]) == ("", "alice", 2)
    assert "data" not in left
    assert "mentions" not in left
    assert [one["content"] for one in await said(room)] == ["before", ""]
    frame = await streams["bob"].wait_for_event("message_deleted")
    assert frame.data == {"data": left}
    assert (await streams["alice"].wait_for_event("expire")).data["data"] == {"ids": [id_]}
    unread = await room.api("alice").get("/unread")
    assert unread["unread"] == {"categories": {}, "rooms": {"here": 1}}
    refused(await call(room, "bob", "DELETE", f"{HERE}/{id_}"), 404, "not_found")


async def test_what_may_not_be_changed_is_refused(room: Site) -> None:
    mine, his = [(await say(room, user, "hi"))["id"] for user in ("bob", "alice")]
    for user, method, path, body, status, code, fields in (
        ("bob", "PATCH", f"{HERE}/{his}", {"content": "x"}, 403, "role_too_low", ()),
        ("bob", "DELETE", f"{HERE}/{his}", None, 403, "role_too_low", ()),
        ("alice", "PATCH", f"{HERE}/{mine}", {"content": "x"}, 403, "role_too_low", ()),
        ("eve", "PATCH", f"{HERE}/{mine}", {"content": "x"}, 403, "not_a_member", ()),
        ("eve", "DELETE", f"{HERE}/{mine}", None, 403, "not_a_member", ()),
        ("bob", "PATCH", f"{HERE}/{new_id()}", {"content": "x"}, 404, "not_found", ()),
        ("bob", "PATCH", f"{ROOMS}/nowhere/messages/{mine}", {"content": "x"}, 404, "not_found", ()),
        ("bob", "PATCH", f"{HERE}/{mine}", {"content": "x" * 8001}, 422, "invalid", ("content",)),
        ("bob", "PATCH", f"{HERE}/{mine}", {"content": ""}, 422, "invalid", ("content",)),
        ("bob", "PATCH", f"{HERE}/{mine}", {"content": "a\0"}, 422, "invalid", ("content",)),
        ("bob", "PATCH", f"{HERE}/{mine}", {"content": "a", "seq": 9}, 422, "invalid", ("seq",)),
    ):
        refused(await call(room, user, method, path, body), status, code, *fields)
    assert [one["content"] for one in await said(room)] == ["hi", "hi"]
