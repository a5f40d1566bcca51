"""Deletion by HTTP: users delete from their own list; a publisher takes back what it has published."""

from __future__ import annotations

from typing import Any

import pytest

from clients import Api, EventStream, contents, token
from lumen_notify.auth import ADMIN
from lumen_notify.model import now_ms, rfc3339
from sites import Site, refused

from ..talk import ROOMS, call, done

PATH = "/api/v1/notifications"


async def delete(site: Site, user: str, id_: str, query: str = "") -> int:
    return (await call(site, user, "DELETE", f"{PATH}/{id_}{query}")).status_code


async def listed(site: Site, user: str, **filters: Any) -> list[str]:
    return contents((await site.api(user).get(**filters))["items"])


async def to_everyone(site: Site, content: str, **fields: Any) -> str:
    body = {"to": {"all": True}, "category": "news", "content": content, **fields}
    id_: str = (await site.api("alice").post("", body))["id"]
    return id_


async def test_a_user_deletes_from_their_own_list_alone(room: Site, streams: dict[str, EventStream]) -> None:
    for_all = await to_everyone(room, "for all")
    for_room = (
        await room.api("alice").post(
            "", {"to": {"room": "here"}, "category": "news", "content": "for the room"}
        )
    )["id"]
    (own,) = [item["id"] for item in (await room.api("bob").get())["items"] if item["content"] == "two"]
    for id_, left in ((for_all, 4), (for_room, 3), (own, 2)):
        assert await delete(room, "bob", id_) == 204
        frame = await streams["bob"].wait_for_event("delete")
        assert (frame.data["unread_count"], frame.data["data"]) == (left, {"ids": [id_]})
        streams["bob"].frames.clear()
        refused(await call(room, "bob", "GET", f"{PATH}/{id_}"), 404, "not_found")
        assert await delete(room, "bob", id_) == 404
    assert await listed(room, "bob") == ["three", "one"]
    assert await listed(room, "alice") == ["for the room", "for all"]
    bell = await room.api("bob").fetched()
    assert bell.recount() == bell.categories == {"like": 2}


async def test_what_is_deleted_stays_so_whatever_is_marked_later(stored: Site) -> None:
    api = stored.api("bob")
    deleted, kept = await to_everyone(stored, "deleted"), await to_everyone(stored, "kept")
    await api.post("/delete", {"ids": [deleted]})
    for action in ("seen", "read", "unread", "archive", "unarchive"):
        marked = await api.post(f"/{action}", {"category": "news"})
        assert marked["changed"] == 1
        assert (await api.post(f"/{action}", {"ids": [deleted]}))["unknown"] == [deleted]
    assert (await api.get("/counts"))["unread"]["categories"] == {"like": 3, "news": 1}
    assert [item["id"] for item in (await api.get(category="news"))["items"]] == [kept]
    assert (await api.get(archived=True))["items"] == []


@pytest.mark.parametrize("selection", [{"all": True}, {"category": "news"}, {"up_to": 4}, {"ids": []}])
async def test_many_are_deleted_at_once(stored: Site, selection: dict[str, Any]) -> None:
    api = stored.api("bob")
    one = await to_everyone(stored, "first news")
    await stored.publish("bob", "news for bob", category="news")
    await to_everyone(stored, "last news")
    if "ids" in selection:
        selection = {"ids": [one, "01900000-0000-7000-8000-000000000000"]}
    stream = await EventStream.open(stored.base_url, token("bob"))
    await stream.wait_for_event("ready")
    answer = await api.post("/delete", selection)
    expected = {
        "all": ([], 6, []),
        "category": (["three", "two", "one"], 3, []),
        "up_to": (["last news", "news for bob"], 4, []),
        "ids": (["last news", "news for bob", "three", "two", "one"], 1, selection.get("ids", [])[1:]),
    }[next(iter(selection))]
    assert (await listed(stored, "bob"), answer["changed"], answer["unknown"]) == expected
    assert answer["unread_count"] == len(expected[0]) == (await api.get("/counts"))["unread_count"]
    frame = await stream.wait_for_event("delete")
    assert frame.data["unread_count"] == answer["unread_count"]
    assert frame.data["data"] == selection
    again = await api.post("/delete", selection)
    assert (again["changed"], again["unread"]) == (0, answer["unread"])
    await to_everyone(stored, "newer")
    assert (await listed(stored, "bob"))[0] == "newer"
    await stream.close()


