"""Ids in capitals are the same ids (RFC 9562), wherever a client gives one."""

from __future__ import annotations

from lumen_notify.model import new_id
from sites import Site

from .talk import ROOMS, done


async def test_notifications_are_found_and_marked_by_ids_in_capitals(stored: Site) -> None:
    first, second, _ = [item["id"] for item in await stored.api("bob").pages()]
    bob = stored.api("bob")

    marked = await bob.post("/read", {"ids": [first.upper(), second, second.upper()]})

    assert marked["changed"] == 2
    assert marked["unknown"] == []
    assert (await bob.get("/" + first.upper()))["is_read"]
    assert (await bob.put("/" + first.upper(), {"is_read": False}))["id"] == first


async def test_unknown_ids_of_a_mark_are_named(stored: Site) -> None:
    first, second, _ = [item["id"] for item in await stored.api("bob").pages()]
    strange = new_id()
    bob, eve = stored.api("bob"), stored.api("eve")

    marked = await bob.post("/read", {"ids": [first, strange.upper(), "nope", second]})

    assert (marked["changed"], marked["unknown"]) == (2, [strange, "nope"])
    again = await bob.post("/read", {"ids": [first]})
    assert again["unknown"] == [], "it is known, though nothing changes"
    assert (await eve.post("/read", {"ids": [first]}))["unknown"] == [first]
    assert (await bob.post("/read", {"all": True}))["unknown"] == []
    for action in ("read", "seen", "unread", "archive", "unarchive"):
        marked = await bob.post(f"/{action}", {"ids": ["nope"]})
        assert (marked["changed"], marked["unknown"]) == (0, ["nope"]), action


async def test_scheduled_notification_is_cancelled_by_its_id_in_capitals(stored: Site) -> None:
    id_ = await stored.publish("bob", deliver_at="2027-01-31T08:00:00Z")
    await done(stored, "alice", "DELETE", f"/api/v1/notifications/{id_.upper()}/schedule")


async def test_rooms_and_messages_are_found_by_ids_in_capitals(stored: Site) -> None:
    room = (await done(stored, "alice", "POST", ROOMS, {"kind": "direct", "members": ["bob"]}))["id"]
    path = f"{ROOMS}/{room.upper()}"
    assert (await done(stored, "bob", "GET", path))["id"] == room
    sent = await done(stored, "alice", "POST", f"{path}/messages", {"content": "hi"})
    body = {"content": "yes", "reply_to": sent["id"].upper()}
    reply = await done(stored, "bob", "POST", f"{path}/messages", body)
    shown = await done(stored, "bob", "GET", f"{path}/messages/{reply['id'].upper()}")
    assert shown["reply_to"]["id"] == sent["id"]
    edited = await done(
        stored, "alice", "PATCH", f"{path}/messages/{sent['id'].upper()}", {"content": "hello"}
    )
    assert (edited["id"], edited["content"]) == (sent["id"], "hello")
    published = {"to": {"room": room.upper()}, "category": "news", "content": "x"}
    assert (await stored.api("alice").post("", published))["recipients"] == 2
    assert await done(stored, "bob", "POST", f"{path}/read", {"up_to": 1})


async def test_library_takes_ids_in_capitals(stored: Site) -> None:
    room = new_id()
    body = {"id": room.upper(), "members": ["bob"]}
    assert (await done(stored, "alice", "POST", ROOMS, body))["id"] == room
    sent = await stored.lumen.broadcast_message(room.upper(), content="hi", sender_id="alice")
    assert sent.room_id == room
    read = await stored.lumen.broadcast_read_status(room.upper(), "bob", [sent.id.upper()])
    assert read.last_read_seq == 1
    await stored.lumen.broadcast_typing_status(room.upper(), "bob", is_typing=True)


async def test_cursors_are_taken_in_capitals(stored: Site) -> None:
    for _ in range(2):
        await done(stored, "bob", "POST", ROOMS, {"members": ["alice"]})
    page = await done(stored, "bob", "GET", f"{ROOMS}?limit=1")
    following = await done(stored, "bob", "GET", f"{ROOMS}?limit=1&cursor={page['next_cursor']}")
    start, _, id_ = page["next_cursor"].partition("-")
    assert await done(stored, "bob", "GET", f"{ROOMS}?limit=1&cursor={start}-{id_.upper()}") == following
