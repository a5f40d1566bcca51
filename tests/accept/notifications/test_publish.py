"""Publish by HTTP: who may publish to whom, what counts as too much, and what a repetition gets."""

from __future__ import annotations

import json
from typing import Any

import pytest

from clients import NOTIFICATIONS, EventStream, token
from lumen_notify.auth import PUBLISH
from lumen_notify.model import now_ms, rfc3339, to_json
from sites import OpenSite, Site, refused

from ..publications import GOOD, body_with, case
from ..talk import ROOMS, done


async def test_publishing_to_others_needs_the_scope(site: Site) -> None:
    async with site.unchanged():
        for to in ({"user": "alice"}, {"users": ["bob", "alice"]}, {"all": True}):
            refused(await site.send("POST", body=body_with(to=to), user="bob"), 403, "forbidden")
        both = json.dumps([GOOD, {**GOOD, "to": {"user": "eve"}}]).encode()
        assert PUBLISH in refused(await site.send("POST", body=both, user="bob"), 403, "forbidden")["detail"]
    assert (await site.send("POST", body=body_with(), user="bob")).status_code == 201


async def test_publishing_to_a_room_needs_the_scope_or_a_role_in_it(room: Site) -> None:
    await done(room, "eve", "POST", ROOMS, {"id": "own", "members": ["dan"]})
    body = {"to": {"room": "own"}, "category": "news", "content": "hi"}

    async def publish(user: str, **fields: Any) -> Any:
        return await room.send("POST", body=_json({**body, **fields}), user=user)

    assert (await publish("eve")).json()["recipients"] == 2
    assert (await publish("alice")).status_code == 201
    refused(await publish("dan"), 403, "role_too_low")
    refused(await publish("bob"), 404, "not_found")
    refused(await publish("eve", sender={"id": "alice"}), 403, "forbidden")
    refused(await publish("alice", to={"room": "nowhere"}), 404, "not_found")
    refused(await publish("alice", to={"room": "Upper"}), 422, "invalid", "to.room")
    refused(await publish("alice", to={"room": "own", "all": True}), 422, "invalid", "to")
    refused(await publish("alice", group_key="k"), 422, "invalid", "group_key")
    answer = await room.send("POST", body=_json([body, {**body, "to": {"user": "bob"}}]), user="eve")
    refused(answer, 403, "forbidden")
    async with room.unchanged():
        answer = await room.send("POST", body=_json([body, {**body, "to": {"room": "nowhere"}}]))
        refused(answer, 404, "not_found")


def _json(value: Any) -> bytes:
    return to_json(value).encode()


async def test_only_members_of_a_room_see_and_count_its_notifications(
    room: Site, streams: dict[str, EventStream]
) -> None:
    body = {"to": {"room": "here"}, "category": "news", "content": "hi"}
    one = await room.api("alice").post("", body)
    assert one["recipients"] == 2
    for user in ("alice", "bob"):
        frame = await streams[user].wait_for_event("message")
        assert (frame.data["type"], frame.data["data"]["id"]) == ("news", one["id"])
        listed = await room.api(user).get("/" + one["id"])
        assert frame.data["data"]["room_id"] == listed["room_id"] == "here"
    assert [
        (await room.api(user).get("/counts"))["unread"]["categories"].get("news") for user in streams
    ] == [
        1,
        1,
        None,
    ]
    await done(room, "eve", "PUT", f"{ROOMS}/here/members/eve")
    await room.api("alice").post("", body)
    frame = await streams["eve"].wait_for_event("message")
    assert frame.data["unread_count"] == 1
    assert len((await room.api("eve").get())["items"]) == 1
    await done(room, "eve", "DELETE", f"{ROOMS}/here/members/eve")
    left = await streams["eve"].wait_for_event("left")
    assert left.data["unread_count"] == 0
    assert (await room.api("eve").get())["items"] == []


async def test_content_is_limited_in_characters_and_not_in_bytes(site: Site) -> None:
    async with site.unchanged():
        problem = refused(
            await site.send("POST", body=body_with(content="\N{GRINNING FACE}" * 8001)),
            422,
            "invalid",
            "content",
        )
        assert "8000" in problem["errors"][0]["message"]
        assert "8001" in problem["errors"][0]["message"]


async def test_request_may_have_1000_recipients(site: Site) -> None:
    users = [f"u{number}" for number in range(1001)]
    async with site.unchanged():
        answer = await site.send("POST", body=body_with(to={"users": users}))
        assert "1000" in refused(answer, 422, "invalid", "to.users")["errors"][0]["message"]
        batch = json.dumps([{"to": {"user": "u"}, "category": "c", "content": "x"}] * 1001).encode()
        refused(await site.send("POST", body=batch), 422, "invalid", "to.users")
        refused(await site.send("POST", body=b"[]"), 422, "invalid", "body")
    answer = await site.send("POST", body=body_with(to={"users": [*users[:1000], "u1"]}))
    assert answer.json()["recipients"] == 1000


@pytest.mark.parametrize("sender", ["alice", "bob"])
async def test_naming_a_sender_needs_the_scope_also_when_publishing_to_oneself(
    stored: Site, sender: str
) -> None:
    body = body_with(to={"user": "bob"}, sender={"id": sender})
    async with stored.unchanged():
        refused(await stored.send("POST", body=body, user="bob"), 403, "forbidden")
    assert (await stored.send("POST", body=body, user="alice")).status_code == 201
    assert (await stored.send("POST", body=body_with(to={"user": "bob"}), user="bob")).status_code == 201