async def test_its_publisher_takes_a_notification_back_from_everyone(
    room: Site, streams: dict[str, EventStream]
) -> None:
    alice = room.api("alice")
    to: list[dict[str, Any]] = [{"users": ["bob", "eve"]}, {"room": "here"}, {"all": True}]
    for recipients in to:
        body = {"to": recipients, "category": "news", "content": "a secret"}
        id_ = (await alice.post("", body))["id"]
        await room.api("bob").post("/read", {"ids": [id_]})
        refused(await call(room, "bob", "DELETE", f"{PATH}/{id_}?for=everyone"), 404, "not_found")
        assert await delete(room, "alice", id_) == 204
        frame = await streams["bob"].wait_for_event("expire")
        assert frame.data["data"] == {"ids": [id_]}
        assert frame.data["unread_count"] == 3
        streams["bob"].frames.clear()
        assert "a secret" not in await listed(room, "bob")
        assert await delete(room, "alice", id_) == 404
    for user in ("bob", "eve"):
        bell = await room.api(user).fetched()
        assert bell.recount() == bell.categories


async def test_no_replay_shows_what_was_taken_back_or_deleted(stored: Site) -> None:
    stream = await EventStream.open(stored.base_url, token("bob"))
    ready = await stream.wait_for_event("ready")
    await stream.close()
    kept = await stored.publish("bob", "kept")
    own = await stored.publish("bob", "own secret")
    many = await stored.api("alice").post(
        "", {"to": {"users": ["bob", "eve"]}, "category": "like", "content": "secret of two"}
    )
    assert await delete(stored, "bob", own) == 204
    assert await delete(stored, "alice", many["id"]) == 204
    again = await EventStream.open(stored.base_url, token("bob"), cursor=ready.id)
    await again.wait_for_event("expire")
    assert "secret" not in str(again.frames)
    assert kept in str(again.frames)
    await again.close()


async def test_a_publisher_who_is_a_recipient_chooses_for_whom(stored: Site) -> None:
    one, two = await to_everyone(stored, "one for all"), await to_everyone(stored, "two for all")
    assert await delete(stored, "alice", one, "?for=me") == 204
    assert await listed(stored, "alice") == ["two for all"]
    assert "one for all" in await listed(stored, "bob")
    assert await delete(stored, "alice", one, "?for=everyone") == 204
    assert "one for all" not in await listed(stored, "bob")
    assert await delete(stored, "alice", two) == 204
    assert "two for all" not in await listed(stored, "bob")
    refused(await call(stored, "alice", "DELETE", f"{PATH}/{two}?for=all"), 422, "invalid", "for")
    refused(await call(stored, "alice", "DELETE", f"{PATH}/{two}?for=me&sender=x"), 422, "invalid", "sender")


async def test_only_its_publisher_and_administrators_take_back(room: Site) -> None:
    id_ = (await Api(room.http, "app", "notify:publish").post("", {"to": {"user": "bob"}, **HELLO}))["id"]
    assert await delete(room, "alice", id_) == 404  # she may publish, but has not published it
    assert await delete(room, "eve", id_) == 404
    own_room = await done(room, "eve", "POST", ROOMS, {"id": "own", "members": ["bob"]})
    said = await done(room, "eve", "POST", PATH, {"to": {"room": own_room["id"]}, **HELLO})
    assert await delete(room, "eve", said["id"], "?for=everyone") == 204  # as its owner, without a scope
    root = {"Authorization": f"Bearer {token('root', ADMIN)}"}
    answer = await room.http.request("DELETE", f"{PATH}/{id_}", headers=root)
    assert answer.status_code == 204
    assert "hello there" not in await listed(room, "bob")


HELLO = {"category": "like", "content": "hello there"}


