"""Blocks by HTTP: a blocked user sends no direct message, and adds nobody who has blocked them."""

from __future__ import annotations

from sites import Site, refused

from ..talk import MESSAGES, ROOMS, call, done

BLOCKS = "/api/v1/blocks"


async def test_a_blocked_user_can_send_no_direct_message_until_unblocked(room: Site) -> None:
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

    assert await done(room, "eve", "DELETE", f"{BLOCKS}/bob") is None
    refused(await call(room, "eve", "DELETE", f"{BLOCKS}/bob"), 404, "not_found")
    assert (await done(room, "bob", "POST", MESSAGES, {"to": "eve", "content": "hi"}))["seq"] == 2


async def test_a_blocked_user_cannot_add_the_user_who_blocked_them_to_a_room(room: Site) -> None:
    await done(room, "eve", "PUT", "/api/v1/blocks/alice")
    for method, path, body in (
        ("POST", ROOMS, {"kind": "direct", "members": ["eve"]}),
        ("POST", ROOMS, {"id": "r", "members": ["bob", "eve"]}),
        ("PUT", f"{ROOMS}/here/members/eve", None),
        ("POST", f"{ROOMS}/here/members", {"members": ["dan", "eve"]}),
    ):
        refused(await call(room, "alice", method, path, body), 403, "blocked")
    assert (await done(room, "eve", "GET", ROOMS))["items"] == []
    refused(await call(room, "alice", "GET", f"{ROOMS}/r"), 404, "not_found")
    await done(room, "eve", "PUT", f"{ROOMS}/here/members/eve")


async def test_a_wrong_block_is_refused_by_field(room: Site) -> None:
    refused(await call(room, "bob", "PUT", f"{BLOCKS}/bob"), 422, "invalid", "user")
    refused(await call(room, "bob", "PUT", f"{BLOCKS}/%00"), 422, "invalid", "user")
    refused(await call(room, "bob", "GET", f"{BLOCKS}?cursor=%00"), 422, "invalid", "cursor")
    assert (await done(room, "bob", "GET", BLOCKS))["items"] == []