async def test_nobody_uses_up_the_limit_of_another_sender(open_with: OpenSite) -> None:
    async with open_with(limit_per_sender="4/day", rate_limits="on") as site:
        own = json.dumps({"to": {"user": "bob"}, "category": "news", "content": "hi"}).encode()
        answers = [await site.send("POST", body=own, user="bob") for _ in range(5)]
        assert refused(answers[-1], 429, "rate_limited")["limit"] == "sender"
        await site.publish("eve")  # alice's fourth: bob's three came first
        await site.publish("eve", sender={"id": "carol"})


async def test_a_sender_is_limited_by_the_setting(open_with: OpenSite) -> None:
    async with open_with(limit_per_sender="4/day", rate_limits="on") as site:
        await site.publish("eve")  # bob's three came first
        body = json.dumps({"to": {"all": True}, "category": "news", "content": "hi"}).encode()
        refused(await site.send("POST", body=body), 429, "rate_limited")
        await site.publish("eve", sender={"id": "carol"})


async def test_idempotency_key_serves_one_body(stored: Site) -> None:
    headers = {"Authorization": f"Bearer {token('alice', PUBLISH)}", "Idempotency-Key": "order 17"}
    first = await stored.send("POST", body=body_with(), headers=headers)
    assert first.status_code == 201
    async with stored.unchanged():
        again = await stored.send("POST", body=body_with(), headers=headers)
        assert (again.status_code, again.json()) == (201, first.json())
        other = await stored.send("POST", body=body_with(content="another"), headers=headers)
        refused(other, 409, "idempotency_key_reused")
    theirs = {"Authorization": f"Bearer {token('bob')}", "Idempotency-Key": "order 17"}
    assert (await stored.send("POST", body=body_with(content="mine"), headers=theirs)).status_code == 201


async def test_refused_publish_leaves_its_key_free(stored: Site) -> None:
    headers = {"Authorization": f"Bearer {token('alice', PUBLISH)}", "Idempotency-Key": "k"}
    refused(await stored.send("POST", body=body_with(content=""), headers=headers), 422, "invalid", "content")
    assert (await stored.send("POST", body=body_with(), headers=headers)).status_code == 201


async def test_unfit_idempotency_key_is_refused(site: Site) -> None:
    authorization = (b"authorization", f"Bearer {token('alice', PUBLISH)}".encode())
    async with site.unchanged():
        for key in (b"", b"k" * 129, b"a\tb", b"\xe9"):
            with case(repr(key)):
                headers = [authorization, (b"idempotency-key", key)]
                answer = await site.http.post(NOTIFICATIONS, content=body_with(), headers=headers)
                refused(answer, 422, "invalid", "Idempotency-Key")


async def test_batch_that_is_too_long_is_refused_by_its_length(
    open_with: OpenSite,
) -> None:
    async with open_with() as site:
        answer = await site.send("POST", body=b"[" + b",".join([b"{}"] * 1001) + b"]")
        problem = refused(answer, 422, "invalid", "to.users")
        assert "this has 1001" in str(problem)


async def test_links_and_an_icon_are_in_lists_and_frames(site: Site) -> None:
    stream = await EventStream.open(site.base_url, token("bob"))
    shown: dict[str, Any] = {
        "url": "/photos/7?size=large",
        "actions": [{"id": "reply", "label": "Reply", "url": "https://example.org/reply"}],
        "icon": "https://example.org/icon.png",
    }
    id_ = await site.publish("bob", **shown)
    frame = await stream.wait_for_event("message")
    listed = await site.api("bob").get("/" + id_)
    assert {name: frame.data["data"].get(name) for name in shown} == shown
    assert {name: listed.get(name) for name in shown} == shown
    plain = await site.publish("bob", url=None, actions=None, icon=None)
    assert not (await site.api("bob").get("/" + plain)).keys() & shown.keys()
    await stream.close()


async def test_links_stay_while_a_notification_is_scheduled_merged_or_in_a_digest(site: Site) -> None:
    link = {"url": "/photos/7"}
    await site.api("bob").ask("PATCH", "/preferences", {"digest": {"minutes": 5}})
    await site.publish("bob", "later", **link, deliver_at=rfc3339(now_ms() + 60_000))
    (waiting,) = (await site.api("alice").get("/scheduled"))["items"]
    assert waiting["url"] == "/photos/7"
    await site.publish("bob", "low", **link, priority="low")
    merging = {"category": "photo", "group_key": "photo-7"}
    await site.publish("bob", "first", **merging, url="/photos/6")
    await site.publish("bob", "merged", **merging, **link, sender={"id": "carol"})
    stream = await EventStream.open(site.base_url, token("bob"))
    site.ahead_ms = 400_000
    await stream.wait_for(
        lambda: all(word in str(stream.frames) for word in ("'later'", "'low'")),
        what="what was to come later",
    )
    items = (await site.api("bob").get())["items"]
    urls = {item["content"]: item.get("url") for item in items}
    assert {urls.get(content) for content in ("later", "low", "merged")} == {"/photos/7"}
    await stream.close()
