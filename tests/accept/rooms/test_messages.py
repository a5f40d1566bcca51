"""Messages by HTTP: sent, edited and deleted, seen in the streams, and kept as they are."""

from __future__ import annotations

import asyncio
import json

import pytest

from clients import EventStream, is_uuid7, token
from lumen_notify.model import new_id
from sites import OpenSite, Site, refused

from ..talk import HERE, MESSAGES, ROOMS, call, done, said, say


async def test_a_message_is_in_the_stream_of_each_member_and_in_history(
    room: Site, streams: dict[str, EventStream]
) -> None:
    answer = await call(room, "alice", "POST", HERE, {"content": "hi", "client_id": "c1"})

    assert answer.status_code == 201
    sent = answer.json()
    assert is_uuid7(sent["id"])
    rest = {"room_id": "here", "seq": 1, "position": sent["position"], "status": "sent"}
    assert sent == {"id": sent["id"], **rest}
    frames = {user: await streams[user].wait_for_event("message") for user in ("alice", "bob")}
    (shown,) = await said(room)
    assert shown["content"] == "hi"
    assert shown["client_id"] == "c1"
    assert shown["sender"] == {"id": "alice", "username": "alice", "avatar": None}
    for user, unread, total in (("alice", 0, 0), ("bob", 1, 4)):
        assert frames[user].position == sent["position"]
        assert frames[user].data == {
            "type": "chat",
            "unread_count": total,
            "room": {"id": "here", "unread": unread},
            "data": shown,
        }
    assert await done(room, "bob", "GET", f"{HERE}/{sent['id']}") == shown
    unread = await room.api("bob").get("/counts")
    assert unread["unread_count"] == 4
    assert unread["unread"]["rooms"] == {"here": 1}
    assert all(frame.event == "ready" for frame in streams["eve"].frames if frame.event)


async def test_a_retry_is_answered_by_200_and_the_first_answer(
    room: Site, streams: dict[str, EventStream]
) -> None:
    body = {"content": "hi", "client_id": "c1"}
    answers = await asyncio.gather(*(call(room, "bob", "POST", HERE, body) for _ in range(3)))
    late = await call(room, "bob", "POST", HERE, body)
    await say(room, "bob", "after")

    assert sorted(answer.status_code for answer in answers) == [200, 200, 201]
    assert late.status_code == 200
    assert len({answer.text for answer in (*answers, late)}) == 1
    assert [one["content"] for one in await said(room)] == ["hi", "after"]
    await streams["alice"].wait_for_event("message", 2)
    contents = [
        frame.data["data"]["content"] for frame in streams["alice"].frames if frame.event == "message"
    ]
    assert contents == ["hi", "after"]


async def test_all_kinds_carry_data_and_system_is_for_the_application(room: Site) -> None:
    for kind in ("image", "file", "voice"):
        await done(room, "bob", "POST", HERE, {"kind": kind, "data": {"url": "/7"}})
    await done(room, "alice", "POST", HERE, {"kind": "system", "content": "open"})
    answer = await call(room, "bob", "POST", HERE, {"kind": "system", "content": "open"})

    refused(answer, 403, "forbidden")
    shown = await said(room)
    assert [one["kind"] for one in shown] == ["image", "file", "voice", "system"]
    assert [one.get("data") for one in shown] == [{"url": "/7"}] * 3 + [None]


async def test_a_reply_and_a_mention(room: Site, streams: dict[str, EventStream]) -> None:
    first = await say(room, "alice", "hi")
    second = await say(room, "bob", "you!", reply_to=first["id"], mentions=["alice", "alice"])

    (_, shown) = await said(room)
    assert shown["reply_to"] == {"id": first["id"], "seq": 1}
    assert shown["mentions"] == ["alice"]
    mention = await streams["alice"].wait_for_event("message", 3)
    assert mention.data["type"] == "mention"
    assert mention.data["unread_count"] == 2
    assert mention.data["data"]["data"] == {"room_id": "here", "message_id": second["id"], "seq": 2}


async def test_users_outside_the_room_can_neither_write_nor_read(room: Site) -> None:
    await done(room, "alice", "POST", ROOMS, {"id": "closed", "kind": "private"})
    id_ = (await say(room, "bob", "hi"))["id"]
    for name, status, code in (
        ("here", 403, "not_a_member"),
        ("closed", 404, "not_found"),
        ("nowhere", 404, "not_found"),
        ("No Slug", 404, "not_found"),
        ("%00", 404, "not_found"),
    ):
        for method, path, body in (
            ("POST", "messages", {"content": "hi"}),
            ("GET", "messages", None),
            ("GET", f"messages/{id_}", None),
            ("POST", "read", {"up_to": 1}),
            ("GET", "reads", None),
        ):
            refused(await call(room, "eve", method, f"{ROOMS}/{name}/{path}", body), status, code)
    assert len(await said(room)) == 1


async def test_a_muted_member_reads_and_cannot_write(room: Site) -> None:
    await done(room, "alice", "PUT", f"{ROOMS}/here/members/bob", {"role": "muted"})

    refused(await call(room, "bob", "POST", HERE, {"content": "hi"}), 403, "muted")
    await say(room, "alice", "hi")
    assert len(await said(room, "bob")) == 1
    assert (await done(room, "bob", "POST", f"{ROOMS}/here/read", {"up_to": 1}))["unread"] == 0


async def test_missed_messages_are_replayed(room: Site, streams: dict[str, EventStream]) -> None:
    cursor = streams["bob"].frames[-1].id
    await say(room, "alice", "one")
    await say(room, "bob", "two")

    again = await EventStream.open(room.base_url, token("bob"), cursor=cursor)
    await again.wait_for_event("message", 2)
    await again.close()

    shown = [frame.data["data"] for frame in again.frames if frame.event == "message"]
    assert shown == await said(room)


