"""Bad input: each gets its documented answer, none a 500, and nothing is half done."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from clients import NOTIFICATIONS, SECRET, EventStream, contents, eventually, token
from lumen_notify.auth import PUBLISH, mint
from lumen_notify.model import new_id, to_json
from sites import OpenSite, Site, refused

GOOD: dict[str, Any] = {"to": {"user": "bob"}, "category": "like", "content": "hello"}


def body_with(**changes: Any) -> bytes:
    return to_json({**GOOD, **changes}).encode()


@contextlib.contextmanager
def case(name: str) -> Iterator[None]:
    """Name the case that failed."""
    try:
        yield
    except BaseException as error:
        error.add_note(f"case: {name[:100]}")
        raise


def encode(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def forged(header: dict[str, Any], claims: dict[str, Any], key: str) -> str:
    """Make a token by hand, as an attacker would."""
    text = f"{encode(header)}.{encode(claims)}"
    signature = hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()
    return f"{text}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


# ------------------------------------------------------------------------------------------------ who asks
CLAIMS = {"sub": "alice", "exp": 4_000_000_000, "scope": PUBLISH}

BAD_TOKENS = {
    "no JWT": "abc",
    "forged": forged({"alg": "HS256"}, CLAIMS, "another secret, but just as long as ours"),
    "alg none": f"{encode({'alg': 'none'})}.{encode(CLAIMS)}.",
    "another alg": forged({"alg": "HS512"}, CLAIMS, SECRET),
    "no exp": forged({"alg": "HS256"}, {"sub": "alice"}, SECRET),
    "no sub": forged({"alg": "HS256"}, {"exp": 4_000_000_000}, SECRET),
    "sub with NUL": forged({"alg": "HS256"}, {**CLAIMS, "sub": "a\0"}, SECRET),
    "sub with half a pair": forged({"alg": "HS256"}, {**CLAIMS, "sub": "a\ud800"}, SECRET),
    "sub too long": forged({"alg": "HS256"}, {**CLAIMS, "sub": "a" * 129}, SECRET),
    "an audience that nobody asked for": mint(SECRET, "alice", ttl_seconds=60, audience="others"),
    "very long": "a" * 9000,
}


REQUESTS = (
    ("GET", ""),
    ("POST", ""),
    ("POST", "/read"),
    ("PUT", f"/{new_id()}"),
    ("GET", "/stream"),
    ("GET", "/unread"),
    ("POST", "/stream/tickets"),
)


async def test_bad_token_is_unauthenticated(site: Site) -> None:
    async with site.unchanged():
        for name, bad in BAD_TOKENS.items():
            with case(name):
                for method, path in REQUESTS:
                    headers = {"Authorization": f"Bearer {bad}"}
                    answer = await site.send(method, path, body=body_with(), headers=headers)
                    refused(answer, 401, "token_invalid")
                    assert answer.headers["www-authenticate"].startswith("Bearer")
                    assert bad not in answer.text
                refused(await site.http.get(f"{NOTIFICATIONS}/stream?token={bad}"), 401, "token_invalid")


async def test_no_token_is_unauthenticated(site: Site) -> None:
    async with site.unchanged():
        for headers in ({}, {"Authorization": "Basic YWxpY2U6"}, {"Authorization": "Bearer"}):
            for method, path in REQUESTS:
                refused(await site.send(method, path, body=b"", headers=headers), 401, "token_missing")
        refused(await site.http.get(f"{NOTIFICATIONS}?token={token('bob')}"), 401, "token_missing")


async def test_expired_token_is_told_apart(site: Site) -> None:
    old = token("alice", PUBLISH, ttl_seconds=60)
    site.ahead_ms = 71_000  # 60 s of life and 10 s of leeway
    headers = {"Authorization": f"Bearer {old}"}
    async with site.unchanged():
        refused(await site.send("POST", body=body_with(), headers=headers), 401, "token_expired")
        refused(await site.http.get(f"{NOTIFICATIONS}/stream?token={old}"), 401, "token_expired")


async def test_token_of_another_audience_is_refused(open_with: OpenSite) -> None:
    async with open_with(jwt_audience="here") as site:
        for audience, status in (("there", 401), (None, 401), ("here", 200)):
            given = mint(SECRET, "bob", ttl_seconds=60, audience=audience)
            answer = await site.send("GET", headers={"Authorization": f"Bearer {given}"})
            assert answer.status_code == status


async def test_publishing_to_others_needs_the_scope(site: Site) -> None:
    async with site.unchanged():
        for to in ({"user": "alice"}, {"users": ["bob", "alice"]}, {"all": True}):
            refused(await site.send("POST", body=body_with(to=to), user="bob"), 403, "forbidden")
        both = json.dumps([GOOD, {**GOOD, "to": {"user": "eve"}}]).encode()
        assert PUBLISH in refused(await site.send("POST", body=both, user="bob"), 403, "forbidden")["detail"]
    assert (await site.send("POST", body=body_with(), user="bob")).status_code == 201


# ------------------------------------------------------------------------------------------- what is asked
WRONG_PUBLISHES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "unknown field": ({"contents": "x"}, ["contents"]),
    "unknown field in to": ({"to": {"user": "bob", "team": "x"}}, ["to.team"]),
    "to is text": ({"to": "bob"}, ["to"]),
    "to nobody": ({"to": {}}, ["to"]),
    "to two": ({"to": {"user": "bob", "all": True}}, ["to"]),
    "to is null": ({"to": None}, ["to"]),
    "to all is false": ({"to": {"all": False}}, ["to.all"]),
    "to all is 1": ({"to": {"all": 1}}, ["to.all"]),
    "no users": ({"to": {"users": []}}, ["to.users"]),
    "users is text": ({"to": {"users": "bob"}}, ["to.users"]),
    "a user is a number": ({"to": {"users": ["bob", 7]}}, ["to.users.1"]),
    "a user is empty": ({"to": {"user": ""}}, ["to.user"]),
    "a user is too long": ({"to": {"user": "u" * 129}}, ["to.user"]),
    "a user with a line break": ({"to": {"user": "bob\n"}}, ["to.user"]),
    "category is a number": ({"category": 5}, ["category"]),
    "category with capitals": ({"category": "Like"}, ["category"]),
    "category with a line break": ({"category": "like\n"}, ["category"]),
    "category is empty": ({"category": ""}, ["category"]),
    "category is too long": ({"category": "c" * 65}, ["category"]),
    "content is missing": ({"content": None}, ["content"]),
    "content is a number": ({"content": 1}, ["content"]),
    "content is a list": ({"content": ["a"]}, ["content"]),
    "content is empty": ({"content": ""}, ["content"]),
    "content is too long": ({"content": "x" * 8001}, ["content"]),
    "content with NUL": ({"content": "a\0b"}, ["content"]),
    "content with a control character": ({"content": "a\x1b[31m"}, ["content"]),
    "content with a C1 control": ({"content": "a\x85b"}, ["content"]),
    "title is too long": ({"title": "t" * 201}, ["title"]),
    "title with a line break": ({"title": "a\nb"}, ["title"]),
    "data is a list": ({"data": [1]}, ["data"]),
    "data is text": ({"data": "x"}, ["data"]),
    "sender is text": ({"sender": "alice"}, ["sender"]),
    "sender without id": ({"sender": {"username": "Alice"}}, ["sender.id"]),
    "sender with more": ({"sender": {"id": "a", "is_admin": True}}, ["sender.is_admin"]),
    "priority is no word of ours": ({"priority": "asap"}, ["priority"]),
    "priority is a number": ({"priority": 1}, ["priority"]),
    "several": ({"category": "", "content": 1, "x": 1}, ["category", "content", "x"]),
}


async def test_wrong_publish_names_its_fields(site: Site) -> None:
    async with site.unchanged():
        for name, (changes, fields) in WRONG_PUBLISHES.items():
            with case(name):
                refused(await site.send("POST", body=body_with(**changes)), 422, "invalid", *fields)
                # In a batch the same, with its place; and the good one beside it is not published.
                batch = to_json([GOOD, {**GOOD, **changes}]).encode()
                refused(
                    await site.send("POST", body=batch), 422, "invalid", *(f"1.{field}" for field in fields)
                )


WRONG_JSON = {
    "empty": b"",
    "blank": b"  \n",
    "no JSON": b"hello",
    "cut off": b'{"to": {"user": "bob"}, "category": "like", "content": "hel',
    "two documents": body_with() + body_with(),
    "a comment": b"{} // x",
    "single quotes": b"{'to': 1}",
    "a trailing comma": body_with()[:-1] + b",}",
    "not UTF-8": body_with()[:-2] + b'\xff\xfe"}',
    "UTF-16": body_with().decode().encode("utf-16"),
    "half a surrogate pair": body_with()[:-2] + b'\\ud83d"}',
    "the other half": body_with()[:-2] + b'\\ude00"}',
    "deep lists": b"[" * 20_000,
    "deep objects": b'{"a":' * 9_000,
}


@pytest.mark.parametrize(
    ("method", "path"), [("POST", ""), ("POST", "/read"), ("PUT", "/01a20185-0647-7000-8000-000000000000")]
)
async def test_what_is_no_json_is_refused(site: Site, method: str, path: str) -> None:
    async with site.unchanged():
        for name, body in WRONG_JSON.items():
            with case(name):
                answer = await site.send(method, path, body=body)
                assert answer.status_code == 422
                assert answer.json()["code"] == "invalid"
                assert answer.headers["content-type"] == "application/problem+json"


async def test_refusal_never_repeats_what_was_sent(site: Site) -> None:
    for body in (body_with(content=["my secret"]), b'{"my secret": "my secret", ', body_with(to="my secret")):
        assert "my secret" not in (await site.send("POST", body=body)).text.replace('"field":"my secret"', "")


WRONG_DATA = {
    "NaN": b'{"x": NaN}',
    "infinity": b'{"x": [-Infinity]}',
    "a number beyond all": b'{"x": 1e999}',
    "a number without end": b'{"x": 1' + b"0" * 5000 + b"}",
    "half a surrogate pair": b'{"x": "\\udc00"}',
    "half a surrogate pair in a key": b'{"\\ud800": 1}',
    "deep": b'{"x": ' + b"[" * 5000 + b"]" * 5000 + b"}",
}


async def test_data_that_cannot_be_stored_is_refused(stored: Site) -> None:
    async with stored.unchanged():
        for name, data in WRONG_DATA.items():
            with case(name):
                answer = await stored.send("POST", body=body_with()[:-1] + b', "data": ' + data + b"}")
                assert answer.status_code == 422
                assert answer.json()["errors"][0]["field"] in {"data", "body"}


ODD_DATA: list[dict[str, Any]] = [
    {"": None, "a.b": [1, -0.5, True, {}], "\N{GRINNING FACE}": "\N{GRINNING FACE}"},
    {"nul": "a\0b", "escape": "\x1b", "line": "a\r\nb\u2028c", "tag": "</script><!--"},
    {"long": 2**63, "longer": -(10**300), "tiny": 1e-320},
    {"deep": json.loads("[" * 60 + "]" * 60)},
]

ODD_CONTENTS = [
    "x" * 8000,
    "\N{GRINNING FACE}" * 8000,
    "\u0634\u0643\u0631\u0627 \u200fabc\u200e \u202eabc\u202c",
    "a\tb\nc",
    "e\u0301 \u00e9 \ufeff \ufffd \ufffe \U0010ffff",
    "data: x\n\nid: 1\nevent: closing\n\n",
    "'; DROP TABLE event; -- %s :name $1 {addressed}",
    '<img src=x onerror=alert(1)> &amp; "quoted" \\ \\u0000 \\n',
]


async def test_odd_text_and_data_come_back_as_they_were(stored: Site) -> None:
    stream = await EventStream.open(stored.base_url, token("eve"))
    await stream.wait_for_event("ready")
    sent = [("x", data) for data in ODD_DATA] + [(content, {"n": 1}) for content in ODD_CONTENTS]
    for content, data in sent:
        await stored.publish("eve", content, data=data)
    listed = await stored.api("eve").pages()
    assert [(item["content"], item["data"]) for item in reversed(listed)] == sent
    await stream.wait_for_event("message", len(sent))
    await stream.close()
    shown = [frame.data["data"] for frame in stream.frames if frame.event == "message"]
    assert [(item["content"], item["data"]) for item in shown] == sent


async def test_odd_users_get_what_is_theirs(stored: Site) -> None:
    users = [
        "u" * 128,
        "all",
        "user:bob",
        "bob ",
        "Bob",
        "\N{GRINNING FACE}",
        "a/b?c#d%00",
        "'\"\\$1:name",
        "bob\u202e",
    ]
    await stored.api("alice").post("", {**GOOD, "to": {"users": users}, "content": "for the odd"})
    for user in users:
        api = stored.api(user)
        assert contents(await api.pages()) == ["for the odd"]
        assert (await api.post("/read", {"all": True}))["unread_count"] == 0
    assert contents(await stored.api("bob").pages()) == ["three", "two", "one"]


async def test_doubled_key_counts_as_its_last(site: Site) -> None:
    body = (
        b'{"to": {"user": "bob"}, "category": "like", "category": "follow", "content": "a", "content": "b"}'
    )
    assert (await site.send("POST", body=body)).status_code == 201
    newest = (await site.api("bob").pages())[0]
    assert (newest["category"], newest["content"]) == ("follow", "b")


# ------------------------------------------------------------------------------------------------ too much
async def test_content_may_have_8000_characters_whatever_their_bytes(site: Site) -> None:
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
        refused(await site.send("POST", body=b"[]"), 422, "invalid", "to.users")
    answer = await site.send("POST", body=body_with(to={"users": [*users[:1000], "u1"]}))
    assert answer.json()["recipients"] == 1000


async def test_mark_may_have_1000_ids(site: Site, open_with: OpenSite) -> None:
    ids = [f"{number:036}" for number in range(100_000)]
    async with site.unchanged():
        refused(
            await site.send("POST", "/read", body=json.dumps({"ids": ids}).encode(), user="bob"),
            413,
            "too_large",
        )
        some = json.dumps({"ids": ids[:1000]}).encode()
        assert (await site.send("POST", "/read", body=some, user="bob")).json()["changed"] == 0


async def test_batch_limit_is_a_setting(open_with: OpenSite) -> None:
    async with open_with(max_batch_rows=2, max_body_bytes=10_000_000) as site, site.unchanged():
        ids = [f"{number:036}" for number in range(100_000)]
        for number in (3, 100_000):
            body = json.dumps({"ids": ids[:number]}).encode()
            problem = refused(await site.send("POST", "/read", body=body, user="bob"), 422, "invalid", "ids")
            assert "2" in problem["errors"][0]["message"]
        refused(
            await site.send("POST", body=body_with(to={"users": ["a", "b", "c"]})), 422, "invalid", "to.users"
        )
        assert (await site.send("POST", "/read", body=b'{"ids": ["a", "b"]}', user="bob")).status_code == 200


async def test_body_of_10_mib_is_refused_before_it_is_read(site: Site) -> None:
    def head(more: str) -> bytes:
        authorization = f"Authorization: Bearer {token('alice', PUBLISH)}\r\n"
        return f"POST {NOTIFICATIONS} HTTP/1.1\r\nHost: x\r\n{authorization}{more}\r\n\r\n".encode()

    address = urlsplit(site.base_url)
    async with site.unchanged():
        for start in (
            head(f"Content-Length: {10 * 2**20}"),
            head("Transfer-Encoding: chunked") + b"10001\r\n" + b" " * 0x10001 + b"\r\n",
        ):
            reader, writer = await asyncio.open_connection(address.hostname, address.port)
            writer.write(start)  # and no more: an answer that waits for the rest never comes
            answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
            assert answer.startswith(b"HTTP/1.1 413")
            assert b"application/problem+json" in answer
            writer.close()
            await writer.wait_closed()
        refused(await site.send("POST", body=b" " * (10 * 2**20)), 413, "too_large")
        refused(await site.send("POST", body=b" " * 65_537), 413, "too_large")
        refused(await site.send("POST", body=b" " * 65_536), 422, "invalid", "body")


# ------------------------------------------------------------------------------------------------- marking
WRONG_MARKS: dict[str, tuple[Any, list[str]]] = {
    "nothing": ({}, ["body"]),
    "two at once": ({"all": True, "ids": ["a"]}, ["body"]),
    "all is false": ({"all": False}, ["all"]),
    "no ids": ({"ids": []}, ["ids"]),
    "ids is text": ({"ids": "abc"}, ["ids"]),
    "an id is a number": ({"ids": ["a", 1]}, ["ids.1"]),
    "an id is null": ({"ids": [None]}, ["ids.0"]),
    "an id is too long": ({"ids": ["a" * 65]}, ["ids.0"]),
    "an id with NUL": ({"ids": ["a\0"]}, ["ids.0"]),
    "category is unfit": ({"category": "LIKE"}, ["category"]),
    "up_to is text": ({"up_to": "3"}, ["up_to"]),
    "up_to is true": ({"up_to": True}, ["up_to"]),
    "up_to is a fraction": ({"up_to": 1.5}, ["up_to"]),
    "up_to is negative": ({"up_to": -1}, ["up_to"]),
    "up_to is too large": ({"up_to": 2**63}, ["up_to"]),
    "unknown field": ({"all": True, "before": 3}, ["before"]),
    "a list": ([], ["body"]),
    "null": (None, ["body"]),
    "text": ("all", ["body"]),
}


async def test_wrong_mark_names_its_fields(site: Site) -> None:
    async with site.unchanged():
        for name, (body, fields) in WRONG_MARKS.items():
            with case(name):
                for action in ("read", "seen", "unread", "archive", "unarchive"):
                    answer = await site.send("POST", f"/{action}", body=json.dumps(body).encode(), user="bob")
                    refused(answer, 422, "invalid", *fields)


async def test_mark_up_to_the_largest_position_is_taken(stored: Site) -> None:
    answer = await stored.send("POST", "/read", body=json.dumps({"up_to": 2**63 - 1}).encode(), user="bob")
    assert answer.json()["changed"] == 3


async def test_wrong_single_mark_names_its_fields(site: Site) -> None:
    mine = (await site.api("bob").pages())[0]["id"]
    async with site.unchanged():
        for body, fields in (
            ({}, ["is_read"]),
            ({"is_read": 1}, ["is_read"]),
            ({"is_read": None}, ["is_read"]),
            ({"is_read": "true"}, ["is_read"]),
            ({"is_read": True, "x": 1}, ["x"]),
            ([True], ["body"]),
        ):
            answer = await site.send("PUT", f"/{mine}", body=json.dumps(body).encode(), user="bob")
            refused(answer, 422, "invalid", *fields)


async def test_other_peoples_notifications_are_not_there(stored: Site) -> None:
    ids = [item["id"] for item in await stored.api("bob").pages()]
    async with stored.unchanged():
        for id_ in ids:
            refused(await stored.send("GET", f"/{id_}", user="eve"), 404, "not_found")
            body = b'{"is_read": true}'
            refused(await stored.send("PUT", f"/{id_}", body=body, user="eve"), 404, "not_found")
        for action in ("read", "seen", "archive"):
            marked = await stored.api("eve").post(f"/{action}", {"ids": ids})
            assert marked["changed"] == 0
            assert marked["unread_count"] == 0
            for selection in ({"all": True}, {"category": "like"}, {"up_to": 10**6}):
                assert (await stored.api("eve").post(f"/{action}", selection))["changed"] == 0


ODD_IDS = (
    "x",
    "%00",
    "%ff",
    "%ed%a0%80",
    "a" * 3000,
    "%F0%9F%98%80",
    "..%2f..",
    "'",
    "0",
    new_id(),
    "0" * 32,
)


async def test_odd_id_in_the_path_is_not_there(stored: Site) -> None:
    async with stored.unchanged():
        for id_ in ODD_IDS:
            with case(id_):
                for method, body in (("GET", None), ("PUT", b'{"is_read": true}')):
                    refused(await stored.send(method, f"/{id_}", body=body, user="bob"), 404, "not_found")


# ------------------------------------------------------------------------------------------------- reading
WRONG_QUERIES = {
    "cursor=": "cursor",
    "cursor=abc": "cursor",
    "cursor=-1": "cursor",
    "cursor=1.5": "cursor",
    "cursor=%00": "cursor",
    "cursor=1e3": "cursor",
    "cursor=%D9%A3": "cursor",
    "cursor=9223372036854775808": "cursor",
    f"cursor={'9' * 5000}": "cursor",
    "cursor=abcdefgh-3": "cursor",
    "limit=0": "limit",
    "limit=101": "limit",
    "limit=-5": "limit",
    "limit=ten": "limit",
    "limit=": "limit",
    "unread=1": "unread",
    "unread=True": "unread",
    "archived=yes": "archived",
    "category=%00": "category",
    "category=LIKE": "category",
    "category=": "category",
    f"category={'c' * 65}": "category",
    "unknown=1": "unknown",
    "Limit=5": "Limit",
    "%00=1": "\0",
}


async def test_wrong_query_parameter_is_named(stored: Site) -> None:
    async with stored.unchanged():
        for query, field in WRONG_QUERIES.items():
            with case(query):
                refused(await stored.send("GET", f"?{query}", user="bob"), 422, "invalid", field)


async def test_cursor_beyond_either_end_gives_an_empty_or_the_first_page(site: Site) -> None:
    api = site.api("bob")
    assert await api.get(cursor="0") == {"items": [], "next_cursor": None}
    assert contents((await api.get(cursor=str(2**63 - 1)))["items"]) == ["three", "two", "one"]


NO_CURSORS = ("abc", "zzzzzzzz-1", "EPOCH-999999", "EPOCH-x", "EPOCH-01", "EPOCH", "\0", "a" * 5000)


async def test_stream_answers_a_cursor_that_is_none_by_reset(site: Site) -> None:
    first = await EventStream.open(site.base_url, token("bob"))
    epoch = ((await first.wait_for_event("ready")).id or "").partition("-")[0]
    await first.close()
    for cursor in NO_CURSORS:
        with case(cursor):
            given = cursor.replace("EPOCH", epoch)
            stream = await EventStream.open(site.base_url, token("bob"), cursor=given, by="last_event_id")
            reset = await stream.wait_for_event("reset")
            await stream.close()
            assert stream.status == 200
            assert reset.id == f"{epoch}-3"
            assert reset.data["unread_count"] == 3
            assert [frame.event for frame in stream.frames] == ["", "ready", "reset"]
            assert not stream.frames[1].data["recovered"]


async def test_stream_refuses_an_unknown_device(site: Site) -> None:
    for device in ("watch", "", "%00", "Mobile"):
        answer = await site.http.get(f"{NOTIFICATIONS}/stream?token={token('bob')}&device={device}")
        refused(answer, 422, "invalid", "device")


# ------------------------------------------------------------------------------------------- where it goes
UNKNOWN_PATHS = (
    ("GET", "/api/v1/nothing"),
    ("POST", "/api/v1/nothing"),
    ("DELETE", "/api/v1/notifications/some/more"),
    ("GET", "/api/v1"),
    ("GET", "/api/v2/notifications"),
    ("PUT", "/api/v1/notifications/stream/more"),
)


async def test_unknown_path_is_not_found(site: Site) -> None:
    async with site.unchanged():
        for method, path in UNKNOWN_PATHS:
            with case(f"{method} {path}"):
                refused(await site.send(method, path, body=body_with()), 404, "not_found")


WRONG_METHODS = (
    ("DELETE", "/api/v1/notifications", {"GET", "HEAD", "POST"}),
    ("PUT", "/api/v1/notifications", {"GET", "HEAD", "POST"}),
    ("POST", "/api/v1/notifications/stream", {"GET", "HEAD"}),
    ("GET", "/api/v1/notifications/archive", {"POST"}),
    ("DELETE", f"/api/v1/notifications/{new_id()}", {"GET", "HEAD", "PUT"}),
    ("PUT", "/api/v1/notifications/stream/tickets", {"POST"}),
    ("POST", "/healthz", {"GET", "HEAD"}),
)


async def test_wrong_method_is_told_the_right_ones(site: Site) -> None:
    async with site.unchanged():
        for method, path, allowed in WRONG_METHODS:
            with case(f"{method} {path}"):
                answer = await site.send(method, path, body=body_with())
                refused(answer, 405, "method_not_allowed")
                assert set(answer.headers["allow"].split(", ")) == allowed


async def test_head_of_the_stream_ends(site: Site) -> None:
    answer = await site.send("HEAD", "/stream", user="bob")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.content == b""
    assert site.lumen._services is not None
    assert len(site.lumen._services.streams) == 0


# ---------------------------------------------------------------------------------------------- repetition
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


# -------------------------------------------------------------------------------------------- on the wire
def raw_post(body: bytes, *, length: int | None = None, path: str = "") -> bytes:
    return (
        f"POST {NOTIFICATIONS}{path} HTTP/1.1\r\nHost: x\r\n"
        f"Authorization: Bearer {token('alice', PUBLISH)}\r\n"
        f"Content-Length: {len(body) if length is None else length}\r\n\r\n"
    ).encode() + body


async def exchange(site: Site, request: bytes, *, do_read: bool) -> bytes:
    """Send bytes, say that there are no more, and read the answer; or hang up at once."""
    address = urlsplit(site.base_url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(request)
    await writer.drain()
    answer = b""
    if do_read:
        writer.write_eof()
        answer = await asyncio.wait_for(reader.read(), 10)
    else:
        reset_on_close(writer)
    writer.close()
    await writer.wait_closed()
    return answer


def reset_on_close(writer: asyncio.StreamWriter) -> None:
    connection: socket.socket = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


async def test_body_that_ends_early_does_nothing(site: Site) -> None:
    whole = body_with()
    async with site.unchanged():
        for cut in (0, 1, len(whole) // 2, len(whole) - 1):
            for do_read in (True, False):
                answer = await exchange(site, raw_post(whole[:cut], length=len(whole)), do_read=do_read)
                assert b" 500 " not in answer
        # A body that is JSON by itself is not taken for whole either.
        await exchange(site, raw_post(whole, length=len(whole) + 1), do_read=True)
        await exchange(site, raw_post(b'{"all": true}', length=50, path="/read"), do_read=True)


async def test_client_that_vanishes_before_the_answer_has_published_whole_or_not(stored: Site) -> None:
    """Whichever it was, the list, the counts and a repeat by key agree."""
    users = ["bob", "eve"]
    for number in range(20):
        body = body_with(to={"users": users}, content=f"vanished {number}")
        await exchange(stored, raw_post(body), do_read=False)
    # Whatever was taken is committed before this, which is committed after them.
    await stored.api("alice").post("", {**GOOD, "to": {"users": users}, "content": "last"})
    bob, eve = [contents(await stored.api(user).pages()) for user in users]
    assert bob[:-3] == eve
    assert len(set(eve)) == len(eve)
    await stored.state()


async def test_server_is_well_after_all_of_it(site: Site) -> None:
    for request in (
        b"\0\xff\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\x16\x03\x01\x02\x00",
        b"\r\n" * 9,
    ):
        answer = await exchange(site, request, do_read=True)
        assert b" 500 " not in answer
    stream = await EventStream.open(site.base_url, token("bob"))
    await stream.wait_for_event("ready")
    await site.publish("bob", "fine")
    assert (await stream.wait_for_event("message")).data["data"]["content"] == "fine"
    await stream.close()
    assert site.lumen._services is not None
    await eventually(lambda: len(site.lumen._services.streams) == 0, what="the stream to be let go")  # type: ignore[union-attr]
