"""Messages by HTTP: sent, seen in the streams, read back, read; and what of a text is kept."""

from __future__ import annotations

import asyncio
import json

import pytest

from clients import EventStream, is_uuid7, token
from lumen_notify.model import new_id, to_json
from sites import OpenSite, Site, refused

from ..talk import HERE, ROOMS, call, done, said, say


# ---------------------------------------------------------------------------------------------------- sending
async def test_what_is_said_is_in_each_members_stream_and_in_history(
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
    unread = await room.api("bob").get("/unread")
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


async def test_who_is_not_in_the_room_may_neither_write_nor_read(room: Site) -> None:
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


async def test_who_is_muted_reads_and_does_not_write(room: Site) -> None:
    await done(room, "alice", "PUT", f"{ROOMS}/here/members/bob", {"role": "muted"})

    refused(await call(room, "bob", "POST", HERE, {"content": "hi"}), 403, "muted")
    await say(room, "alice", "hi")
    assert len(await said(room, "bob")) == 1
    assert (await done(room, "bob", "POST", f"{ROOMS}/here/read", {"up_to": 1}))["unread"] == 0


# ---------------------------------------------------------------------------------------------------- history
async def test_history_is_paged_both_ways_and_around(room: Site) -> None:
    for number in range(1, 8):
        await say(room, "alice", str(number))
    pages = {
        "": ([1, 2, 3, 4, 5, 6, 7], None),
        "?limit=3": ([5, 6, 7], "5"),
        "?limit=3&before=5": ([2, 3, 4], "2"),
        "?limit=3&before=2": ([1], None),
        "?limit=3&before=4": ([1, 2, 3], None),
        "?limit=3&after=0": ([1, 2, 3], "3"),
        "?limit=3&after=3": ([4, 5, 6], "6"),
        "?limit=3&after=6": ([7], None),
        "?limit=3&after=7": ([], None),
        "?limit=4&around=4": ([2, 3, 4, 5], "2"),
        "?limit=1&around=4": ([4], "4"),
        "?limit=100&around=9": ([1, 2, 3, 4, 5, 6, 7], None),
        f"?after={2**63 - 1}": ([], None),
    }
    for query, (seqs, cursor) in pages.items():
        page = await done(room, "bob", "GET", HERE + query)
        assert [one["seq"] for one in page["items"]] == seqs, query
        assert page["next_cursor"] == cursor, query


async def test_a_wrong_query_is_refused_by_name(room: Site) -> None:
    for query, field in (
        ("?before=x", "before"),
        ("?after=-1", "after"),
        (f"?around={2**63}", "around"),
        ("?before=1&after=1", "after"),
        ("?limit=0", "limit"),
        ("?cursor=1", "cursor"),
    ):
        refused(await call(room, "bob", "GET", HERE + query), 422, "invalid", field)
    refused(await call(room, "bob", "GET", f"{ROOMS}/here/reads?cursor=%00"), 422, "invalid", "cursor")
    refused(await call(room, "bob", "GET", f"{HERE}/{new_id()}"), 404, "not_found")


# ---------------------------------------------------------------------------------------------------- reading
async def test_reading_is_told_to_everybody_in_the_room_with_his_own_numbers(
    room: Site, streams: dict[str, EventStream]
) -> None:
    ids = [(await say(room, "alice", str(number)))["id"] for number in range(3)]

    answer = await done(room, "bob", "POST", f"{ROOMS}/here/read", {"up_to": 2})

    assert answer == {"changed": 2, "last_read_seq": 2, "unread": 1, "position": answer["position"]}
    told = {"room_id": "here", "user_id": "bob", "from_seq": 1, "up_to": 2, "ids": ids[:2]}
    for user, total, unread in (("alice", 0, 0), ("bob", 4, 1)):
        frame = await streams[user].wait_for_event("read")
        assert frame.position == answer["position"]
        assert frame.data == {"unread_count": total, "room": {"id": "here", "unread": unread}, "data": told}
    again = await done(room, "bob", "POST", f"{ROOMS}/here/read", {"up_to": 1})
    assert again == answer | {"changed": 0}
    beyond = await done(room, "bob", "POST", f"{ROOMS}/here/read", {"up_to": 99})
    assert beyond["last_read_seq"] == 3
    assert (await done(room, "alice", "GET", f"{ROOMS}/here/reads?limit=1")) == {
        "items": [{"user_id": "alice", "last_read_seq": 3}],
        "next_cursor": "alice",
    }
    assert (await done(room, "alice", "GET", f"{ROOMS}/here/reads?cursor=alice"))["items"] == [
        {"user_id": "bob", "last_read_seq": 3}
    ]


async def test_what_was_missed_is_replayed(room: Site, streams: dict[str, EventStream]) -> None:
    cursor = streams["bob"].frames[-1].id
    await say(room, "alice", "one")
    await say(room, "bob", "two")

    again = await EventStream.open(room.base_url, token("bob"), cursor=cursor)
    await again.wait_for_event("message", 2)
    await again.close()

    shown = [frame.data["data"] for frame in again.frames if frame.event == "message"]
    assert shown == await said(room)


# ------------------------------------------------------------------------------------------------------ texts
TEXTS = {
    "a script": "<script>alert('x')</script><img src=x onerror=alert(1)>",
    "quotes and escapes": "\"'\\ \\u0000 \\n %s {0} ${x} -- ; DROP TABLE message",
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


REFUSED_TEXTS: dict[str, tuple[bytes, str]] = {
    "NUL": (b'{"content": "a\\u0000b"}', "content"),
    "another control character": (b'{"content": "a\\u001b[31m"}', "content"),
    "8,001 characters": (to_json({"content": "x" * 8001}).encode(), "content"),
    "nothing": (b'{"content": ""}', "content"),
    "no content": (b"{}", "content"),
    "no content, but data": (b'{"data": {"a": 1}}', "content"),
    "an image of nothing": (b'{"kind": "image"}', "content"),
    "a lone surrogate": (b'{"content": "a\\ud83d"}', "body"),
    "a surrogate that is no escape": (b'{"content": "a\xed\xa0\xbd"}', "body"),
    "an unknown field": (b'{"content": "a", "contents": "b"}', "contents"),
    "a kind of no kind": (b'{"content": "a", "kind": "video"}', "kind"),
    "data that is a list": (b'{"content": "a", "data": []}', "data"),
    "data beyond JSON": (b'{"content": "a", "data": {"a": NaN}}', "data"),
    "a reply to nothing": (b'{"content": "a", "reply_to": 7}', "reply_to"),
    "a reply to no id": (b'{"content": "a", "reply_to": "x"}', "reply_to"),
    "a reply to true": (b'{"content": "a", "reply_to": true}', "reply_to"),
    "a reply to seq 0": (b'{"content": "a", "reply_to": 0}', "reply_to"),
    "a mention of nobody": (b'{"content": "a", "mentions": []}', "mentions"),
    "a mention of a stranger": (b'{"content": "a", "mentions": ["bob", "eve"]}', "mentions.1"),
    "51 mentions": (to_json({"content": "a", "mentions": [f"u{n}" for n in range(51)]}).encode(), "mentions"),
    "a client_id that is long": (to_json({"content": "a", "client_id": "c" * 65}).encode(), "client_id"),
    "a client_id with NUL": (b'{"content": "a", "client_id": "a\\u0000"}', "client_id"),
}


async def test_what_cannot_be_stored_is_refused_by_name(room: Site) -> None:
    for name, (body, field) in REFUSED_TEXTS.items():
        answer = await room.send("POST", HERE, body=body)
        try:
            refused(answer, 422, "invalid", field)
        except AssertionError as error:
            error.add_note(name)
            raise
    assert await said(room) == []


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
