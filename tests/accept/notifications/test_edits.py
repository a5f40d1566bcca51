"""Edits by HTTP: the publisher of a notification changes it, for everyone."""

from __future__ import annotations

from typing import Any

import pytest

from clients import EventStream, token
from lumen_notify.model import now_ms, rfc3339
from sites import Site, refused

from ..talk import ROOMS, call, done

PATH = "/api/v1/notifications"


async def edit(site: Site, id_: str, body: Any, user: str = "alice") -> Any:
    return await done(site, user, "PATCH", f"{PATH}/{id_}", body)


@pytest.mark.parametrize("to", [{"user": "bob"}, {"users": ["bob", "eve"]}, {"room": "here"}, {"all": True}])
async def test_a_change_is_in_lists_streams_and_replays(room: Site, to: dict[str, Any]) -> None:
    stream = await EventStream.open(room.base_url, token("bob"))
    ready = await stream.wait_for_event("ready")
    body = {
        "to": to,
        "category": "news",
        "content": "a secret",
        "title": "Old",
        "url": "/old",
        "data": {"a": 1},
    }
    id_ = (await room.api("alice").post("", body))["id"]
    await room.api("bob").post("/read", {"ids": [id_]})
    before = await room.api("bob").get("/counts")
    answer = await edit(room, id_, {"content": "new", "title": None, "url": "/new"})
    assert (answer["id"], answer["changed"]) == (id_, len(to.get("users", [1])))
    frame = await stream.wait_for_event("notification_edited")
    shown = frame.data["data"]
    assert (shown["content"], shown["url"], shown["data"], "title" in shown) == (
        "new",
        "/new",
        {"a": 1},
        False,
    )
    row = await room.api("bob").get("/" + id_)
    assert {name: row.get(name) for name in shown} == shown
    assert row["is_read"]
    assert (await room.api("bob").get("/counts"))["unread"] == before["unread"]
    await edit(room, id_, {"content": "newer"})
    assert (await edit(room, id_, {"content": "newer"}))["changed"] == 0
    await stream.close()
    again = await EventStream.open(room.base_url, token("bob"), cursor=ready.id)
    await again.wait_for_event("notification_edited")
    assert "a secret" not in str(again.frames)
    contents = [frame.data["data"].get("content") for frame in again.frames if "data" in (frame.data or {})]
    assert [text for text in contents if text] == ["newer", "newer"]
    await again.close()


async def test_who_joined_a_room_later_does_not_get_the_change(
    room: Site, streams: dict[str, EventStream]
) -> None:
    body = {"to": {"room": "here"}, "category": "news", "content": "before"}
    id_ = (await room.api("alice").post("", body))["id"]
    await done(room, "eve", "PUT", f"{ROOMS}/here/members/eve")
    await edit(room, id_, {"content": "after"})
    await streams["bob"].wait_for_event("notification_edited")
    await room.publish("eve", "the next")
    await streams["eve"].wait_for_event("message")
    assert "after" not in str(streams["eve"].frames)


async def test_what_waits_is_published_as_changed(stored: Site) -> None:
    await stored.api("bob").ask("PATCH", "/preferences", {"digest": {"minutes": 5}})
    later = await stored.publish("bob", "later", deliver_at=rfc3339(now_ms() + 60_000))
    low = await stored.publish("bob", "low", priority="low")
    assert (await edit(stored, later, {"content": "later, changed"}))["changed"] == 1
    assert (await edit(stored, low, {"content": "low, changed", "icon": "/i.png"}))["changed"] == 1
    (waiting,) = (await stored.api("alice").get("/scheduled"))["items"]
    assert waiting["content"] == "later, changed"
    stream = await EventStream.open(stored.base_url, token("bob"))
    stored.ahead_ms = 400_000
    for text in ("later, changed", "low, changed"):
        await stream.wait_for(lambda text=text: text in str(stream.frames), what=text)  # type: ignore[misc]
    await stream.close()


async def test_the_newest_part_of_a_group_changes(stored: Site) -> None:
    body = {"to": {"user": "bob"}, "category": "photo", "group_key": "p", "content": "liked it"}
    batch = [body | {"sender": {"id": name}} for name in ("ann", "ben")]
    id_ = (await stored.api("alice").post("", batch))["items"][0]["id"]
    await edit(stored, id_, {"content": "loved it"})
    row = await stored.api("bob").get("/" + id_)
    assert (row["content"], row["actors_count"], row["sender"]["id"]) == ("loved it", 2, "ben")


async def test_an_expiry_is_set_and_taken_away(stored: Site) -> None:
    id_ = await stored.publish("bob", "offer")
    at = rfc3339(now_ms() + 60_000)
    await edit(stored, id_, {"expires_at": at})
    assert (await stored.api("bob").get("/" + id_))["expires_at"] == at
    await edit(stored, id_, {"expires_at": None})
    assert "expires_at" not in await stored.api("bob").get("/" + id_)
    await edit(stored, id_, {"expires_at": at})
    stream = await EventStream.open(stored.base_url, token("bob"))
    await stream.wait_for_event("ready")
    stored.ahead_ms = 61_000
    await stream.wait_for_event("expire")
    await stream.close()


async def test_others_do_not_change_it(stored: Site) -> None:
    id_ = await stored.publish("bob", "hello")
    for user in ("bob", "eve"):
        refused(await call(stored, user, "PATCH", f"{PATH}/{id_}", {"content": "x"}), 404, "not_found")
    wrong: list[tuple[Any, list[str]]] = [
        ({}, ["body"]),
        ({"content": None}, ["content"]),
        ({"category": "news"}, ["category"]),
        ({"url": "javascript:alert(1)"}, ["url"]),
    ]
    for body, fields in wrong:
        refused(await call(stored, "alice", "PATCH", f"{PATH}/{id_}", body), 422, "invalid", *fields)
    assert (await stored.api("bob").get("/" + id_))["content"] == "hello"
