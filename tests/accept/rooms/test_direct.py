"""Direct messages and blocks by HTTP."""

from __future__ import annotations

import asyncio

from clients import EventStream
from sites import Site, refused

from ..talk import ROOMS, call, done

MESSAGES = "/api/v1/messages"
BLOCKS = "/api/v1/blocks"


async def test_two_who_write_at_once_meet_in_one_room(room: Site, streams: dict[str, EventStream]) -> None:
    there, back = await asyncio.gather(
        *(
            done(room, user, "POST", MESSAGES, {"to": to, "content": f"hi {to}", "client_id": "c"})
            for user, to in (("bob", "eve"), ("eve", "bob"))
        )
    )

    assert there["room_id"] == back["room_id"]
    assert sorted((there["seq"], back["seq"])) == [1, 2]
    for user in ("bob", "eve"):
        await streams[user].wait_for_event("message", 2)
        events = [
            frame.event for frame in streams[user].frames if frame.is_durable or frame.event == "joined"
        ]
        assert events == ["joined", "message", "message"]
    answer = await call(room, "bob", "POST", MESSAGES, {"to": "eve", "content": "x", "client_id": "c"})
    assert answer.status_code == 200
    assert answer.json() == there
    history = await done(room, "eve", "GET", f"{ROOMS}/{there['room_id']}/messages")
    assert len(history["items"]) == 2
    refused(await call(room, "alice", "GET", f"{ROOMS}/{there['room_id']}/messages"), 404, "not_found")


async def test_who_is_blocked_is_told_so_and_others_are_not(room: Site) -> None:
    sent = await done(room, "bob", "POST", MESSAGES, {"to": "eve", "content": "hi"})
    direct = f"{ROOMS}/{sent['room_id']}/messages"
    refused(await call(room, "eve", "GET", f"{BLOCKS}/bob"), 404, "not_found")

    block = await done(room, "eve", "PUT", f"{BLOCKS}/bob")

    assert block == {"user_id": "bob", "blocked_at": block["blocked_at"]}
    assert await done(room, "eve", "PUT", f"{BLOCKS}/bob") == block
    assert await done(room, "eve", "GET", f"{BLOCKS}/bob") == block
    assert await done(room, "eve", "GET", BLOCKS) == {"items": [block], "next_cursor": None}
    assert (await done(room, "bob", "GET", BLOCKS))["items"] == []
    for path, body in (
        (MESSAGES, {"to": "eve", "content": "hi"}),
        (direct, {"content": "hi"}),
        (f"{ROOMS}/{sent['room_id']}/typing", {"is_typing": True}),
    ):
        refused(await call(room, "bob", "POST", path, body), 403, "blocked")
    refused(await call(room, "bob", "PATCH", f"{direct}/{sent['id']}", {"content": "x"}), 403, "blocked")

    assert await done(room, "eve", "DELETE", f"{BLOCKS}/bob") == {"user_id": "bob", "status": "unblocked"}
    refused(await call(room, "eve", "DELETE", f"{BLOCKS}/bob"), 404, "not_found")
    assert (await done(room, "bob", "POST", MESSAGES, {"to": "eve", "content": "hi"}))["seq"] == 2


async def test_a_wrong_direct_message_is_refused_by_name_and_makes_no_room(room: Site) -> None:
    for body, field in (
        ({"content": "hi"}, "to"),
        ({"to": "bob", "content": "hi"}, "to"),
        ({"to": "", "content": "hi"}, "to"),
        ({"to": "a\0", "content": "hi"}, "to"),
        ({"to": "u" * 129, "content": "hi"}, "to"),
        ({"to": "eve"}, "content"),
        ({"to": "eve", "content": "x" * 8001}, "content"),
        ({"to": "eve", "content": "x", "kind": "system"}, "kind"),
        ({"to": "eve", "content": "x", "mentions": ["eve"]}, "mentions"),
        ({"to": "eve", "content": "x", "reply_to": 1}, "reply_to"),
    ):
        refused(await call(room, "bob", "POST", MESSAGES, body), 422, "invalid", field)
    refused(await call(room, "bob", "PUT", f"{BLOCKS}/bob"), 422, "invalid", "user")
    refused(await call(room, "bob", "PUT", f"{BLOCKS}/%00"), 422, "invalid", "user")
    refused(await call(room, "bob", "GET", f"{BLOCKS}?cursor=%00"), 422, "invalid", "cursor")
    assert (await done(room, "eve", "GET", ROOMS))["items"] == []