TEXTS = {
    "a script": "<script>alert('x')</script><img src=x onerror=alert(1)>",
    "quotes and escapes": "\"'\\ \\u0000 \\n %s {0} ${x} -- ; DROP TABLE lumen_message",
    "4-byte characters": "👩‍👩‍👧‍👦 🎈 🏴󠁧󠁢󠁥󠁮󠁧󠁿",
    "right to left": "שלום \u202eabc\u202c مرحبا",
    "lines and tabs": "one\n\ttwo\n",
    "separators of JavaScript": "a\u2028b\u2029c\ufeff",
    "no character": "\ufffe\uffff",
    "one that is as long as may be": "x" * 8000,
    "one that is as long in 4-byte characters": "👍" * 8000,
    "a blank": " ",
}


@pytest.mark.parametrize("name", TEXTS)
async def test_a_text_is_stored_and_shown_as_it_is(
    room: Site, streams: dict[str, EventStream], name: str
) -> None:
    text = TEXTS[name]
    await say(room, "alice", text, data={"text": text[:100]}, client_id="c" + text[:1].strip())

    frame = await streams["bob"].wait_for_event("message")
    (shown,) = await said(room)
    for one in (shown, frame.data["data"]):
        assert one["content"] == text
        assert one["data"] == {"text": text[:100]}


async def test_data_with_nul_in_it_is_kept(room: Site) -> None:
    answer = await room.send("POST", HERE, body=b'{"content": "a", "data": {"k\\u0000": "v\\u0000"}}')

    assert answer.status_code == 201, answer.text
    assert (await said(room))[0]["data"] == {"k\0": "v\0"}


async def test_a_body_that_is_too_long_is_refused(open_with: OpenSite) -> None:
    async with open_with(max_body_bytes=100) as site:
        answer = await call(site, "alice", "POST", HERE, {"content": "x" * 100})
        refused(answer, 413, "too_large")


async def test_one_bad_message_in_a_crowd_fails_alone(room: Site) -> None:
    bodies = [{"content": "good"}, {"content": "bad", "reply_to": 99}] * 20
    answers = await asyncio.gather(*(call(room, "alice", "POST", HERE, body) for body in bodies))

    assert [answer.status_code for answer in answers] == [201, 422] * 20
    assert sorted(json.loads(answer.text)["seq"] for answer in answers[::2]) == list(range(1, 21))


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


async def test_a_moderator_deletes_a_message_of_another_member(
    room: Site, streams: dict[str, EventStream]
) -> None:
    await say(room, "alice", "before")
    id_ = (await say(room, "bob", "<b>rude</b>", mentions=["alice"], data={"rude": True}))["id"]
    assert (await room.api("alice").get("/counts"))["unread"]["categories"] == {"mention": 1}

    assert await done(room, "alice", "DELETE", f"{HERE}/{id_}") is None

    left = await done(room, "bob", "GET", f"{HERE}/{id_}")
    assert (left["content"], left["deleted_by"], left["seq"]) == ("", "alice", 2)
    assert "data" not in left
    assert "mentions" not in left
    assert [one["content"] for one in await said(room)] == ["before", ""]
    frame = await streams["bob"].wait_for_event("message_deleted")
    assert frame.data == {"data": left}
    assert (await streams["alice"].wait_for_event("expire")).data["data"] == {"ids": [id_]}
    unread = await room.api("alice").get("/counts")
    assert unread["unread"] == {"categories": {}, "rooms": {"here": 1}}
    refused(await call(room, "bob", "DELETE", f"{HERE}/{id_}"), 404, "not_found")


async def test_changes_of_messages_of_others_and_invalid_edits_are_refused(room: Site) -> None:
    own, other = [(await say(room, user, "hi"))["id"] for user in ("bob", "alice")]
    for user, method, path, body, status, code, fields in (
        ("bob", "PATCH", f"{HERE}/{other}", {"content": "x"}, 403, "role_too_low", ()),
        ("bob", "DELETE", f"{HERE}/{other}", None, 403, "role_too_low", ()),
        ("alice", "PATCH", f"{HERE}/{own}", {"content": "x"}, 403, "role_too_low", ()),
        ("eve", "PATCH", f"{HERE}/{own}", {"content": "x"}, 403, "not_a_member", ()),
        ("eve", "DELETE", f"{HERE}/{own}", None, 403, "not_a_member", ()),
        ("bob", "PATCH", f"{HERE}/{new_id()}", {"content": "x"}, 404, "not_found", ()),
        ("bob", "PATCH", f"{ROOMS}/nowhere/messages/{own}", {"content": "x"}, 404, "not_found", ()),
        ("bob", "PATCH", f"{HERE}/{own}", {"content": "x" * 8001}, 422, "invalid", ("content",)),
        ("bob", "PATCH", f"{HERE}/{own}", {"content": ""}, 422, "invalid", ("content",)),
        ("bob", "PATCH", f"{HERE}/{own}", {"content": "a\0"}, 422, "invalid", ("content",)),
        ("bob", "PATCH", f"{HERE}/{own}", {"content": "a", "seq": 9}, 422, "invalid", ("seq",)),
    ):
        refused(await call(room, user, method, path, body), status, code, *fields)
    assert [one["content"] for one in await said(room)] == ["hi", "hi"]


async def test_two_users_who_write_to_each_other_at_once_get_one_room(
    room: Site, streams: dict[str, EventStream]
) -> None:
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


async def test_an_invalid_direct_message_is_refused_by_field_and_creates_no_room(room: Site) -> None:
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
    assert (await done(room, "eve", "GET", ROOMS))["items"] == []