async def test_one_sender_leaves_a_group_and_the_last_one_takes_the_row_along(stored: Site) -> None:
    alice = stored.api("alice")
    stream = await EventStream.open(stored.base_url, token("bob"))
    await stream.wait_for_event("ready")
    to_merge: dict[str, Any] = {"to": {"user": "bob"}, "category": "photo", "group_key": "p"}
    ids = set()
    for name in ("Ann", "Ben", "Carol"):
        sender = {"id": name.lower(), "username": name}
        body = to_merge | {"content": f"{name} liked it", "sender": sender}
        ids.add((await alice.post("", body))["id"])
    (id_,) = ids
    stored.ahead_ms += 2000  # what was pending is announced
    await stream.wait_for(lambda: "Carol liked it" in str(stream.frames), what="the group")
    cursor = stream.frames[0].id
    assert await delete(stored, "alice", id_, "?sender=nobody") == 404
    for wrong in ("", "%00", "a%0A", "a" * 129):
        assert await delete(stored, "alice", id_, f"?sender={wrong}") == 422
    assert await delete(stored, "alice", id_, "?sender=carol") == 204
    edited = await stream.wait_for_event("notification_edited")
    shown = edited.data["data"]
    assert (shown["content"], shown["actors_count"]) == ("Ben liked it", 2)
    assert [actor["id"] for actor in shown["actors"]] == ["ben", "ann"]
    row = await stored.api("bob").get("/" + id_)
    assert {name: row[name] for name in ("content", "sender", "actors", "actors_count")} == {
        name: shown[name] for name in ("content", "sender", "actors", "actors_count")
    }
    assert await delete(stored, "alice", id_, "?sender=ann") == 204
    assert await delete(stored, "alice", id_, "?sender=ben") == 204
    await stream.wait_for_event("expire")
    assert (await stored.api("bob").get(category="photo"))["items"] == []
    await stream.close()
    again = await EventStream.open(stored.base_url, token("bob"), cursor=cursor)
    await again.wait_for_event("expire")
    assert "liked it" not in str(again.frames)
    await again.close()
    assert (await alice.post("", to_merge | {"content": "anew"}))["status"] == "sent"


async def test_what_waits_is_taken_back_before_it_is_published(stored: Site) -> None:
    await stored.api("bob").ask("PATCH", "/preferences", {"digest": {"minutes": 5}})
    later = await stored.publish("bob", "later", deliver_at=rfc3339(now_ms() + 60_000))
    low = await stored.publish("bob", "low", priority="low")
    stays = await stored.publish("bob", "stays", priority="low")
    refused(await call(stored, "eve", "DELETE", f"{PATH}/{later}"), 404, "not_found")
    assert await delete(stored, "alice", later) == 204
    assert await delete(stored, "alice", low) == 204
    assert (await stored.api("alice").get("/scheduled"))["items"] == []
    stream = await EventStream.open(stored.base_url, token("bob"))
    stored.ahead_ms = 400_000
    await stream.wait_for(lambda: stays in str(stream.frames), what="the digest")
    assert await listed(stored, "bob") == ["stays", "three", "two", "one"]
    await stream.close()


async def test_one_item_of_a_delivered_digest_is_taken_back(stored: Site) -> None:
    await stored.api("bob").ask("PATCH", "/preferences", {"digest": {"minutes": 5}})
    stream = await EventStream.open(stored.base_url, token("bob"))
    ready = await stream.wait_for_event("ready")
    low = await stored.publish("bob", "low secret", priority="low")
    stays = await stored.publish("bob", "stays", priority="low")
    stored.ahead_ms = 400_000
    await stream.wait_for(lambda: stays in str(stream.frames), what="the digest")
    await stream.close()
    assert await delete(stored, "alice", low) == 204
    again = await EventStream.open(stored.base_url, token("bob"), cursor=ready.id)
    await again.wait_for_event("expire")
    assert "secret" not in str(again.frames)
    (bundle,) = [frame for frame in again.frames if (frame.data or {}).get("type") == "bundle"]
    assert [item["id"] for item in bundle.data["data"]["items"]] == [stays]
    await again.close()
